"""Expected calibration error: how far probabilities are from the rates that follow them."""

from typing import Literal

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.events import checked


def expected_calibration_error(
    probability: FloatArray,
    outcome: BoolArray | IntArray | FloatArray,
    *,
    bins: int = 10,
    equal: Literal["width", "count"] = "width",
) -> float:
    """Mean distance of forecast and rate over bins of similar forecasts, weighted by their events.

    ece = sum_b n_b / N * |mean of p in b - mean of y in b|

    Bins of equal width (b / B, (b + 1) / B] as in Guo et al. (2017). Where the outcome is rare, as
    an accepted offer is, they put nearly all events into the first; bins of equal count (Nguyen
    and O'Connor, 2015) follow the forecasts. Equal forecasts always share a bin.

    Args:
        probability: [N] that the outcome is 1.
        outcome: [N] 0 or 1.
        bins: B, how many.
        equal: what the bins have equal.

    Returns:
        Between 0 and 1.
    """
    p, y = checked(probability, outcome)
    inner = np.arange(1, bins) / bins
    edges = inner if equal == "width" else np.quantile(p, inner, method="inverted_cdf")
    excess = np.bincount(np.searchsorted(edges, p, side="left"), weights=p - y)
    return float(np.abs(excess).sum() / len(p))
