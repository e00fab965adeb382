"""Approximate search of products, for catalogues too large to score whole for each question.

Kinds: `hnsw`, a graph of neighbours (Malkov and Yashunin, 2018), and `ivfpq`, inverted lists of
compressed vectors (Jegou, Douze and Schmid, 2011), both by faiss, an optional extra, and both by
inner product. On a million vectors like learned ones `hnsw` finds .939, .987, .994 and .999 of the
exact ten at an effort of 128, 256, 384 and 1,024; its graph takes five minutes on two cores.
Products made equally long by one more column (Bachrach et al., 2014) found less: on 150,000 of
them .658 at 2,048, against .981 at 128. What is found is scored again exactly, so an index decides
which products are looked at, and nothing else.
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
"""How much is looked at: candidates of a graph, lists of an inverted file."""
_REFINED = {"hnsw": 1, "ivfpq": 20}
"""How many times as many are scored again exactly: compressed distances order only roughly."""


class ApproximateIndex:
    """A faiss index over products.

    Args:
        found: the faiss index.
        kind: "hnsw" or "ivfpq".
        effort: see `_EFFORTS`.
    """

    def __init__(self, found: Any, kind: str, effort: int) -> None:
        self.found, self.kind, self.effort = found, kind, effort
        self.settings = _search_settings(kind, effort)

    @property
    def size(self) -> int:
        """How many products it knows: the first rows."""
        return int(self.found.ntotal)

    def nearest(self, queries: FloatArray, count: int) -> IntArray:
        """[n, m] int64 rows of about the m >= count best products of queries [n, d], or -1."""
        depth = min(count * _REFINED[self.kind], self.size)
        asked = np.ascontiguousarray(queries, np.float32)
        places: IntArray = self.found.search(asked, depth, params=self.settings)[1]
        return places


def index_kind(text: str) -> Kind:
    """The kind of this name. Raises `InputError` for another."""
    for kind in KINDS:
        if text == kind:
            return kind
    raise InputError(f"index: expected one of {', '.join(KINDS)}, got '{text}'")


def require_usable(kind: str) -> None:
    """Raises `InputError` where the kind is unknown or faiss is missing."""
    if index_kind(kind) != "exact":
        _faiss()


def build(path: Path, kind: Kind, products: FloatArray, customers: FloatArray) -> dict[str, Any]:
    """Writes an index of products [P, d], and measures it with a sample of customers [C, d].

    Returns:
        For the manifest: kind, effort (the least that finds 99 % of the exact ten, else the most),
        recall@10 and on how many customers.
    """
    faiss = _faiss()
    made = _empty(faiss, kind, products)
    made.add(np.ascontiguousarray(products))
    rows = np.random.default_rng(0).permutation(len(customers))[:_SAMPLE]
    asked = np.ascontiguousarray(customers[np.sort(rows)])
    tenth = _tenth(asked, products)
    for effort in _EFFORTS[kind]:
        recall = _recall(ApproximateIndex(made, kind, effort), asked, products, tenth)
        if recall >= WANTED_RECALL:
            break
    try:
        faiss.write_index(made, str(path))
    except RuntimeError:
        raise OSError(errno.EIO, "faiss could not write the index", str(path)) from None
    open_as_usual(path)
    return {"kind": kind, "effort": effort, "recall@10": recall, "customers": len(asked)}


def restored(raw: Content, about: Mapping[str, Any], shape: tuple[int, ...]) -> ApproximateIndex:
    """The index of a file.

    Args:
        raw: the file.
        about: of the manifest.
        shape: [P, d] of the products that it is of.

    Raises:
        InputError: faiss is missing.
        ValueError: it is none, or of other products.
    """
    faiss, kind, effort = _faiss(), index_kind(str(about["kind"])), about["effort"]
    if kind not in _EFFORTS or effort not in _EFFORTS[kind]:
        raise ValueError(f"{NAME} is described as {kind} of effort {effort!r}")
    _require_shape(_header(raw), shape)
    try:
        found = faiss.deserialize_index(np.frombuffer(raw, np.uint8))
    except (RuntimeError, MemoryError) as error:
        said = (str(error).splitlines() or ["it is damaged"])[0]
        raise ValueError(f"{NAME} is no index: {said}") from None
    _require_shape((int(found.ntotal), int(found.d)), shape)
    expected = faiss.IndexHNSWFlat if kind == "hnsw" else faiss.IndexIVFPQ
    if not isinstance(found, expected) or found.metric_type != faiss.METRIC_INNER_PRODUCT:
        raise ValueError(f"{NAME} is another index than {kind} by inner product")
    return ApproximateIndex(found, kind, effort)


def _header(raw: Content) -> tuple[int, int]:
    """How many vectors and how long, as all faiss indexes say first: four letters, int32, int64."""
    if len(raw) < 16:
        raise ValueError(f"{NAME} is cut")
    return int.from_bytes(raw[8:16], "little"), int.from_bytes(raw[4:8], "little")


def _require_shape(got: tuple[int, int], shape: tuple[int, ...]) -> None:
    if got != shape:
        raise ValueError(f"{NAME} is of {got[0]:,} vectors of length {got[1]:,}, not of {shape}")


def _empty(faiss: ModuleType, kind: Kind, vectors: FloatArray) -> Any:
    count, width = vectors.shape
    if kind == "hnsw":
        made = faiss.IndexHNSWFlat(width, _NEIGHBOURS, faiss.METRIC_INNER_PRODUCT)
        made.hnsw.efConstruction = _BUILD_EFFORT
        return made
    # 39 vectors a list or a code are what faiss asks for to train with.
    lists = max(1, min(4096, int(4 * count**0.5), count // 39))
    bits = max(1, min(8, int(np.log2(max(2, count / 39)))))
    inner = faiss.METRIC_INNER_PRODUCT
    # One column a code is long, but coarser codes lose products that score close together.
    made = faiss.IndexIVFPQ(faiss.IndexFlatIP(width), width, lists, width, bits, inner)
    sample = np.random.default_rng(0).permutation(count)[:200_000]
    made.train(np.ascontiguousarray(vectors[sample]))
    return made


def _search_settings(kind: str, effort: int) -> Any:
    faiss = _faiss()
    if kind == "hnsw":
        return faiss.SearchParametersHNSW(efSearch=effort)
    return faiss.SearchParametersIVF(nprobe=effort)


def _tenth(asked: FloatArray, products: FloatArray) -> FloatArray:
    """[n] the score that belongs to the best ten of each query; several products may have it."""
    last = max(0, len(products) - _DEPTH)
    return np.array([np.partition(products @ query, last)[last] for query in asked])


def _recall(
    index: ApproximateIndex, asked: FloatArray, products: FloatArray, tenth: FloatArray
) -> float:
    """Share of the best ten among the best of what the index finds; equal scores are as good."""
    shared = 0
    for query, places, least in zip(asked, index.nearest(asked, _DEPTH), tenth, strict=True):
        scores = np.sort(products[places[places >= 0]] @ query)[-_DEPTH:]
        shared += int((scores >= least - 1e-6 * abs(least)).sum())
    return shared / (len(asked) * min(_DEPTH, len(products)))


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
