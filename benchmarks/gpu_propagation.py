"""Propagation on a GPU against the limit of its memory, up to 100 million edges."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np
import torch
from scipy.sparse import csr_array
from torch import Tensor

from benchmarks.gpu_data import published_test
from benchmarks.gpu_report import Report
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.training.bipartite_graph import BipartiteGraph, Half
from recsys.training.propagation import Pair, mean_of_layers, propagate

LAYERS = 2
REPEATS = 20


def card(report: Report, _data: Path) -> None:
    """The card, and how fast it copies its memory and multiplies matrices."""
    if not report.has_gpu:
        return
    about = torch.cuda.get_device_properties(0)
    report.add(about.name, {
        "memory, GB": about.total_memory / 1e9, "PyTorch": torch.__version__,
        "CUDA": str(torch.version.cuda),
    })  # fmt: skip
    report.add("copy", {"bytes read and written, GB/s": bandwidth() / 1e9})
    square = torch.rand(8192, 8192, device="cuda")
    for dtype in (torch.float32, torch.bfloat16):
        matrix = square.to(dtype)
        seconds = seconds_of(partial(torch.matmul, matrix, matrix), "cuda")
        report.add(f"product of matrices, {dtype}", {"TFLOP/s": 2 * 8192**3 / seconds / 1e12})


def propagation(report: Report, data: Path) -> None:
    """One layer, and two layers forward and backward, on Gowalla and Yelp2018.

    A half of the graph with E entries, n rows out of m and vectors of d float32 moves at least
    8 E + 4 (n + 1) + 4 d (n + m) bytes, each number once; without a cache, 8 E + 4 (n + 1) +
    4 d (n + E), because each entry reads a vector. Shares are of a copy's bandwidth.
    """
    devices = ["cuda", "cpu"] if report.has_gpu else ["cpu"]
    copied = bandwidth() if "cuda" in devices else None
    for name, dim in (("gowalla", 64), ("gowalla", 160), ("yelp2018", 384)):
        past = published_test(data / name, report.quick).past
        matrix = normalise(interaction_matrix(past), 0.5, 0.5)
        for device in devices:
            row = f"{name}, dim {dim}, {device}"
            with report.guarded(row):
                report.require_time()
                graph = BipartiteGraph.from_matrix(matrix, device)
                _measure(report, row, graph, dim, copied if device == "cuda" else None)


def hundred_million(report: Report, _data: Path) -> None:
    """100 million random edges, products by a power of uniform numbers: built, and propagated."""
    edges, customers, products = 100_000_000, 5_000_000, 200_000
    if report.quick:
        edges, customers, products = 100_000, 5_000, 2_000
    device = "cuda" if report.has_gpu else "cpu"
    with report.guarded("built on the device"):
        report.require_time()
        _reset(device)
        start = time.perf_counter()
        graph = random_graph(edges, customers, products, device)
        _wait(device)
        report.add(f"built on {device}", {
            "edges": len(graph.to_customers.columns), "seconds": time.perf_counter() - start,
            **_peak(device),
        })  # fmt: skip
        row = f"two layers, dim 64, {device}"
        with report.guarded(row):
            report.require_time()
            _measure(report, row, graph, 64, bandwidth() if device == "cuda" else None, repeats=5)
        with report.guarded("built by SciPy"):
            report.require_time()
            half = graph.to_customers
            arrays = (half.values, half.columns, half.offsets)
            matrix = csr_array(tuple(array.cpu().numpy() for array in arrays), shape=half.shape)
            start = time.perf_counter()
            on_device = BipartiteGraph.from_matrix(matrix, device)
            _wait(device)
            report.add(f"built by SciPy on the CPU for {device}",
                       {"edges": matrix.nnz, "seconds": time.perf_counter() - start})  # fmt: skip
            del on_device
        if device == "cuda":
            row = "two layers, dim 64, cpu"
            with report.guarded(row):
                report.require_time()
                on_cpu = BipartiteGraph(_on_cpu(half), _on_cpu(graph.to_products))
                _measure(report, row, on_cpu, 64, None, repeats=1)


def random_graph(edges: int, customers: int, products: int, device: str) -> BipartiteGraph[Half]:
    """The normalised graph of distinct random pairs, sorted and counted on the device."""
    generator = torch.Generator(device).manual_seed(0)
    rows = torch.randint(customers, (edges,), generator=generator, device=device)
    popularity = torch.rand(edges, generator=generator, device=device) ** 3
    columns = (popularity * products).to(torch.int64).clamp(max=products - 1)
    pairs: Tensor = torch.unique(rows * products + columns)
    del rows, columns, popularity
    rows, columns = pairs // products, pairs % products
    del pairs
    of_rows = torch.bincount(rows, minlength=customers)
    of_columns = torch.bincount(columns, minlength=products)
    values = (of_rows[rows] * of_columns[columns]).to(torch.float32).rsqrt()
    to_customers = Half(_offsets(of_rows), columns.to(torch.int32), values, products)
    order = columns.argsort(stable=True)
    to_products = Half(_offsets(of_columns), rows[order].to(torch.int32), values[order], customers)
    return BipartiteGraph(to_customers, to_products)


def bandwidth() -> float:
    """Bytes read and written a second by a copy of 2 GiB on the GPU."""
    source = torch.rand(2**29, device="cuda")
    target = torch.empty_like(source)
    return 2 * 4 * 2**29 / seconds_of(lambda: target.copy_(source), "cuda")


def seconds_of(task: Callable[[], object], device: str, repeats: int = REPEATS) -> float:
    """Median seconds of a task after two to warm up; timed by the GPU's own events there."""
    for _ in range(min(2, repeats)):
        task()
    seconds = []
    for _ in range(repeats):
        if device == "cpu":
            start = time.perf_counter()
            task()
            seconds.append(time.perf_counter() - start)
            continue
        begin, end = (
            torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]
            for _ in range(2)
        )
        begin.record()
        task()
        end.record()
        torch.cuda.synchronize()
        seconds.append(begin.elapsed_time(end) / 1000)
    return median(seconds)


def _measure(
    report: Report, row: str, graph: BipartiteGraph[Half], dim: int, copied: float | None,
    repeats: int = REPEATS,
) -> None:  # fmt: skip
    device = graph.to_customers.values.device.type
    generator = torch.Generator().manual_seed(0)
    customers, products = (
        torch.randn(half.shape[0], dim, generator=generator).to(device).requires_grad_()
        for half in (graph.to_customers, graph.to_products)
    )
    weights = mean_of_layers(LAYERS)

    def layer() -> Pair:
        with torch.no_grad():
            return graph.to_customers @ products, graph.to_products @ customers

    def step() -> None:
        # Gradients of ones: backward moves what forward moves.
        pair = propagate(graph, customers, products, weights)
        torch.autograd.grad(pair, (customers, products), [torch.ones_like(side) for side in pair])

    _reset(device)
    repeats = min(repeats, 3) if device == "cpu" else repeats
    of_layer = seconds_of(layer, device, repeats)
    of_step = seconds_of(step, device, repeats)
    figures: dict[str, float | int] = {
        "edges": len(graph.to_customers.columns),
        "one layer, seconds": of_layer,
        "two layers forward and backward, seconds": of_step,
        "bytes of a layer at least": least_bytes(graph, dim),
        "bytes of a layer without a cache": gathered_bytes(graph, dim),
    }
    if copied is not None:
        figures["share of the limit, least bytes"] = least_bytes(graph, dim) / of_layer / copied
        figures["share of the limit, without a cache"] = (
            gathered_bytes(graph, dim) / of_layer / copied
        )
    report.add(row, {**figures, **_peak(device)})


def least_bytes(graph: BipartiteGraph[Half], dim: int) -> int:
    """Bytes of both halves of a layer with each number moved once."""
    return sum(_bytes(half, dim, half.shape[1]) for half in (graph.to_customers, graph.to_products))


def gathered_bytes(graph: BipartiteGraph[Half], dim: int) -> int:
    """The same with one vector read for each entry."""
    halves = graph.to_customers, graph.to_products
    return sum(_bytes(half, dim, len(half.columns)) for half in halves)


def _bytes(half: Half, dim: int, vectors_read: int) -> int:
    rows = half.shape[0]
    return 8 * len(half.columns) + 4 * (rows + 1) + 4 * dim * (rows + vectors_read)


def _offsets(lengths: Tensor) -> Tensor:
    return torch.nn.functional.pad(lengths.cumsum(0), (1, 0)).to(torch.int32)


def _on_cpu(half: Half) -> Half:
    return Half(half.offsets.cpu(), half.columns.cpu(), half.values.cpu(), half.width)


def _reset(device: str) -> None:
    if device == "cuda":
        torch.cuda.empty_cache()
        torch.cuda.reset_peak_memory_stats()


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _peak(device: str) -> dict[str, float]:
    if device == "cpu":
        return {}
    return {"peak memory, GB": float(np.round(torch.cuda.max_memory_allocated() / 1e9, 3))}
