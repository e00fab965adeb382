"""ALS on Gowalla: on a GPU by PyTorch, with both solvers, and by `implicit`; and on the CPU."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.sparse import csr_matrix

from benchmarks.gpu_data import experiment, published_test
from benchmarks.gpu_report import Report
from recsys.arrays import FloatArray
from recsys.data.queries import Window
from recsys.evaluation.per_query import evaluate
from recsys.models.als import ALS, SOLVERS
from recsys.training.alternating import alternate
from recsys.training.exact_alternating import alternate_exactly

_LOADS = {
    "implicit alone": "import implicit.gpu as gpu; print(gpu.HAS_RMM, gpu.HAS_CUDA)",
    "implicit after torch": "import torch, implicit.gpu as gpu; print(gpu.HAS_RMM, gpu.HAS_CUDA)",
}


def als(report: Report, data: Path) -> None:
    """Fits with the settings of docs/results.md, twice where the first fit warms the GPU up."""
    settings = _settings(report)
    window = published_test(data / "gowalla", report.quick)
    rows = {"CUDA, first fit": "exact", "CUDA": "exact", "CUDA, gradients": "conjugate_gradient"}
    for row, solver in rows.items() if report.has_gpu else ():
        with report.guarded(row):
            report.require_time()
            torch.cuda.reset_peak_memory_stats()
            figures = _fitted(ALS(**settings, solver=solver, device="cuda"), window)
            report.add(row, {**figures, "peak memory, GB": torch.cuda.max_memory_allocated() / 1e9})
    # The form on the CPU does not need rmm, and must not fail where rmm does.
    sys.modules["rmm"] = None  # type: ignore[assignment]
    for solver in SOLVERS:
        with report.guarded(f"CPU, {solver}"):
            report.require_time()
            figures = _fitted(ALS(**settings, solver=solver, device="cpu"), window)
            report.add(f"CPU, {solver}, {os.cpu_count()} cores", figures)
        with report.guarded(f"PyTorch against the CPU, {solver}"):
            report.require_time()
            _compare_one_epoch(report, {**settings, "solver": solver}, window)


def implicit_gpu(report: Report, data: Path) -> None:
    """The GPU form of `implicit`: whether it loads, and the same fit by it.

    It is a part of its own, because a crash of the extension would end the process.
    """
    if not report.has_gpu:
        return
    settings = _settings(report)
    window = published_test(data / "gowalla", report.quick)
    for name, program in _LOADS.items():
        with report.guarded(name):
            report.add(name, {"note": f"HAS_RMM, HAS_CUDA: {_printed(program)}"})
    for row in ("CUDA, implicit, first fit", "CUDA, implicit"):
        with report.guarded(row):
            report.require_time()
            report.add(row, _by_implicit_on_gpu(settings, window))


def _settings(report: Report) -> dict[str, Any]:
    small = {"dim": 16, "epochs": 2} if report.quick else {}
    return experiment("gowalla_als") | small


def _printed(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    said = [line for line in done.stderr.splitlines() if "Warning" in line or "Error" in line]
    return " ".join([done.stdout.strip(), *said[-1:]])


def _fitted(model: ALS, window: Window) -> dict[str, float | str]:
    start = time.perf_counter()
    model.fit(window.past)
    seconds = time.perf_counter() - start
    return {"fit seconds": seconds, **_quality(model.score, window)}


def _by_implicit_on_gpu(settings: dict[str, Any], window: Window) -> dict[str, float | str]:
    """The steps of `ALS.fit` with `implicit` on the GPU, which starts from other vectors."""
    from implicit.als import AlternatingLeastSquares

    start = time.perf_counter()
    confidence = csr_matrix(ALS(**settings, device="cpu").confidence(window.past))
    model = AlternatingLeastSquares(
        factors=settings["dim"], regularization=settings["l2"], alpha=1.0,
        iterations=settings["epochs"], random_state=0, use_gpu=True,
    )  # fmt: skip
    model.fit(confidence, show_progress=False)
    fitted = model.to_cpu()
    alternations = time.perf_counter() - start
    customers = fitted.recalculate_user(np.arange(confidence.shape[0]), confidence)
    seconds = time.perf_counter() - start
    products = fitted.item_factors
    quality = _quality(lambda rows: customers[rows] @ products.T, window)
    return {"fit seconds": seconds, "without the last exact step": alternations, **quality}


def _compare_one_epoch(report: Report, settings: dict[str, Any], window: Window) -> None:
    """One epoch of both from the same vectors; the difference is a share of the largest entry."""
    one = {**settings, "epochs": 1}
    model = ALS(**one, device="cpu").fit(window.past)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    way = alternate if one["solver"] != "exact" else partial(alternate_exactly, xp=torch)
    start = time.perf_counter()
    _, products = way(
        model.confidence(window.past), dim=one["dim"], epochs=1, l2=one["l2"], seed=0, device=device
    )
    difference = np.abs(products.cpu().numpy() - model.product_vectors).max()
    report.add(
        f"PyTorch on {device} against the CPU after one epoch, {one['solver']}",
        {
            "fit seconds": time.perf_counter() - start,
            "largest difference": float(difference / np.abs(model.product_vectors).max()),
        },
    )


def _quality(score: Callable[[Any], FloatArray], window: Window) -> dict[str, float]:
    values = evaluate(score, window.queries, [20], False, metrics=["recall", "ndcg"]).values
    return {name: float(values[name].mean()) for name in ("recall@20", "ndcg@20")}
