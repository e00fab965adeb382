"""One column in a few numbers, and how far another column is from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from recsys.data.categories import plain
from recsys.data.kinds import kind_of

_LEVELS = np.linspace(0.1, 0.9, 9)
_MOST_VALUES = 50
"""Columns of more distinct texts are ids, names or free text, whose shares say nothing."""


@dataclass(frozen=True, kw_only=True)
class ColumnSketch:
    """A column of n rows.

    Attributes:
        rows: n.
        empty: share of missing cells.
        points: of numbers, their deciles, ascending.
        below: share of the numbers at or below each point.
        shares: of texts and flags, value -> share of the cells that are not missing; empty where
            there are too many values.
    """

    rows: int
    empty: float
    points: tuple[float, ...] = ()
    below: tuple[float, ...] = ()
    shares: Mapping[str, float] = field(default_factory=dict)


def sketch(column: pd.Series) -> ColumnSketch:
    """The sketch of a checked column."""
    present = plain(column).dropna()
    rows, empty = len(column), 1 - len(present) / max(len(column), 1)
    if _is_number(present):
        numbers = present.to_numpy(np.float64)
        points = np.unique(np.quantile(numbers, _LEVELS)) if len(numbers) else np.empty(0)
        return ColumnSketch(
            rows=rows,
            empty=empty,
            points=tuple(points.tolist()),
            below=tuple(_share_below(numbers, points).tolist()),
        )
    return ColumnSketch(rows=rows, empty=empty, shares=_shares(present))


def drift(former: ColumnSketch, column: pd.Series) -> float:
    """How far a column is from a sketch, from 0 for none to 1.

    The larger of two: by how much the share of missing cells differs; and the distance of what is
    there, of numbers Kolmogorov's (the largest difference between distribution functions, here at
    the former deciles), of texts and flags the total variation (the share that would have to
    change its value).

    Args:
        former: of the same column, of other data.
        column: checked.
    """
    present = plain(column).dropna()
    changes = [abs(1 - len(present) / max(len(column), 1) - former.empty)]
    if len(present) and former.points and _is_number(present):
        below = _share_below(present.to_numpy(np.float64), np.array(former.points))
        changes.append(float(np.abs(below - np.array(former.below)).max()))
    elif len(present) and former.shares:
        shares = _shares(present, most=None)
        changes.append(
            sum(
                abs(shares.get(value, 0) - former.shares.get(value, 0))
                for value in {*shares, *former.shares}
            )
            / 2
        )
    return max(changes)


def sketchable(table: str, frame: pd.DataFrame) -> list[str]:
    """The columns whose values have a distribution: no ids and no moments."""
    return [name for name in map(str, frame) if kind_of(table, name) not in ("id", "moment")]


def _is_number(column: pd.Series) -> bool:
    return pd.api.types.is_numeric_dtype(column) and not pd.api.types.is_bool_dtype(column)


def _share_below(numbers: np.ndarray, points: np.ndarray) -> np.ndarray:
    """[p] share of the numbers at or below each of p points."""
    return np.searchsorted(np.sort(numbers), points, side="right") / max(len(numbers), 1)


def _shares(present: pd.Series, most: int | None = _MOST_VALUES) -> dict[str, float]:
    counts = present.value_counts(normalize=True, sort=False)
    if most is not None and len(counts) > most:
        return {}
    return {str(value): float(share) for value, share in counts.items()}
