"""Compares all pairs of runs on the same customers."""

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.paired import wilcoxon
from recsys.evaluation.pairwise import PairedDifferences, holm_adjusted, pairwise
from recsys.tracking.pseudonyms import refuse_different_keys
from recsys.tracking.read import TrackedRun

LEVEL = 0.95
"""Confidence of the intervals of a comparison, and of its verdicts as a family."""

_MIRRORED = {
    "first": "second",
    "second": "first",
    "first_run": "second_run",
    "second_run": "first_run",
}
_OPPOSITE = {"win": "loss", "loss": "win"}


def pair_table(runs: Sequence[TrackedRun], names: Mapping[str, str], metric: str) -> pd.DataFrame:
    """All pairs of runs on valid.

    Args:
        runs: in the order of the table; the earlier run is the first of a pair.
        names: run id -> label.
        metric: as "ndcg@10".

    Returns:
        One row per pair. Columns: first, second (labels), difference, low, high (first - second and
        its interval), lift, lift_low, lift_high (first / second), p_value (bootstrap), wilcoxon_p,
        first_run, second_run.

    Raises:
        InputError: two runs were measured on different customers.
    """
    values, customers = aligned(runs, metric, "valid")
    differences = pairwise(values, customers, level=LEVEL)
    ids = np.array([run.run_id for run in runs], dtype=object)
    first, second = ids[differences.first], ids[differences.second]
    return pd.DataFrame(
        {
            "first": [names[run_id] for run_id in first],
            "second": [names[run_id] for run_id in second],
            **difference_columns(differences),
            "wilcoxon_p": [
                wilcoxon(values[:, a], values[:, b], customers)
                for a, b in zip(differences.first, differences.second, strict=True)
            ],
            "first_run": first,
            "second_run": second,
        }
    )


def difference_columns(differences: PairedDifferences) -> dict[str, FloatArray]:
    """Columns difference, low, high, lift, lift_low, lift_high, p_value with one entry per pair."""
    return {
        "difference": differences.difference,
        "low": differences.difference_low,
        "high": differences.difference_high,
        "lift": differences.lift,
        "lift_low": differences.lift_low,
        "lift_high": differences.lift_high,
        "p_value": differences.p_values,
    }


def with_verdicts(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs with two more columns: p_holm, and verdict ("win", "tie", "loss") of the first.

    Verdicts hold at `LEVEL` for all these pairs as a family, by Holm's correction.

    Args:
        pairs: from `pair_table`.
    """
    adjusted = holm_adjusted(pairs["p_value"].to_numpy())
    signs = np.where(pairs["difference"] > 0, "win", "loss")
    return pairs.assign(
        p_holm=adjusted, verdict=np.where(adjusted < 1 - LEVEL, signs, "tie").astype(object)
    )


def against(pairs: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """The pairs of one run, mirrored where needed so that it is the second of each pair.

    Args:
        pairs: from `pair_table` or `with_verdicts`.
        run_id: of the run.

    Returns:
        The pairs, indexed by the id of the first run.
    """
    unchanged = pairs[pairs["second_run"] == run_id]
    mirrored = pairs[pairs["first_run"] == run_id].rename(columns=_MIRRORED)
    mirrored = mirrored.assign(
        difference=-mirrored["difference"],
        low=-mirrored["high"],
        high=-mirrored["low"],
        lift=1 / mirrored["lift"],
        lift_low=1 / mirrored["lift_high"],
        lift_high=1 / mirrored["lift_low"],
    ).replace({"verdict": _OPPOSITE})
    return pd.concat([mirrored, unchanged]).set_index("first_run", drop=False)


def rank_bounds(pairs: pd.DataFrame, run_ids: list[str]) -> pd.DataFrame:
    """Bounds of the true rank of each run, at `LEVEL` for all runs together.

    Runs that win over a run rank before it, and runs that lose to it rank after it; the order of
    ties is open (Mogstad, Romano, Shaikh and Wilhelm, Inference for Ranks, 2024).

    Args:
        pairs: from `with_verdicts`.
        run_ids: of the runs that are ranked.

    Returns:
        One row per run: run_id, rank_low, rank_high.
    """
    winners = pairs["first_run"].where(pairs["verdict"] == "win", pairs["second_run"])
    losers = pairs["second_run"].where(pairs["verdict"] == "win", pairs["first_run"])
    is_decided = pairs["verdict"] != "tie"
    losses = losers[is_decided].value_counts().reindex(run_ids, fill_value=0)
    wins = winners[is_decided].value_counts().reindex(run_ids, fill_value=0)
    bounds = {"rank_low": 1 + losses, "rank_high": len(run_ids) - wins}
    return pd.DataFrame(bounds).astype("Int64").rename_axis("run_id").reset_index()


def aligned(runs: Sequence[TrackedRun], metric: str, part: str) -> tuple[FloatArray, IntArray]:
    """A metric of several runs by query, in an order that all runs share.

    Args:
        runs: M of them.
        metric: as "ndcg@10".
        part: "valid" or "test".

    Returns:
        [Q, M] the metric by query and run, and [Q] the customer of each query, numbered from 0.

    Raises:
        InputError: two runs were measured on different customers or hold them under different
            pseudonyms, or one lacks the metric.
    """
    values, customers = aligned_columns(runs, [metric], part)
    return values[metric], customers


def aligned_columns(
    runs: Sequence[TrackedRun], names: Sequence[str], part: str
) -> tuple[dict[str, FloatArray], IntArray]:
    """As `aligned`, for several columns of the values by query, which are read once.

    Args:
        runs: M of them.
        names: metrics, or other columns of numbers.
        part: "valid" or "test".

    Returns:
        Name -> [Q, M] the column by query and run, and [Q] the customer of each query.

    Raises:
        InputError: as `aligned`.
    """
    refuse_different_keys({run.run_id: run.tags for run in runs})
    # Several queries of a customer keep the order of the split.
    return aligned_tables([(f"run {run.run_id}", run.per_query(part)) for run in runs], names)


def aligned_tables(
    tables: Sequence[tuple[str, pd.DataFrame]], names: Sequence[str]
) -> tuple[dict[str, FloatArray], IntArray]:
    """As `aligned_columns`, for tables as `TrackedRun.per_query` returns them.

    Args:
        tables: M pairs of what a table is of, for messages, and the table.
        names: metrics, or other columns of numbers.

    Raises:
        InputError: as `aligned`.
    """
    shared = np.array([])
    columns: dict[str, list[FloatArray]] = {name: [] for name in names}
    for number, (label, unsorted) in enumerate(tables):
        table = unsorted.sort_values("customer_id", kind="stable")
        ids = table["customer_id"].to_numpy()
        shared = ids if number == 0 else shared
        if not np.array_equal(ids, shared):
            raise InputError(
                f"{label} and {tables[0][0]} were measured on different customers; train both again"
            )
        for name, values in columns.items():
            if name not in table:
                metrics = ", ".join(sorted(map(str, set(table) - {"customer_id", "history"})))
                raise InputError(f"metric={name} is not in both runs; there are {metrics}")
            values.append(table[name].to_numpy(np.float64))
    by_run = {name: np.column_stack(values) for name, values in columns.items()}
    return by_run, np.unique(shared, return_inverse=True)[1]
