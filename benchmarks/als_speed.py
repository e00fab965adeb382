"""ALS as it is against `implicit` as it comes, on a published split; both on the CPU."""

import os
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from statistics import median
from typing import Any, Literal, TypeAlias

import numpy as np
from scipy.sparse import csr_matrix
from threadpoolctl import threadpool_limits

from benchmarks.gpu_data import experiment
from benchmarks.suite import published, require_at_least
from recsys.arrays import FloatArray
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.queries import Window
from recsys.data.split import GivenSplit
from recsys.errors import InputError
from recsys.evaluation.per_query import evaluate
from recsys.models.als import ALS

Scores: TypeAlias = Callable[[Any], FloatArray]
Way: TypeAlias = Callable[[Dataset], Scores]
"""Fits a model to events."""


class ALSSpeedSuite:
    """Load, fit and evaluation of all customers, in turn, by three ways.

    `implicit` has the settings that were best with its three conjugate gradients, and makes
    customers by its own `recalculate_user` at last, as this library did before exact half steps.
    `gradients` is ours with `solver=conjugate_gradient` and the same settings. `als` is the stored
    experiment.

    Args:
        root: folder of the sets.
        data: one of them, with an experiment DATA_als.
        window: valid, a random tenth of train; or test, which a run for settings does not read.
        former: the settings for `implicit`.
        threads: of all three; None for one a core.
        repeats: measurements in turn; medians are reported.
    """

    def __init__(
        self,
        *,
        root: str,
        data: str,
        former: Mapping[str, Any],
        window: Literal["valid", "test"] = "valid",
        threads: int | None = None,
        repeats: int = 1,
    ) -> None:
        require_at_least(1, repeats=repeats, threads=1 if threads is None else threads)
        if window not in ("valid", "test"):
            raise InputError(f"suite.window: expected valid or test, got '{window}'")
        self.source = published(f"{root}/{data}")
        self.former, self.now = dict(former), experiment(f"{data}_als")
        self.window, self.threads, self.repeats = window, threads or os.cpu_count() or 1, repeats

    def figures(self) -> Mapping[str, float]:
        """For each way fit, fit_cpu, evaluation and total seconds, recall and ndcg at 20.

        The total is load + fit + evaluation. Ratios are those of `als` over `implicit`.
        """
        ways: Mapping[str, Way] = {
            "implicit": lambda past: _by_implicit(self.former, past, self.threads),
            "gradients": lambda past: _by_ours(
                {**self.former, "solver": "conjugate_gradient"}, past
            ),
            "als": lambda past: _by_ours(self.now, past),
        }
        taken: dict[str, list[float]] = {}
        with _threads(self.threads):
            for _ in range(self.repeats):
                start = time.perf_counter()
                window = self._load()
                load = time.perf_counter() - start
                taken.setdefault("load_seconds", []).append(load)
                for name, way in ways.items():
                    for key, value in _measured(way, window, load).items():
                        taken.setdefault(f"{name}_{key}", []).append(value)
        figures = {key: median(values) for key, values in taken.items()}
        ratios = {
            f"{key}_over_implicit": figures[f"als_{key}"] / figures[f"implicit_{key}"]
            for key in ("fit_seconds", "fit_cpu_seconds", "total_seconds")
        }
        return {"threads": self.threads, **figures, **ratios}

    def _load(self) -> Window:
        data = build(self.source, check_tables(self.source.load()))
        split = GivenSplit(valid_fraction=0.1).split(data, self.source)
        return split.valid if self.window == "valid" else split.test


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Threads of ALS, of `implicit` and of BLAS, however the environment sets them."""
    former = os.environ.get("OMP_NUM_THREADS")
    os.environ["OMP_NUM_THREADS"] = str(count)
    try:
        with threadpool_limits(count, "blas"):
            yield
    finally:
        del os.environ["OMP_NUM_THREADS"]
        if former is not None:
            os.environ["OMP_NUM_THREADS"] = former


def _measured(way: Way, window: Window, load: float) -> dict[str, float]:
    start, cpu = time.perf_counter(), time.process_time()
    score = way(window.past)
    fit, fit_cpu = time.perf_counter() - start, time.process_time() - cpu
    start = time.perf_counter()
    values = evaluate(score, window.queries, [20], False, metrics=["recall", "ndcg"]).values
    evaluation = time.perf_counter() - start
    return {
        "fit_seconds": fit,
        "fit_cpu_seconds": fit_cpu,
        "evaluation_seconds": evaluation,
        "total_seconds": load + fit + evaluation,
        "recall@20": float(values["recall@20"].mean()),
        "ndcg@20": float(values["ndcg@20"].mean()),
    }


def _by_ours(settings: Mapping[str, Any], past: Dataset) -> Scores:
    return ALS(**settings, device="cpu").fit(past).score


def _by_implicit(settings: Mapping[str, Any], past: Dataset, threads: int) -> Scores:
    from implicit.als import AlternatingLeastSquares

    confidence = csr_matrix(ALS(**settings, device="cpu").confidence(past))
    with threadpool_limits(1, "blas"):
        model = AlternatingLeastSquares(
            factors=settings["dim"], regularization=settings["l2"], alpha=1.0,
            iterations=settings["epochs"], random_state=0, use_gpu=False, num_threads=threads,
        )  # fmt: skip
        model.fit(confidence, show_progress=False)
        customers = model.recalculate_user(np.arange(confidence.shape[0]), confidence)
    products = model.item_factors
    return lambda rows: customers[rows] @ products.T
