"""The probability that a customer accepts an offer at a touchpoint, from scores, in plain arrays.

With the vectors c of the customer, o of the offer and t of the touchpoint (in a daypart of the
customer's own clock, where the artifact knows dayparts) the log-odds are

    intercept + score c.o + touchpoint_score (c.t + o.t) + touchpoints[t] + offers[o].

`recsys.exporting.acceptance_odds` fits them on logged decisions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.serving.artifact import checks

_PREFIX = "odds_"
_NAMES = ("line", "touchpoints", "offers")


@dataclass(frozen=True, kw_only=True, eq=False)
class AcceptanceOdds:
    """Coefficients of the log-odds, for T touchpoints and O offers.

    Attributes:
        line: [3] float32: the intercept, the weight of c.o, and that of c.t + o.t; the weights are
            at least 0, so that a higher score is never a lower probability.
        touchpoints: [T] float32, added at each touchpoint.
        offers: [O] float32, added for each offer: the effect of its message variant.

    Raises:
        InputError: types or shapes do not fit together, or a weight is below 0.
    """

    line: FloatArray
    touchpoints: FloatArray
    offers: FloatArray

    def __post_init__(self) -> None:
        checks.vector("decisions.odds.line", self.line, 3)
        if self.line[1:].min() < 0:
            raise InputError(
                "contents.decisions.odds.line: expected weights of at least 0, got "
                f"{self.line[1]:g} and {self.line[2]:g}"
            )

    def require_fits(self, touchpoints: int, offers: int) -> None:
        """Raises `InputError` unless it is of so many touchpoints and offers."""
        checks.vector("decisions.odds.touchpoints", self.touchpoints, touchpoints)
        checks.vector("decisions.odds.offers", self.offers, offers)

    def arrays(self) -> dict[str, FloatArray]:
        """The arrays kept with the vectors, by their names on disk."""
        return {f"{_PREFIX}{name}": getattr(self, name) for name in _NAMES}


def restored(arrays: Mapping[str, Any]) -> AcceptanceOdds:
    """The odds of `AcceptanceOdds.arrays`. Raises `LookupError` where an array is missing."""
    return AcceptanceOdds(**{name: arrays[f"{_PREFIX}{name}"] for name in _NAMES})


def probability(log_odds: FloatArray) -> FloatArray:
    """1 / (1 + exp(-x)) in the type of the log-odds."""
    # Beyond 80 the exponential overflows in float32; the probability is 0 or 1 long before.
    clipped = np.clip(log_odds, -80, 80)
    np.negative(clipped, out=clipped)
    np.exp(clipped, out=clipped)
    clipped += 1
    return np.asarray(np.divide(1, clipped, out=clipped))
