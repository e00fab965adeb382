"""Full ranking of all customers, and what a network does where the GPU's memory is short."""

import io
import time
from contextlib import redirect_stderr
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from benchmarks.gpu_data import experiment, published_test
from benchmarks.gpu_propagation import seconds_of
from benchmarks.gpu_report import Report
from recsys.arrays import FloatArray, IntArray
from recsys.data.queries import Queries
from recsys.evaluation.full_ranking import rank
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.models.device import device_of
from recsys.models.lightgcn import LightGCN
from recsys.training.bipartite_graph import BipartiteGraph, entries_of
from recsys.training.objectives import Softmax
from recsys.training.spectrum import singular_vectors

K = 20
_TILE = 4096


def ranking(report: Report, data: Path) -> None:
    """The best 20 unseen products of all test customers of Gowalla, by singular vectors."""
    window = published_test(data / "gowalla", report.quick)
    dim = 16 if report.quick else 160
    devices = ["cuda", "cpu"] if report.has_gpu else ["cpu"]
    matrix = normalise(interaction_matrix(window.past), 0.5, 0.5)
    graph = BipartiteGraph.from_matrix(matrix, devices[0])
    (customers, products), values = singular_vectors(graph, dim, torch.Generator().manual_seed(0))
    vectors = tuple((side * values.sqrt()).cpu().numpy() for side in (customers, products))
    queries = window.queries
    with report.guarded("CPU, recsys.evaluation"):
        report.require_time()
        ranked = rank(lambda rows: vectors[0][rows] @ vectors[1].T, queries, K, False)
        seconds = seconds_of(
            lambda: rank(lambda rows: vectors[0][rows] @ vectors[1].T, queries, K, False), "cpu", 1
        )
        report.add(f"CPU, recsys.evaluation, {torch.get_num_threads()} threads",
                   {"customers": len(queries), "seconds": seconds})  # fmt: skip
    for device in devices:
        with report.guarded(f"PyTorch on {device}"):
            report.require_time()
            best = rank_on(device, vectors[0], vectors[1], queries)
            seconds = seconds_of(lambda: rank_on(device, vectors[0], vectors[1], queries), "cpu", 1)  # noqa: B023
            report.add(f"PyTorch on {device}, copies included", {
                "customers": len(queries), "seconds": seconds,
                "entries of lists that agree": float((best[0] == ranked.columns).mean()),
                "largest difference of scores": float(np.abs(best[1] - ranked.scores).max()),
            })  # fmt: skip


def rank_on(
    device: str, customers: FloatArray, products: FloatArray, queries: Queries
) -> tuple[IntArray, FloatArray]:
    """[Q, 20] row numbers of the best products that a customer has not seen, and their scores."""
    everyone = torch.from_numpy(customers[queries.customers]).to(device)
    offered = torch.from_numpy(products).to(device)
    seen = queries.seen
    assert seen is not None
    starts = torch.from_numpy(seen.indptr).to(device, torch.int64)
    columns = torch.from_numpy(seen.indices).to(device, torch.int64)
    refused = torch.from_numpy(~queries.eligible).to(device)
    lists: list[Tensor] = []
    best: list[Tensor] = []
    for start in range(0, len(everyone), _TILE):
        scores = everyone[start : start + _TILE] @ offered.T
        rows = torch.arange(start, start + len(scores), device=device)
        position, entry = entries_of(starts, rows)
        scores[position, columns[entry]] = -torch.inf
        scores[:, refused] = -torch.inf
        top = scores.topk(K)
        lists.append(top.indices)
        best.append(top.values)
    return torch.cat(lists).cpu().numpy(), torch.cat(best).cpu().numpy()


def short_memory(report: Report, data: Path) -> None:
    """LightGCN on Gowalla with device=auto, one epoch, with less and less memory of the GPU."""
    if not report.has_gpu:
        return
    settings = experiment("gowalla_lightgcn")
    objective = settings.pop("objective", {})
    past = published_test(data / "gowalla", report.quick).past
    total = torch.cuda.get_device_properties(0).total_memory
    peak = 0.0
    for share in (None, 0.98, 0.9, 0.5, 0.1):
        row = "all memory" if share is None else f"{share:.0%} of what it takes"
        with report.guarded(row):
            report.require_time()
            torch.cuda.empty_cache()
            torch.cuda.reset_peak_memory_stats()
            if share is not None:
                torch.cuda.set_per_process_memory_fraction(share * peak / total)
            model = LightGCN(
                **settings,
                device="auto",
                stop_after=1,
                objective=Softmax(**objective),
            )
            said, start = io.StringIO(), time.perf_counter()
            with redirect_stderr(said):
                model.fit(past)
            seconds = time.perf_counter() - start
            if share is None:
                peak = float(torch.cuda.max_memory_reserved())
            lines = [line for line in said.getvalue().splitlines() if "memory" in line]
            report.add(row, {
                "memory, MB": (peak if share is None else share * peak) / 1e6,
                "device after the fit": device_of(model).kind, "seconds": seconds,
                "lines": len(lines), "said": lines[-1] if lines else "nothing",
                "finite": str(bool(np.isfinite(model.product_vectors).all())),
            })  # fmt: skip
        torch.cuda.set_per_process_memory_fraction(1.0)
