"""What a comparison costs: runs from MLflow, all pairs, page and tables."""

import time
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.suite import require_at_least
from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.per_query import PerQuery
from recsys.experiments.cost import peak_memory_mb
from recsys.ops.whole_file import write_whole
from recsys.reports.comparison.compare import compare
from recsys.reports.comparison.page import comparison_files
from recsys.reports.comparison.tracked import tracked_comparison
from recsys.tracking.read import runs
from recsys.tracking.record import RunRecord
from recsys.tracking.report import log_report
from recsys.tracking.runs import log_run
from recsys.tracking.store import TrackConfig

METRICS = ("ndcg@10", "ndcg@20", "recall@10", "recall@20", "map@10", "mrr@10")

_SEGMENTS = 8


class ComparisonSuite:
    """Compares runs that were logged for the purpose, which is not timed.

    Args:
        runs: models, each of one seed.
        customers: queries of each run, one a customer.
    """

    def __init__(self, *, runs: int = 20, customers: int = 30_000) -> None:
        require_at_least(2, runs=runs)
        require_at_least(100, customers=customers)
        self.runs, self.customers = runs, customers

    def figures(self) -> Mapping[str, float]:
        """Keys runs, customers, metrics, pairs, seconds, peak_memory_mb.

        The comparison has a process of its own: seconds count its start and all its imports, and
        the peak is of nothing else.
        """
        with TemporaryDirectory() as folder:
            store = TrackConfig(uri=f"sqlite:///{folder}/mlflow.db")
            for record in made_records(self.runs, self.customers):
                log_run(record, store)
            start = time.perf_counter()
            with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
                pairs, peak = process.submit(_compared, store, Path(folder) / "page").result()
            seconds = time.perf_counter() - start
        return {
            "runs": self.runs,
            "customers": self.customers,
            "metrics": len(METRICS),
            "pairs": pairs,
            "seconds": seconds,
            "peak_memory_mb": peak,
        }


def made_records(runs: int, customers: int) -> list[RunRecord]:
    """Runs with realistic differences between customers: most are served badly, a few well."""
    generator = np.random.default_rng(0)
    ease = generator.beta(0.5, 4, customers)
    segments = generator.integers(0, _SEGMENTS, customers)
    ids = np.array([f"C{row:07}" for row in range(customers)], dtype=object)
    return [_record(run, ease, segments, ids, generator) for run in range(runs)]


def _record(
    run: int,
    ease: FloatArray,
    segments: IntArray,
    ids: IdArray,
    generator: np.random.Generator,
) -> RunRecord:
    rows = np.arange(len(ids))
    values: dict[str, FloatArray] = {
        metric: np.clip(ease + generator.normal(0, 0.1, len(rows)) + run / 1000, 0, 1)
        for metric in METRICS
    }
    slices = {
        f"segment {code}": bootstrap(
            {metric: value[segments == code] for metric, value in values.items()},
            rows[segments == code],
            resamples=100,
        )
        for code in range(_SEGMENTS)
    }
    return RunRecord(
        model="segment" if run == 0 else f"model_{run}",
        data_name="made",
        fingerprint="0" * 64,
        split="made",
        seed=0,
        device="cpu",
        device_reason="nothing was fitted",
        config={"model": {"strength": run}, "evaluate": {"metric": METRICS[0]}},
        chosen={},
        curve={epoch: 0.1 - 0.1 / epoch for epoch in range(1, 11)},
        valid=PerQuery(customers=rows, history=rows, values=values),
        valid_intervals=bootstrap(values, rows, resamples=100),
        slices={"segment": slices},
        seconds={"load": 1.0, "fit": 1.0 + run, "evaluate": 1.0},
        cpu_seconds=2.0 * run,
        peak_memory_mb=500.0 + 10 * run,
        customer_ids=ids,
    )


def _compared(store: TrackConfig, folder: Path) -> tuple[int, float]:
    """Pairs and the peak memory of this process."""
    compared = compare(runs(store), METRICS[0])
    files = comparison_files(compared)
    for name, content in files.items():
        write_whole(folder / name, content)
    log_report(tracked_comparison(compared, files), compared.runs)
    return len(compared.pairs), peak_memory_mb()
