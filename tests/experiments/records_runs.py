"""Made-up runs for the tests of the records suite."""

from typing import Any

from benchmarks.records.runs import Run


def made_metrics(valid: float, test: float, seconds: float = 5.0) -> dict[str, Any]:
    """A metrics.json of nDCG and recall at 20; `seconds` is that of the fit with known settings."""

    def interval(mean: float) -> dict[str, float]:
        return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}

    return {
        "valid": {"ndcg@20": interval(valid)},
        "test": {"ndcg@20": interval(test), "recall@20": interval(2 * test)},
        "seconds": {"load": 1.0, "fit": 9.0, "refit": seconds, "evaluate": 2.0},
        "cpu_seconds": 20.25,
        "peak_memory_mb": 1234.5,
    }


def made_run(
    valid: float, test: float, seconds: float = 5.0, number: int = 0, settings: str = "default"
) -> Run:
    """A run of `made_metrics`."""
    return Run(number=number, settings=settings, metrics=made_metrics(valid, test, seconds))
