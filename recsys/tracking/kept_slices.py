"""Slices of a run as its `metrics.json` keeps them."""

import math
from typing import Any

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval


def slices_of(found: Any) -> dict[str, dict[str, dict[str, Interval]]]:
    """Dimension -> slice -> metric -> interval, out of "slices" of `metrics.json`.

    Raises:
        InputError: there is something else in its place.
    """
    try:
        return _slices(found)
    except (AttributeError, TypeError, ValueError):
        raise InputError("metrics.json: slices: expected intervals by slice") from None


def _slices(found: Any) -> dict[str, dict[str, dict[str, Interval]]]:
    # Earlier runs were sliced by history alone, and did not name it.
    if any("mean" in metric for part in found.values() for metric in part.values()):
        found = {"history": found}
    slices = {
        dimension: {
            name: {metric: Interval(**value) for metric, value in part.items()}
            for name, part in parts.items()
        }
        for dimension, parts in found.items()
    }
    for parts in slices.values():
        for part in parts.values():
            for interval in part.values():
                _require_numbers(interval)
    return slices


def _require_numbers(interval: Interval) -> None:
    """Raises `TypeError` unless all four are finite numbers, the customers whole."""
    ends = (interval.mean, interval.low, interval.high)
    if not all(isinstance(one, int | float) and math.isfinite(one) for one in ends):
        raise TypeError
    if not isinstance(interval.customers, int):
        raise TypeError
