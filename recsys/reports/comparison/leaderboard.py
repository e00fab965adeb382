"""The leaderboard: quality of every run, its difference to a baseline, and its cost."""

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from recsys.experiments.pairs import against, with_verdicts
from recsys.reports.comparison.ranking import ORACLE, differing_settings
from recsys.tracking.read import TrackedRun

_NO_PAIR: Mapping[Any, Any] = {}


def leaderboard(
    runs: Sequence[TrackedRun],
    names: Mapping[str, str],
    metric: str,
    pairs: pd.DataFrame,
    baseline: str,
) -> pd.DataFrame:
    """One row a run, best first. The oracle is last and has no rank.

    The verdict on the difference to the baseline holds after Holm's correction over all runs of the
    table without the oracle; its interval is not corrected.

    Args:
        runs: in the order of `ranked`.
        names: run id -> label.
        metric: the metric that they are ranked by.
        pairs: the table of `pair_table`.
        baseline: the model that the others are compared with; of several runs of it the best.

    Returns:
        Columns: rank, label, model, settings (those in which runs of one model differ), `metric`,
        low, high, customers, the other metrics, difference, difference_low, difference_high,
        lift, lift_low, lift_high, p_holm, wilcoxon_p, verdict, oracle_share, fit_seconds,
        wall_seconds, cpu_seconds, peak_memory_mb, seed, run_id. Cells without a value (no baseline,
        no oracle, not measured) are missing.
    """
    base = next((run for run in runs if run.model == baseline), None)
    oracles = {run.run_id for run in runs if run.model == ORACLE}
    compared = _against(pairs, base.run_id, oracles) if base is not None else {}
    ceiling = next((_mean(run, metric) for run in runs if run.model == ORACLE), None)
    settings = differing_settings(runs)
    rows = [
        {
            "rank": None if run.model == ORACLE else rank,
            "label": names[run.run_id],
            "model": run.model,
            "settings": " ".join(f"{name}={value}" for name, value in settings[run.run_id].items()),
            **_quality(run, metric),
            **_difference(compared.get(run.run_id, _NO_PAIR)),
            "oracle_share": _mean(run, metric) / ceiling if ceiling else None,
            **_cost(run.metrics),
            "seed": run.seed,
            "run_id": run.run_id,
        }
        for rank, run in enumerate(runs, start=1)
    ]
    return pd.DataFrame(rows).astype({"rank": "Int64"})


def _against(pairs: pd.DataFrame, baseline: str, oracles: set[str]) -> dict[str, Mapping[Any, Any]]:
    """Run id -> its pair with the baseline; the oracle takes no part in the correction."""
    with_baseline = against(pairs, baseline)
    is_oracle = with_baseline["first_run"].isin(oracles)
    both = pd.concat(
        [with_verdicts(with_baseline[~is_oracle]), with_verdicts(with_baseline[is_oracle])]
    )
    return {str(row["first_run"]): row for row in both.to_dict("records")}


def _quality(run: TrackedRun, metric: str) -> dict[str, Any]:
    intervals = run.intervals("valid")
    value = intervals[metric]
    return {
        metric: value.mean,
        "low": value.low,
        "high": value.high,
        "customers": value.customers,
        **{name: other.mean for name, other in intervals.items() if name != metric},
    }


def _difference(pair: Mapping[Any, Any]) -> dict[str, Any]:
    return {
        "difference": pair.get("difference"),
        "difference_low": pair.get("low"),
        "difference_high": pair.get("high"),
        **{name: pair.get(name) for name in ("lift", "lift_low", "lift_high")},
        **{name: pair.get(name) for name in ("p_holm", "wilcoxon_p", "verdict")},
    }


def _cost(metrics: Mapping[str, float]) -> dict[str, Any]:
    stages = [value for name, value in metrics.items() if name.startswith("seconds/")]
    return {
        "fit_seconds": metrics.get("seconds/fit"),
        "wall_seconds": sum(stages) if stages else None,
        "cpu_seconds": metrics.get("cpu_seconds"),
        "peak_memory_mb": metrics.get("peak_memory_mb"),
    }


def _mean(run: TrackedRun, metric: str) -> float:
    return run.intervals("valid")[metric].mean
