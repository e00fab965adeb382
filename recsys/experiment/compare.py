"""The leaderboard: every model on the same customers, against segments, and how certain that is."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray
from recsys.errors import InputError
from recsys.evaluate.intervals import Interval, bootstrap
from recsys.evaluate.paired import Difference, apart, holm
from recsys.track.read import TrackedRun

ORACLE = "oracle"
"""The model that knows the truth of simulated data: a ceiling, never chosen and never exported."""

LEVEL = 0.95
"""Confidence of all intervals of the table, and of the verdicts as a family."""


def leaderboard(
    runs: Sequence[TrackedRun], metric: str = "ndcg@10", baseline: str = "segment"
) -> pd.DataFrame:
    """Ranks runs by a metric on valid; of equal model, settings and seed the latest run counts.

    The difference to the baseline is paired by customer, and its verdict ("win", "tie", "loss")
    holds after Holm's correction over all models of the table; its interval is uncorrected.

    Args:
        runs: of one data set and one split.
        metric: as "ndcg@10".
        baseline: the model that the others are compared with; where it ran with several settings
            or seeds, its best run.

    Returns:
        One row a run, best first and the oracle last, which has no rank. Columns: rank, model,
        `metric`, low, high, customers, the other metrics, difference, difference_low,
        difference_high, verdict, oracle_share, fit_seconds, seed, run_id. What cannot be said (no
        baseline, no oracle) is missing there.

    Raises:
        InputError: there are no runs, they were not made on the same data and split, or lack the
            metric.
    """
    ranked = _ranked(runs, metric)
    base = next((run for run in ranked if run.model == baseline), None)
    against = differences(ranked, base, metric) if base is not None else {}
    ceiling = next((_mean(run, metric) for run in ranked if run.model == ORACLE), None)
    return pd.DataFrame(
        [
            {"rank": _rank(run, place), **_row(run, metric, against.get(run.run_id), ceiling)}
            for place, run in enumerate(ranked, start=1)
        ]
    ).astype({"rank": "Int64"})


def best_run(runs: Sequence[TrackedRun], metric: str, data: str | None = None) -> TrackedRun:
    """The run that validation chooses: the best by `metric` that is not the oracle.

    Args:
        runs: candidates, of one data set and one split.
        metric: as "ndcg@10".
        data: only runs on the data of this name.

    Raises:
        InputError: as `leaderboard`, or only the oracle is left.
    """
    ranked = _ranked(on_data(runs, data), metric)
    if ranked[0].model == ORACLE:
        raise InputError("only runs of the oracle were found; train a model that can be chosen")
    return ranked[0]


def on_data(runs: Sequence[TrackedRun], data: str | None) -> list[TrackedRun]:
    """Runs on the data of this name; all where it is None.

    Raises:
        InputError: there is none; the message names the data there is.
    """
    kept = [run for run in runs if data is None or run.data == data]
    if runs and not kept:
        names = ", ".join(sorted({run.data for run in runs}))
        raise InputError(f"data={data}: no run on it; there are runs on {names}")
    return kept


def differences(
    runs: Sequence[TrackedRun], baseline: TrackedRun, metric: str
) -> dict[str, Difference]:
    """Run id -> paired difference to the baseline; the oracle takes no part in the correction.

    Raises:
        InputError: two runs did not ask about the same customers.
    """
    ids, base = _by_customer(baseline, metric)
    customers = np.unique(ids, return_inverse=True)[1]
    paired = {}
    for run in runs:
        if run.run_id == baseline.run_id:
            continue
        own_ids, values = _by_customer(run, metric)
        if not np.array_equal(own_ids, ids):
            raise InputError(
                f"runs {run.run_id} and {baseline.run_id} did not ask about the same customers; "
                "train both again"
            )
        paired[run.run_id] = values - base
    if not paired:
        return {}
    is_oracle = {run.run_id: run.model == ORACLE for run in runs}
    models = {run_id: values for run_id, values in paired.items() if not is_oracle[run_id]}
    ceiling = {run_id: values for run_id, values in paired.items() if is_oracle[run_id]}
    sure = holm(models, customers, LEVEL) | apart(ceiling, customers, LEVEL)
    shown = bootstrap(paired, customers, level=LEVEL)
    return {run_id: _difference(found, run_id in sure) for run_id, found in shown.items()}


def write_csv(board: pd.DataFrame, path: Path) -> None:
    """Writes the whole leaderboard, all metrics and run ids, as CSV.

    Raises:
        InputError: the file cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        board.to_csv(path, index=False)
    except OSError as error:
        raise InputError(f"out={path} cannot be written: {error.strerror}") from None


def _ranked(runs: Sequence[TrackedRun], metric: str) -> list[TrackedRun]:
    if not runs:
        raise InputError("no finished run was found; run scripts/train.py first")
    _refuse_mixed(runs)
    known = sorted(set.intersection(*(set(run.intervals("valid")) for run in runs)))
    if metric not in known:
        raise InputError(f"metric={metric} is not in every run; there are {', '.join(known)}")
    latest: dict[tuple[str, str, int], TrackedRun] = {}
    for run in sorted(runs, key=lambda run: run.started):
        latest[run.model, run.settings, run.seed] = run
    # Equal means are ordered by id, so that the table is the same every time.
    return sorted(
        latest.values(), key=lambda run: (run.model == ORACLE, -_mean(run, metric), run.run_id)
    )


def _refuse_mixed(runs: Sequence[TrackedRun]) -> None:
    kinds = {(run.data, run.fingerprint, run.split): run.run_id[:8] for run in runs}
    if len(kinds) > 1:
        listed = "; ".join(
            f"{data} {fingerprint[:8]} split {split} (as run {run_id})"
            for (data, fingerprint, split), run_id in sorted(kinds.items())
        )
        raise InputError(
            f"runs on different data or splits are never ranked in one table: {listed}; "
            "say data=NAME or runs=ID,ID"
        )


def _mean(run: TrackedRun, metric: str) -> float:
    return run.intervals("valid")[metric].mean


def _by_customer(run: TrackedRun, metric: str) -> tuple[IdArray, FloatArray]:
    """[Q] who asked and [Q] the metric, in an order that all runs of one split share."""
    # A customer's own queries keep their order, which is that of the split.
    table = run.per_query("valid").sort_values("customer_id", kind="stable")
    return table["customer_id"].to_numpy(), table[metric].to_numpy(np.float64)


def _difference(found: Interval, sure: bool) -> Difference:
    if not sure:
        return Difference(found.mean, found.low, found.high, "tie")
    return Difference(found.mean, found.low, found.high, "win" if found.mean > 0 else "loss")


def _rank(run: TrackedRun, place: int) -> int | None:
    return None if run.model == ORACLE else place


def _row(
    run: TrackedRun, metric: str, against: Difference | None, ceiling: float | None
) -> dict[str, Any]:
    found = run.intervals("valid")
    value = found[metric]
    return {
        "model": run.model,
        metric: value.mean,
        "low": value.low,
        "high": value.high,
        "customers": value.customers,
        **{name: other.mean for name, other in found.items() if name != metric},
        "difference": against.mean if against else None,
        "difference_low": against.low if against else None,
        "difference_high": against.high if against else None,
        "verdict": against.verdict if against else None,
        "oracle_share": value.mean / ceiling if ceiling else None,
        "fit_seconds": run.metrics.get("seconds/fit"),
        "seed": run.seed,
        "run_id": run.run_id,
    }
