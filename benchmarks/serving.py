"""How fast an artifact is written, loaded and queried, relative to the bare computation.

The vectors are random, but have the spectrum and the lengths that implicit ALS learns on the
simulated market: white noise would be the worst case of an index, and unrealistic.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from threadpoolctl import threadpool_limits

from benchmarks.suite import require_at_least
from recsys.arrays import FloatArray
from recsys.data.check import check_tables
from recsys.data.dataset import build
from recsys.data.source import Source
from recsys.models.als import ALS
from recsys.ops.topk import topk
from recsys.serving import Artifact, Contents, CustomerTable, ProductTable, load, write
from recsys.serving.artifact.index import ApproximateIndex
from recsys.serving.query.everyone import recommend_everyone

_K, _TILE = 10, 256
_LOADING = """
import json, sys, time

def resident():
    for line in open("/proc/self/status"):
        if line.startswith("VmRSS"):
            return int(line.split()[1]) * 1024

bare = resident()
from recsys.serving import load
start = time.perf_counter()
artifact = load(sys.argv[1])
seconds = time.perf_counter() - start
print(json.dumps({"seconds": seconds, "resident": resident() - bare}))
"""


class ServingSuite:
    """Many customers and products by exact search, and more products by an HNSW index.

    Args:
        data: the data on which the spectrum of the vectors is learned.
        customers, products, dim: of the artifact that is searched exactly.
        indexed_products: of the artifact with an index; 0 leaves it out.
        questions: number of customers that are queried one by one.
    """

    def __init__(
        self,
        *,
        data: Source,
        customers: int = 1_000_000,
        products: int = 100_000,
        dim: int = 64,
        indexed_products: int = 1_000_000,
        questions: int = 1_000,
    ) -> None:
        require_at_least(1, customers=customers, products=products, dim=dim, questions=questions)
        require_at_least(0, indexed_products=indexed_products)
        self.data = data
        self.customers, self.products, self.dim = customers, products, dim
        self.indexed_products, self.questions = indexed_products, questions

    def figures(self) -> Mapping[str, float]:
        """Seconds, milliseconds and ratios."""
        made = trained_like(self.data, self.dim)
        with tempfile.TemporaryDirectory() as folder:
            numbers = self._exact(Path(folder), made)
            if self.indexed_products:
                numbers |= self._indexed(Path(folder), made)
        return numbers

    def _exact(self, folder: Path, made: "Maker") -> dict[str, float]:
        contents = made(self.customers, self.products)
        start = time.perf_counter()
        write(folder / "exact", contents)
        numbers = {"export_seconds": time.perf_counter() - start}
        vectors = contents.customers.vectors.nbytes + contents.products.vectors.nbytes
        del contents
        loaded = [_loading(folder / "exact") for _ in range(3)]
        numbers["load_seconds"] = float(np.median([reading["seconds"] for reading in loaded]))
        numbers["resident_over_vectors"] = max(reading["resident"] for reading in loaded) / vectors
        artifact = load(folder / "exact")
        numbers |= self._one_by_one(artifact)
        return numbers | _all_at_once(artifact, folder / "everyone.parquet")

    def _one_by_one(self, artifact: Artifact) -> dict[str, float]:
        contents = artifact.contents
        rows = np.random.default_rng(1).permutation(len(contents.customers))[: self.questions]
        products = np.array(contents.products.vectors)

        def bare(row: int) -> None:
            scores = products @ contents.customers.vectors[row]
            np.argpartition(scores, len(scores) - _K)[-_K:]

        ids = contents.customers.ids[rows]
        with threadpool_limits(1):
            floor, taken = _milliseconds(
                (bare, rows.tolist()),
                (lambda customer_id: artifact.recommend(customer_id, _K), ids.tolist()),
            )
        return {
            "exact_p50_ms": float(np.median(taken)),
            "exact_p99_ms": float(np.quantile(taken, 0.99)),
            "exact_p50_over_floor": float(np.median(taken) / np.median(floor)),
        }

    def _indexed(self, folder: Path, made: "Maker") -> dict[str, float]:
        contents = made(10_000, self.indexed_products)
        start = time.perf_counter()
        write(folder / "hnsw", contents, index_kind="hnsw")
        numbers = {"hnsw_export_seconds": time.perf_counter() - start}
        manifest = json.loads((folder / "hnsw" / "manifest.json").read_text())
        artifact = load(folder / "hnsw")
        index = artifact.index
        assert isinstance(index, ApproximateIndex)
        rows = np.random.default_rng(2).permutation(10_000)[: self.questions]
        vectors = contents.customers.vectors[rows]

        def bare(row: int) -> None:
            index.index.search(vectors[row : row + 1], _K, params=index.settings)

        ids = contents.customers.ids[rows]
        with threadpool_limits(1):
            floor, taken = _milliseconds(
                (bare, list(range(len(rows)))),
                (lambda customer_id: artifact.recommend(customer_id, _K), ids.tolist()),
            )
        return numbers | {
            "hnsw_effort": manifest["index"]["effort"],
            "hnsw_recall_at_10": manifest["index"]["recall@10"],
            "hnsw_p50_ms": float(np.median(taken)),
            "hnsw_p99_ms": float(np.quantile(taken, 0.99)),
            "hnsw_p50_over_faiss": float(np.median(taken) / np.median(floor)),
        }


Maker = Callable[[int, int], Contents]


def _all_at_once(artifact: Artifact, out: Path) -> dict[str, float]:
    """Offers for all customers in a file, against the bare product and top-k of the same tiles."""
    contents = artifact.contents
    customers, products = contents.customers.vectors, np.array(contents.products.vectors)

    def bare(first: int) -> None:
        topk(customers[first : first + _TILE] @ products.T, _K)

    start = time.perf_counter()
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        deque(threads.map(bare, range(0, len(customers), _TILE)), maxlen=0)
    floor = time.perf_counter() - start
    start = time.perf_counter()
    count = recommend_everyone(artifact, out, _K)
    taken = time.perf_counter() - start
    return {
        "everyone_customers": count,
        "everyone_seconds": taken,
        "everyone_over_floor": taken / floor,
    }


def trained_like(source: Source, dim: int) -> Maker:
    """Makes contents of so many customers and products whose vectors look learned."""
    model = ALS(dim=dim).fit(build(source, check_tables(source.load())))
    customers, products = model.customer_vectors, model.product_vectors
    values = np.linalg.svd(np.linalg.qr(customers).R @ np.linalg.qr(products).R.T, compute_uv=False)
    lengths = np.linalg.norm(products, axis=1)
    random = np.random.default_rng(0)
    turn = np.linalg.qr(random.standard_normal((dim, dim))).Q
    shape = (np.sqrt(values / values[0])[:, None] * turn).astype(np.float32)

    def make(customer_rows: int, product_rows: int) -> Contents:
        people = random.standard_normal((customer_rows, dim), np.float32) @ shape
        offers: FloatArray = random.standard_normal((product_rows, dim), np.float32) @ shape
        offers *= (random.choice(lengths, product_rows) / np.linalg.norm(offers, axis=1)).astype(
            np.float32
        )[:, None]
        return Contents(
            customers=CustomerTable(
                vectors=people, ids=np.array([f"C{row:09d}" for row in range(customer_rows)])
            ),
            products=ProductTable(
                vectors=offers, ids=np.array([f"P{row:09d}" for row in range(product_rows)])
            ),
            facts={"model": "made up"},
        )

    return make


def _loading(folder: Path) -> dict[str, float]:
    """Seconds and resident bytes of loading in a process of its own."""
    command = [sys.executable, "-c", _LOADING, str(folder)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    reading: dict[str, float] = json.loads(done.stdout)
    return reading


def _milliseconds(*tasks: tuple[Callable[..., object], list[object]]) -> list[list[float]]:
    """Of each task, for each of its arguments, in turn."""
    taken: list[list[float]] = [[] for _ in tasks]
    for arguments in zip(*(task[1] for task in tasks), strict=True):
        for times, (task, _), argument in zip(taken, tasks, arguments, strict=True):
            start = time.perf_counter()
            task(argument)
            times.append(1000 * (time.perf_counter() - start))
    return taken
