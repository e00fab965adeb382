"""Every run against every other, paired by customer."""

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
"""Confidence of all intervals of a comparison, and of its verdicts as a family."""

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
        runs: in the order of the table: each pair is seen from the one that comes first.
        names: run id -> label.
        metric: as "ndcg@10".

    Returns:
        One row a pair. Columns: first, second (labels), difference, low, high (first - second and
        its interval), lift, lift_low, lift_high (first / second), p_value (bootstrap), wilcoxon_p,
        first_run, second_run.

    Raises:
        InputError: two runs did not ask about the same customers.
    """
    values, customers = aligned(runs, metric, "valid")
    found = pairwise(values, customers, level=LEVEL)
    ids = np.array([run.run_id for run in runs], dtype=object)
    first, second = ids[found.first], ids[found.second]
    return pd.DataFrame(
        {
            "first": [names[run_id] for run_id in first],
            "second": [names[run_id] for run_id in second],
            **measured(found),
            "wilcoxon_p": [
                wilcoxon(values[:, one], values[:, other], customers)
                for one, other in zip(found.first, found.second, strict=True)
            ],
            "first_run": first,
            "second_run": second,
        }
    )


def measured(found: PairedDifferences) -> dict[str, FloatArray]:
    """Columns difference, low, high, lift, lift_low, lift_high, p_value; one entry a pair."""
    return {
        "difference": found.difference,
        "low": found.difference_low,
        "high": found.difference_high,
        "lift": found.lift,
        "lift_low": found.lift_low,
        "lift_high": found.lift_high,
        "p_value": found.p_values,
    }


def judged(pairs: pd.DataFrame) -> pd.DataFrame:
    """The pairs with columns p_holm and verdict ("win", "tie", "loss") of the first.

    Verdicts hold at `LEVEL` for all these pairs as a family, by Holm's correction.
    """
    adjusted = holm_adjusted(pairs["p_value"].to_numpy())
    signs = np.where(pairs["difference"] > 0, "win", "loss")
    return pairs.assign(
        p_holm=adjusted, verdict=np.where(adjusted < 1 - LEVEL, signs, "tie").astype(object)
    )


def against(pairs: pd.DataFrame, run_id: str) -> pd.DataFrame:
    """The pairs that this run is in, seen from the other one, whose run id is the index.

    Args:
        pairs: of `pair_table` or `judged`.
        run_id: of the run that becomes the second of each pair.
    """
    straight = pairs[pairs["second_run"] == run_id]
    turned = pairs[pairs["first_run"] == run_id].rename(columns=_MIRRORED)
    turned = turned.assign(
        difference=-turned["difference"],
        low=-turned["high"],
        high=-turned["low"],
        lift=1 / turned["lift"],
        lift_low=1 / turned["lift_high"],
        lift_high=1 / turned["lift_low"],
    ).replace({"verdict": _OPPOSITE})
    return pd.concat([turned, straight]).set_index("first_run", drop=False)


def rank_bounds(pairs: pd.DataFrame, run_ids: list[str]) -> pd.DataFrame:
    """The ranks that a run may have in truth, at `LEVEL` for all runs at once.

    Those that win over a run stand before it, those that lose to it behind; ties may stand either
    way (Mogstad, Romano, Shaikh and Wilhelm, Inference for Ranks, 2024).

    Args:
        pairs: of `judged`.
        run_ids: of the runs that are ranked.

    Returns:
        One row a run: run_id, rank_low, rank_high.
    """
    winners = pairs["first_run"].where(pairs["verdict"] == "win", pairs["second_run"])
    losers = pairs["second_run"].where(pairs["verdict"] == "win", pairs["first_run"])
    sure = pairs["verdict"] != "tie"
    before = losers[sure].value_counts().reindex(run_ids, fill_value=0)
    behind = winners[sure].value_counts().reindex(run_ids, fill_value=0)
    bounds = {"rank_low": 1 + before, "rank_high": len(run_ids) - behind}
    return pd.DataFrame(bounds).astype("Int64").rename_axis("run_id").reset_index()


def aligned(runs: Sequence[TrackedRun], metric: str, part: str) -> tuple[FloatArray, IntArray]:
    """[Q, M] the metric by query and run, and [Q] who asked, in an order that all runs share.

    Raises:
        InputError: two runs did not ask about the same customers or keep them under different
            names, or one lacks the metric.
    """
    refuse_different_keys({run.run_id: run.tags for run in runs})
    shared, columns = np.array([]), []
    for place, run in enumerate(runs):
        # A customer's own queries keep their order, which is that of the split.
        table = run.per_query(part).sort_values("customer_id", kind="stable")
        ids = table["customer_id"].to_numpy()
        shared = ids if place == 0 else shared
        if not np.array_equal(ids, shared):
            raise InputError(
                f"runs {run.run_id} and {runs[0].run_id} did not ask about the same customers; "
                "train both again"
            )
        if metric not in table:
            known = ", ".join(sorted(map(str, set(table) - {"customer_id", "history"})))
            raise InputError(f"metric={metric} is not in both runs; there are {known}")
        columns.append(table[metric].to_numpy(np.float64))
    return np.column_stack(columns), np.unique(shared, return_inverse=True)[1]
