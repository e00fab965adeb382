"""What differs between two maps, with simultaneous intervals: customers are resampled."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.evaluation.intervals import resampled_sums
from recsys.journeys.journey_map.flows import STEP, stage_moves, stage_pairs
from recsys.journeys.journey_map.links import Links, links_of
from recsys.journeys.journey_map.paths import STAGES, START, Paths
from recsys.journeys.purposes.tables import PURPOSE

REACHES, GOES_TO, BOUGHT_SHARE, MEAN_DAYS = "reaches", "goes to", "bought", "mean days"
MORE, LESS, NOT_SURE, TOO_FEW = "more", "less", "not sure", "too few"
LEAST = 20
"""Customers that a share needs in both groups."""
_GROUPS = 2_000
"""Customers are resampled in so many groups at most, drawn at random."""


@dataclass(frozen=True)
class _Ratio:
    """Columns of sums whose ratio is compared, and what it is about."""

    what: str
    above: int
    below: int
    labels: tuple[str, ...]


@dataclass(frozen=True)
class _Columns:
    """Where the sums of each kind begin, behind those of nodes (start: all strands), and end.

    Attributes:
        links: that strands took.
        bought, strands: of purposes.
        days: and moves, in turn, of pairs of stages.
        stages: that strands came to.
        width: how many columns there are.
    """

    links: int
    bought: int
    strands: int
    days: int
    stages: int
    width: int

    @classmethod
    def of(cls, nodes: int, links: int, purposes: int) -> "_Columns":
        sizes = (nodes, links, purposes, purposes, 2 * len(stage_pairs()), len(STAGES))
        return cls(*accumulate(sizes))


@dataclass(frozen=True, eq=False)
class _Sums:
    """Sums [G, M] of groups of customers, and customers [M] with anything in a column."""

    amounts: FloatArray
    customers: IntArray


def difference_table(
    first: Paths,
    second: Paths,
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> pd.DataFrame:
    """First less second, for everything that a map shows.

    Both groups are made of the same customers' row numbers and may share some: customers are
    resampled (Efron, 1979) with all that they have in both. Beyond 2,000 customers it is groups of
    customers, drawn at random, that are resampled: sums of independent customers have the same
    variance, and time and memory stay small.

    Intervals hold together, all of them with the probability `level`: each is as many standard
    errors wide as the largest deviation of any ratio in a resample (single-step max-t, Westfall and
    Young, Resampling-based multiple testing, 1993, chapter 2). Resamples
    understate the error of rare things, a share of 0 would have none at all: so none of a share
    counts less than that of a binomial share which is the same in both groups.

    Args:
        first: paths of one group.
        second: of another, with the same touchpoints and purposes.
        resamples: number of resamples.
        level: confidence, as 0.95.
        seed: of groups and resamples.

    Returns:
        One row a comparison: what ("reaches" a stage at a touchpoint, of all strands; "goes to"
        something, of those there; "bought", of a purpose; "mean days" between stages), purpose,
        from_stage, from_touchpoint, to_stage, to_touchpoint ("" where it has none), first, second,
        difference, low, high, verdict ("more", "less", "not sure" where the interval holds zero,
        "too few" without interval where fewer than 20 customers of a group make a ratio).
    """
    pair = links_of(first), links_of(second)
    codes = np.union1d(pair[0].code, pair[1].code)
    at = _Columns.of(pair[0].nodes, len(codes), len(first.purposes))
    ratios = list(_ratios(pair[0], codes, first.purposes, at))
    people = np.union1d(first.customer, second.customer)
    rng = np.random.default_rng(seed)
    groups = min(len(people), _GROUPS)
    group = np.empty(int(people.max(initial=-1)) + 1, np.int64)
    group[people] = rng.permutation(len(people)) % max(groups, 1)
    sums = [
        _sums(paths, links, codes, at, group, groups)
        for paths, links in zip((first, second), pair, strict=True)
    ]
    above = np.array([ratio.above for ratio in ratios])
    below = np.array([ratio.below for ratio in ratios])
    both = np.concatenate([part.amounts for part in sums], axis=1)
    draws = resampled_sums(both, resamples, seed)
    values = [_divided(part.amounts.sum(axis=0)[None], above, below)[0] for part in sums]
    drawn = _divided(draws[:, : at.width], above, below) - _divided(
        draws[:, at.width :], above, below
    )
    difference = values[0] - values[1]
    enough = np.minimum(*(part.customers[below] for part in sums)) >= LEAST
    is_share = np.array([ratio.what != MEAN_DAYS for ratio in ratios])
    low, high = _ends(difference, drawn, _least_error(sums, above, below, is_share), enough, level)
    low = np.where(is_share, np.maximum(low, -1), low)
    high = np.where(is_share, np.minimum(high, 1), high)
    return pd.DataFrame(
        {
            "what": [ratio.what for ratio in ratios],
            **{
                name: [ratio.labels[row] for ratio in ratios]
                for row, name in enumerate((PURPOSE, *STEP))
            },
            "first": values[0],
            "second": values[1],
            "difference": difference,
            "low": low,
            "high": high,
            "verdict": np.select(
                [~enough, low > 0, high < 0], [TOO_FEW, MORE, LESS], default=NOT_SURE
            ).astype(object),
        }
    )


def _ratios(
    links: Links, codes: IntArray, purposes: tuple[str, ...], at: _Columns
) -> Iterator[_Ratio]:
    """All that is compared."""
    nodes, start = links.nodes, links.start
    for row, stage in enumerate(STAGES):
        yield _Ratio(REACHES, at.stages + row, start, ("", "", "", stage, ""))
    for node in np.unique(codes % nodes).tolist():
        labels = ("", "", "", links.stage(node), links.touchpoint(node))
        yield _Ratio(REACHES, node, start, labels)
    for row, code in enumerate(codes.tolist()):
        if links.stage(code // nodes) != START:
            yield _Ratio(GOES_TO, at.links + row, code // nodes, ("", *links.labels(code)))
    for row, name in enumerate(purposes):
        yield _Ratio(BOUGHT_SHARE, at.bought + row, at.strands + row, (name, "", "", "", ""))
    for number, (row, after) in enumerate(stage_pairs()):
        days = at.days + 2 * number
        yield _Ratio(MEAN_DAYS, days, days + 1, ("", STAGES[row], "", STAGES[after], ""))


def _sums(
    paths: Paths, links: Links, codes: IntArray, at: _Columns, group: IntArray, groups: int
) -> _Sums:
    """The sums of groups of customers."""
    row = np.searchsorted(codes, links.code)
    bought = np.flatnonzero(paths.is_bought)
    strands = np.arange(len(paths))
    ones = [
        # Everybody who begins is at the start; others are where their links lead to.
        (links.strand, links.target),
        (strands, np.full(len(paths), links.start)),
        (links.strand, at.links + row),
        (bought, at.bought + paths.purpose[bought]),
        (strands, at.strands + paths.purpose),
        (paths.strand, at.stages + paths.stage),
    ]
    moves = stage_moves(links.source, links.target, len(links.touchpoints))
    for number, (_, _, mask) in enumerate(moves):
        ones.append((links.strand[mask], np.full(mask.sum(), at.days + 2 * number + 1)))
    strand, column = (np.concatenate(parts) for parts in zip(*ones, strict=True))
    place = group[paths.customer[strand]] * at.width + column
    amounts = np.bincount(place, minlength=groups * at.width).astype(np.float64)
    amounts = amounts.reshape(groups, at.width)
    for number, (_, _, mask) in enumerate(moves):
        amounts[:, at.days + 2 * number] = np.bincount(
            group[paths.customer[links.strand[mask]]], links.days[mask], groups
        )
    pairs = np.unique(paths.customer[strand].astype(np.int64) * at.width + column)
    return _Sums(amounts, np.bincount(pairs % at.width, minlength=at.width))


def _divided(sums: FloatArray, above: IntArray, below: IntArray) -> FloatArray:
    """[R, N] ratios of columns; NaN where there is nothing below."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[:, above] / sums[:, below])


def _least_error(
    sums: list[_Sums], above: IntArray, below: IntArray, is_share: BoolArray
) -> FloatArray:
    """[N] standard error of the difference of binomial shares that are one; 0 of what is none."""
    counts = [part.amounts.sum(axis=0) for part in sums]
    total = counts[0] + counts[1]
    share = np.where(is_share, (total[above] + 1) / (total[below] + 2), 0.0)
    sizes = [np.maximum(count[below], 1) for count in counts]
    return np.asarray(np.sqrt(share * (1 - share) * (1 / sizes[0] + 1 / sizes[1])))


def _ends(
    difference: FloatArray, drawn: FloatArray, least: FloatArray, used: BoolArray, level: float
) -> tuple[FloatArray, FloatArray]:
    """[N] lower and upper ends of intervals that hold together; NaN where not used."""
    low, high = np.full(len(used), np.nan), np.full(len(used), np.nan)
    if used.any():
        apart = drawn[:, used]
        error = np.maximum(np.nanstd(apart, axis=0, ddof=1), least[used])
        error = np.where(error > 0, error, np.inf)
        largest = np.nanmax(np.abs(apart - difference[used]) / error, axis=1)
        reach = np.quantile(largest, level) * np.where(np.isfinite(error), error, 0)
        low[used], high[used] = difference[used] - reach, difference[used] + reach
    return low, high
