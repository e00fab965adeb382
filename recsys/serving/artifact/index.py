"""Approximate search of products, for catalogues too large to score every product for a query.

Kinds: `hnsw`, a graph of neighbours (Malkov and Yashunin, 2018), and `ivfpq`, inverted lists of
compressed vectors (Jegou, Douze and Schmid, 2011), both by inner product and from faiss, an
optional extra. On a million vectors like learned ones the recall@10 of `hnsw` is .939, .987, .994
and .999 at an effort of 128, 256, 384 and 1,024; building its graph takes five minutes on two
cores. Vectors scaled to one length with an extra column (Bachrach et al., 2014) did worse: for
150,000 products .658 at an effort of 2,048, against .981 at 128. Candidates are scored exactly
afterwards: the index decides which products are scored, and nothing else.
"""

import errno
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any, Literal, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops.whole_folder import open_as_usual
from recsys.serving.artifact.mapped import Content

Kind: TypeAlias = Literal["exact", "hnsw", "ivfpq"]
KINDS: tuple[Kind, ...] = ("exact", "hnsw", "ivfpq")
NAME = "index.faiss"
WANTED_RECALL = 0.99
_DEPTH, _SAMPLE = 10, 1000
_NEIGHBOURS, _BUILD_EFFORT = 32, 200
_EFFORTS = {"hnsw": (64, 128, 192, 256, 384, 512, 768, 1024), "ivfpq": (4, 8, 16, 32, 64, 128, 256)}
"""Search effort: candidates of a graph, lists of an inverted file."""
_REFINED = {"hnsw": 1, "ivfpq": 20}
"""How many candidates to fetch for each product wanted: compressed distances are rough."""


class ApproximateIndex:
    """A faiss index over products.

    Args:
        index: the faiss index.
        kind: "hnsw" or "ivfpq".
        effort: candidates of the graph, or lists of the inverted file, that a search visits.
    """

    def __init__(self, index: Any, kind: str, effort: int) -> None:
        self.index, self.kind, self.effort = index, kind, effort
        self.settings = _search_settings(kind, effort)

    @property
    def size(self) -> int:
        """How many products it holds: the first rows."""
        return int(self.index.ntotal)

    def nearest(self, queries: FloatArray, count: int) -> IntArray:
        """Rows of about the best products of each query.

        Args:
            queries: [n, d].
            count: how many products are wanted.

        Returns:
            [n, m] int64, m at least `count` unless there are fewer products; -1 where the search
            found none.
        """
        depth = min(count * _REFINED[self.kind], self.size)
        vectors = np.ascontiguousarray(queries, np.float32)
        return np.asarray(self.index.search(vectors, depth, params=self.settings)[1])


def index_kind(text: str) -> Kind:
    """Checks the name of a kind. Raises `InputError` for another name."""
    for kind in KINDS:
        if text == kind:
            return kind
    raise InputError(f"index: expected one of {', '.join(KINDS)}, got '{text}'")


def require_usable(kind: str) -> None:
    """Raises `InputError` where the kind is unknown or faiss is missing."""
    if index_kind(kind) != "exact":
        _faiss()


def build(path: Path, kind: Kind, products: FloatArray, customers: FloatArray) -> dict[str, Any]:
    """Writes an index, after measuring which search effort it needs.

    Args:
        path: of the file.
        kind: "hnsw" or "ivfpq".
        products: [P, d] to search.
        customers: [C, d], of which a sample are the queries of the measurement.

    Returns:
        For the manifest: kind, effort (the least with a recall@10 of .99, else the largest),
        recall@10, and the number of customers it was measured on.

    Raises:
        OSError: the file cannot be written.
    """
    faiss = _faiss()
    index = _empty(faiss, kind, products)
    index.add(np.ascontiguousarray(products))
    rows = np.random.default_rng(0).permutation(len(customers))[:_SAMPLE]
    queries = np.ascontiguousarray(customers[np.sort(rows)])
    tenth = _tenth(queries, products)
    for effort in _EFFORTS[kind]:
        recall = _recall(ApproximateIndex(index, kind, effort), queries, products, tenth)
        if recall >= WANTED_RECALL:
            break
    try:
        faiss.write_index(index, str(path))
    except RuntimeError:
        raise OSError(errno.EIO, "faiss could not write the index", str(path)) from None
    open_as_usual(path)
    return {"kind": kind, "effort": effort, "recall@10": recall, "customers": len(queries)}


def restored(raw: Content, about: Mapping[str, Any], shape: tuple[int, ...]) -> ApproximateIndex:
    """The index of a file.

    Args:
        raw: the file.
        about: what `build` returned, from the manifest.
        shape: [P, d] of the products.

    Raises:
        InputError: faiss is missing.
        ValueError: the file is no index, or of other products.
    """
    faiss, kind, effort = _faiss(), index_kind(str(about["kind"])), about["effort"]
    if kind not in _EFFORTS or effort not in _EFFORTS[kind]:
        raise ValueError(f"{NAME} is described as {kind} of effort {effort!r}")
    _require_shape(_header(raw), shape)
    try:
        index = faiss.deserialize_index(np.frombuffer(raw, np.uint8))
    except (RuntimeError, MemoryError) as error:
        reason = (str(error).splitlines() or ["it is damaged"])[0]
        raise ValueError(f"{NAME} is no index: {reason}") from None
    _require_shape((int(index.ntotal), int(index.d)), shape)
    expected = faiss.IndexHNSWFlat if kind == "hnsw" else faiss.IndexIVFPQ
    if not isinstance(index, expected) or index.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ValueError(f"{NAME} is another index than {kind} by inner product")
    return ApproximateIndex(index, kind, effort)


def _header(raw: Content) -> tuple[int, int]:
    """Number and length of the vectors. A faiss file begins with four letters, int32 and int64."""
    if len(raw) < 16:
        raise ValueError(f"{NAME} is cut")
    return int.from_bytes(raw[8:16], "little"), int.from_bytes(raw[4:8], "little")


def _require_shape(got: tuple[int, int], shape: tuple[int, ...]) -> None:
    if got != shape:
        raise ValueError(f"{NAME} is of {got[0]:,} vectors of length {got[1]:,}, not of {shape}")


def _empty(faiss: ModuleType, kind: Kind, vectors: FloatArray) -> Any:
    count, width = vectors.shape
    if kind == "hnsw":
        graph = faiss.IndexHNSWFlat(width, _NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = _BUILD_EFFORT
        return graph
    # faiss wants 39 training vectors for each list and each code.
    lists = max(1, min(4096, int(4 * count**0.5), count // 39))
    bits = max(1, min(8, int(np.log2(max(2, count / 39)))))
    inner = faiss.METRIC_INNER_PRODUCT
    # One code a column is long, but coarser codes lose products that score close together.
    lists_of_codes = faiss.IndexIVFPQ(faiss.IndexFlatIP(width), width, lists, width, bits, inner)
    sample = np.random.default_rng(0).permutation(count)[:200_000]
    lists_of_codes.train(np.ascontiguousarray(vectors[sample]))
    return lists_of_codes


def _search_settings(kind: str, effort: int) -> Any:
    faiss = _faiss()
    if kind == "hnsw":
        return faiss.SearchParametersHNSW(efSearch=effort)
    return faiss.SearchParametersIVF(nprobe=effort)


def _tenth(queries: FloatArray, products: FloatArray) -> FloatArray:
    """[n] the tenth best score of each query; several products may have it."""
    last = max(0, len(products) - _DEPTH)
    return np.array([np.partition(products @ query, last)[last] for query in queries])


def _recall(
    index: ApproximateIndex, queries: FloatArray, products: FloatArray, tenth: FloatArray
) -> float:
    """Recall@10 of the index; of products with equal scores any counts."""
    shared = 0
    for query, rows, least in zip(queries, index.nearest(queries, _DEPTH), tenth, strict=True):
        scores = np.sort(products[rows[rows >= 0]] @ query)[-_DEPTH:]
        shared += int((scores >= least - 1e-6 * abs(least)).sum())
    return shared / (len(queries) * min(_DEPTH, len(products)))


def _faiss() -> ModuleType:
    try:
        import faiss
    except ImportError:
        raise InputError(
            "an approximate index needs faiss, which is not installed; "
            "pip install 'recsys[faiss]', or load the artifact with exact=True"
        ) from None
    module: ModuleType = faiss
    return module
