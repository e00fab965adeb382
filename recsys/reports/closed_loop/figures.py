"""The figures of a closed loop: means over markets with t intervals, and paired differences."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.experiments.closed_loop.arms import EXPLORING, ORACLE
from recsys.experiments.closed_loop.learner import looks
from recsys.experiments.pairs import LEVEL, with_verdicts

FEWEST = 3
"""Markets that an interval takes: with two, its t quantile is 12.7, so that it says nothing."""

NAMES = {"popularity": "popularity", "segment": "segment", "one_to_one": "one-to-one"}
"""Arm -> what a reader calls it."""


@dataclass(frozen=True, kw_only=True, eq=False)
class LoopTables:
    """All that is shown of a loop, each table made once.

    Attributes:
        rounds: as `run_loop` returns it.
        checks: as `rule_checks` returns it.
        totals: from `totals`.
        differences: from `differences`.
        exploring: from `exploring`.
    """

    rounds: pd.DataFrame
    checks: pd.DataFrame
    totals: pd.DataFrame
    differences: pd.DataFrame
    exploring: pd.DataFrame


def loop_tables(rounds: pd.DataFrame, checks: pd.DataFrame) -> LoopTables:
    """The tables of a loop.

    Args:
        rounds: as `run_loop` returns it.
        checks: as `rule_checks` returns it.
    """
    return LoopTables(
        rounds=rounds,
        checks=checks,
        totals=totals(rounds),
        differences=differences(rounds),
        exploring=exploring(rounds),
    )


def called(arm: str) -> str:
    """An arm as a reader calls it."""
    if arm == ORACLE:
        return "oracle"
    plain = arm.removesuffix(EXPLORING)
    return NAMES[plain] + (", exploring" if arm != plain else "")


def cumulative(rounds: pd.DataFrame, column: str = "expected") -> dict[str, FloatArray]:
    """Arm -> [seeds, rounds] sums of a column up to each round.

    Args:
        rounds: as `run_loop` returns it.
        column: of it.
    """
    table = rounds.pivot_table(index=["arm", "seed"], columns="round", values=column, sort=False)
    return {arm: table.loc[arm].to_numpy().cumsum(axis=1) for arm in rounds["arm"].unique()}


def mean_interval(values: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean over the first axis [S, ...] and its 95 % t interval; nan ends under `FEWEST` values."""
    # Imported late: it takes long.
    from scipy import stats

    count, mean = len(values), values.mean(axis=0)
    if count < FEWEST:
        nothing = np.full_like(mean, np.nan)
        return mean, nothing, nothing
    half = stats.t.ppf((1 + LEVEL) / 2, count - 1) * values.std(axis=0, ddof=1) / np.sqrt(count)
    return mean, mean - half, mean + half


def totals(rounds: pd.DataFrame) -> pd.DataFrame:
    """One row an arm, over all rounds: means over seeds.

    Returns:
        arm; expected, low, high (euros at the true probabilities); of_oracle (share of its
        expected reward, with of_oracle_low, of_oracle_high); reward (euros of the answers drawn);
        decisions; outbound; accepted (share); smallest_propensity.
    """
    last = {arm: sums[:, -1] for arm, sums in cumulative(rounds).items()}
    rows = []
    for arm, sums in last.items():
        mine = rounds[rounds["arm"] == arm]
        mean, low, high = mean_interval(sums)
        share, share_low, share_high = mean_interval(sums / last[ORACLE])
        seeds = mine["seed"].nunique()
        rows.append(
            {
                "arm": arm, "expected": mean, "low": low, "high": high,
                "of_oracle": share, "of_oracle_low": share_low, "of_oracle_high": share_high,
                "reward": mine["reward"].sum() / seeds,
                "decisions": mine["decisions"].sum() / seeds,
                "outbound": mine["outbound"].sum() / seeds,
                "accepted": mine["accepted"].sum() / max(mine["decisions"].sum(), 1),
                "smallest_propensity": mine["smallest_propensity"].min(),
            }
        )  # fmt: skip
    return pd.DataFrame(rows)


def differences(rounds: pd.DataFrame) -> pd.DataFrame:
    """Paired differences of expected reward between arms, on the same markets.

    Returns:
        arm, other, difference (euros), low, high, times (arm over other), p_value (paired t test,
        corrected by Holm over all rows) and verdict: win or loss where p_value is below 0.05, else
        tie; "" where there are fewer markets than `FEWEST`.
    """
    # Imported late: it takes long.
    from scipy import stats

    last = {arm: sums[:, -1] for arm, sums in cumulative(rounds).items()}
    rows: list[dict[str, object]] = []
    p_values: list[float] = []
    for arm, other in _pairs():
        apart = last[arm] - last[other]
        mean, low, high = mean_interval(apart)
        rows.append(
            {
                "arm": arm, "other": other, "difference": mean, "low": low, "high": high,
                "times": last[arm].sum() / last[other].sum(),
            }
        )  # fmt: skip
        is_tested = len(apart) >= FEWEST
        p_values.append(float(stats.ttest_1samp(apart, 0.0).pvalue) if is_tested else np.nan)
    table = pd.DataFrame(rows).assign(p_value=np.nan, verdict="")
    if not np.isnan(p_values).any():
        judged = with_verdicts(table.assign(p_value=p_values))
        table = table.assign(p_value=judged["p_holm"], verdict=judged["verdict"])
    return table


def exploring(rounds: pd.DataFrame) -> pd.DataFrame:
    """What exploring costs at once, and what its log earns later, in euros of expected reward.

    An exploring arm earns less than its own best offers would have: that is the cost. What these
    best offers earn beyond those of the same learner without exploration is what was learned.

    Returns:
        arm, cost, cost_low, cost_high, learned, learned_low, learned_high.
    """
    expected, greedy = cumulative(rounds), cumulative(rounds, "greedy")
    rows = []
    for look in looks():
        arm = f"{look}{EXPLORING}"
        best = greedy[arm][:, -1]
        cost = mean_interval(best - expected[arm][:, -1])
        learned = mean_interval(best - expected[look][:, -1])
        names = ("cost", "cost_low", "cost_high", "learned", "learned_low", "learned_high")
        rows.append(
            {
                "arm": arm,
                **dict(zip(names, [float(each) for each in (*cost, *learned)], strict=True)),
            }
        )
    return pd.DataFrame(rows)


def _pairs() -> Iterator[tuple[str, str]]:
    popularity, segment, one_to_one = looks()
    yield one_to_one, segment
    yield one_to_one, popularity
    yield segment, popularity
    for look in (one_to_one, segment, popularity):
        yield f"{look}{EXPLORING}", look
    yield ORACLE, one_to_one
