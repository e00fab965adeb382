"""Size, value, drift, stability and overlap of segments, each with an interval."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit

from recsys.arrays import BoolArray, FloatArray
from recsys.customers.segments.members import STAGE, Members

_Z = 1.959963984540054
FEWEST = 20
"""Customers of a cell of segment and stage that is ranked."""


@dataclass(frozen=True)
class Estimate:
    """A number with the ends of its 95 % interval; nan where there is none."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, kw_only=True)
class SegmentSummary:
    """What a segment is like.

    Attributes:
        name: of the segment, or of a band, cell or stage as `value_band=high`.
        customers: its size.
        share: of the known customers.
        value: mean of its customers.
        value_share: of the value of all.
        drift: share of the customers known at both cut-offs now, less that at the earlier one.
        stays: share of its customers at the earlier cut-off that are still in it.
    """

    name: str
    customers: int
    share: Estimate
    value: Estimate
    value_share: float
    drift: Estimate
    stays: Estimate


@dataclass(frozen=True, kw_only=True)
class Cell:
    """Customers of a segment at a stage of the journey, with the mean of their value."""

    segment: str
    stage: str
    customers: int
    value: Estimate


@dataclass(frozen=True, kw_only=True)
class Overlap:
    """Two segments that share customers.

    Attributes:
        first, second: their names.
        both: customers in both.
        jaccard: these as share of the customers in either.
    """

    first: str
    second: str
    both: int
    jaccard: float


def masks(members: Members) -> dict[str, BoolArray]:
    """Every segment, and every name of a band, cell or stage, -> [n] bool."""
    every = dict(members.segments)
    for name, labels in members.labels.items():
        for label in sorted({label for label in labels if label is not None}):
            every[f"{name}={label}"] = labels == label
    return every


def summaries(now: Members, before: Members) -> list[SegmentSummary]:
    """One of each segment, the most valuable customers first.

    Args:
        now: as of the cut-off.
        before: as of an earlier one.
    """
    current, former = masks(now), masks(before)
    both, at_now, at_before = np.intersect1d(
        now.customers, before.customers, assume_unique=True, return_indices=True
    )
    total = np.nansum(now.value)
    made = []
    for name, mask in current.items():
        was = former.get(name, np.zeros(len(before.customers), dtype=bool))
        stayed = mask[at_now] & was[at_before]
        change = mask[at_now].astype(np.float64) - was[at_before]
        made.append(
            SegmentSummary(
                name=name,
                customers=int(mask.sum()),
                share=share(int(mask.sum()), len(mask)),
                value=mean(now.value[mask]),
                value_share=float(np.nansum(now.value[mask]) / total) if total else np.nan,
                drift=mean(change) if len(both) else Estimate(np.nan, np.nan, np.nan),
                stays=share(int(stayed.sum()), int(was.sum())),
            )
        )
    return sorted(made, key=lambda each: -np.nan_to_num(each.value.value, nan=-np.inf))


def ranked_cells(now: Members, fewest: int = FEWEST) -> list[Cell]:
    """Segment x stage of at least so many customers, the greatest mean value first."""
    stages = now.labels.get(STAGE)
    if stages is None:
        return []
    at_stage = {str(stage): stages == stage for stage in sorted(set(stages))}
    cells = [
        Cell(segment=name, stage=stage, customers=int(inside.sum()), value=mean(now.value[inside]))
        for name, mask in masks(now).items()
        if not name.startswith(f"{STAGE}=")
        for stage, there in at_stage.items()
        if (inside := mask & there).sum() >= fewest
    ]
    return sorted(cells, key=lambda cell: -np.nan_to_num(cell.value.value, nan=-np.inf))


def overlaps(segments: Mapping[str, BoolArray]) -> list[Overlap]:
    """Pairs of segments that share customers, the greatest share first."""
    names = list(segments)
    if not names:
        return []
    table = np.stack([segments[name] for name in names]).astype(np.float64)
    both = table @ table.T
    return sorted(_pairs(names, both), key=lambda pair: -pair.jaccard)


def _pairs(names: list[str], both: FloatArray) -> Iterator[Overlap]:
    size = np.diag(both)
    for i, first in enumerate(names):
        for j in range(i + 1, len(names)):
            if both[i, j]:
                either = size[i] + size[j] - both[i, j]
                yield Overlap(first=first, second=names[j], both=int(both[i, j]),
                              jaccard=float(both[i, j] / either))  # fmt: skip


def share(count: float, of: int) -> Estimate:
    """A share with Wilson's (1927) interval; nan of nothing."""
    if not of:
        return Estimate(np.nan, np.nan, np.nan)
    rate, spread = count / of, _Z**2 / of
    middle = (rate + spread / 2) / (1 + spread)
    half = _Z / (1 + spread) * np.sqrt(rate * (1 - rate) / of + spread / (4 * of))
    return Estimate(rate, float(max(middle - half, 0.0)), float(min(middle + half, 1.0)))


def mean(values: FloatArray) -> Estimate:
    """A mean of customers with Student's interval; values that are nan do not count."""
    known = values[~np.isnan(values)]
    if not len(known):
        return Estimate(np.nan, np.nan, np.nan)
    centre = float(known.mean())
    if len(known) < 2:
        return Estimate(centre, -np.inf, np.inf)
    half = float(stdtrit(len(known) - 1, 0.975) * known.std(ddof=1) / np.sqrt(len(known)))
    return Estimate(centre, centre - half, centre + half)
