"""Graph networks on a GPU against the CPU: the same seed, epoch by epoch."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from math import ceil
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.gpu_data import experiment, market_valid, published_test
from benchmarks.gpu_report import OutOfTimeError, Report
from recsys.data.queries import Window
from recsys.evaluation.full_ranking import Score
from recsys.evaluation.per_query import evaluate
from recsys.models.graph_network import GraphNetwork
from recsys.models.lightgcn import LightGCN
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.models.xsimgcl import XSimGCL
from recsys.training.objectives import Softmax

PAPER = {"lightgcn": (0.1830, 0.1554), "xsimgcl": (0.0723, 0.0604)}
"""Recall@20 and NDCG@20 that the papers report, LightGCN on Gowalla and XSimGCL on Yelp2018."""

_QUICK: dict[str, Any] = {"dim": 16, "epochs": 4}


@dataclass(kw_only=True)
class Curve:
    """Measures after each epoch, and takes their time from that of the epochs.

    Attributes:
        window: whose queries are ranked.
        k: length of the lists.
        report: has the deadline.
        seconds: of each epoch, the first with all that comes before it.
        recall, ndcg: after each epoch.
    """

    window: Window
    k: int
    report: Report
    seconds: list[float] = field(default_factory=list)
    recall: list[float] = field(default_factory=list)
    ndcg: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.began = time.perf_counter()

    def __call__(self, score: Score) -> float:
        """NDCG of a score function."""
        values = evaluate(
            score, self.window.queries, [self.k], False, metrics=["recall", "ndcg"]
        ).values
        self.recall.append(float(values[f"recall@{self.k}"].mean()))
        self.ndcg.append(float(values[f"ndcg@{self.k}"].mean()))
        return self.ndcg[-1]

    def after(self, epoch: int, score: Score) -> float:
        """NDCG after an epoch; the vectors are on the CPU already, so the device is idle."""
        self.seconds.append(time.perf_counter() - self.began)
        quality = self(score)
        # The next epoch takes about as long.
        self.report.require_time(min(self.seconds))
        self.began = time.perf_counter()
        return quality

    def figures(self, steps: int) -> dict[str, float]:
        """What a row of the table shows; steps are those of an epoch."""
        epoch = median(self.seconds[1:] or self.seconds)
        return {
            "epochs": len(self.seconds),
            "seconds a step": epoch / steps,
            "seconds an epoch": epoch,
            "seconds before the first epoch": max(self.seconds[0] - epoch, 0.0),
            "seconds in all": sum(self.seconds),
            f"recall@{self.k}": self.recall[-1],
            f"ndcg@{self.k}": self.ndcg[-1],
        }


def lightgcn(report: Report, data: Path) -> None:
    """LightGCN on Gowalla with the settings of docs/results.md."""
    settings = experiment("gowalla_lightgcn")
    _compare(report, "lightgcn", LightGCN, settings, published_test(data / "gowalla", report.quick))


def xsimgcl(report: Report, data: Path) -> None:
    """XSimGCL on Yelp2018 with the settings of docs/results.md; its noise differs by device."""
    settings = experiment("yelp2018_xsimgcl")
    _compare(report, "xsimgcl", XSimGCL, settings, published_test(data / "yelp2018", report.quick))


def touchpoint_gnn(report: Report, _data: Path) -> None:
    """The touchpoint network on the simulated market, NDCG@10 on valid."""
    settings = {
        "objective": {"temperature": 0.2, "popularity": 1.0}, "epochs": 12,
        "half_life": 30.0, "loss_half_life": 30.0, "contexts": True, "horizon": 61.0,
    }  # fmt: skip
    window = market_valid(5_000 if report.quick else 100_000)
    _compare(report, "touchpoint_gnn", TouchpointGNN, settings, window, k=10, cpu_epochs=4)


def _compare(
    report: Report,
    name: str,
    model: Callable[..., GraphNetwork],
    settings: Mapping[str, object],
    window: Window,
    k: int = 20,
    cpu_epochs: int = 2,
) -> None:
    arguments = dict(settings) | (_QUICK if report.quick else {})
    objective: Any = arguments.pop("objective", {})

    def run(row: str, **change: Any) -> Curve:
        curve = Curve(window=window, k=k, report=report)
        with report.guarded(row):
            report.require_time()
            # A fresh objective, because it keeps tensors on the device of its fit.
            made = model(
                **{**arguments, "patience": None, "objective": Softmax(**objective), **change}
            )
            _fit(report, row, made, curve, name)
        return curve

    curves = {}
    if report.has_gpu:
        _warm_up()
        curves["cuda"] = run("CUDA, float32", device="cuda", precision="float32")
        run("CUDA, bfloat16 products", device="cuda", precision="bfloat16")
        run("CUDA, float32, another seed", device="cuda", precision="float32", seed=1,
            stop_after=cpu_epochs)  # fmt: skip
    curves["cpu"] = run(f"CPU, {torch.get_num_threads()} threads", device="cpu",
                        stop_after=cpu_epochs)  # fmt: skip
    if "cuda" in curves:
        _differences(report, curves["cuda"], curves["cpu"])


def _fit(report: Report, row: str, model: GraphNetwork, curve: Curve, name: str) -> None:
    on_gpu = str(getattr(model.device, "kind", "")) == "cuda"
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    curve.began = time.perf_counter()
    note = ""
    try:
        model.fit(curve.window.past, curve)
    except OutOfTimeError:
        note = "ran out of its seconds"
    if not curve.seconds:
        raise OutOfTimeError
    figures: dict[str, float | str] = {
        **curve.figures(ceil(model.objective.examples / model.batch_size))
    }
    if on_gpu:
        figures["peak memory, GB"] = torch.cuda.max_memory_allocated() / 1e9
    reached = _seconds_to_paper(curve, name)
    if reached is not None and not report.quick:
        figures["seconds to the paper's figures"] = reached
    if note:
        figures["note"] = note
    report.add(row, figures)


def _seconds_to_paper(curve: Curve, name: str) -> float | None:
    """Seconds of training until both metrics are those of the paper; None if they never are."""
    if name not in PAPER:
        return None
    recall, ndcg = PAPER[name]
    for epoch, pair in enumerate(zip(curve.recall, curve.ndcg, strict=True), 1):
        if pair[0] >= recall and pair[1] >= ndcg:
            return sum(curve.seconds[:epoch])
    return None


def _differences(report: Report, cuda: Curve, cpu: Curve) -> None:
    epochs = min(len(cuda.ndcg), len(cpu.ndcg))
    for epoch in range(epochs):
        report.add(
            f"CUDA minus CPU after epoch {epoch + 1}",
            {
                f"recall@{cpu.k}": cuda.recall[epoch] - cpu.recall[epoch],
                f"ndcg@{cpu.k}": cuda.ndcg[epoch] - cpu.ndcg[epoch],
            },
        )
    if epochs:
        seconds = [median(curve.seconds[1:] or curve.seconds) for curve in (cpu, cuda)]
        report.add("CPU over CUDA", {"seconds an epoch": seconds[0] / seconds[1]})


def _warm_up() -> None:
    """Loads the libraries of the GPU, whose first use takes seconds."""
    square = torch.rand(64, 64, device="cuda", dtype=torch.float64)
    torch.linalg.svd(torch.linalg.qr(square).Q)
    torch.linalg.solve(square, square)
    (square.float() @ square.float()).to_sparse_csr() @ square.float()
    torch.cuda.synchronize()
