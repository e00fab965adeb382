"""Calibrates margins of hazards on customers that they were not fitted on."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.journeys.life_events.hazards import Hazards

_LEAST_SLOPE = 0.05
"""So that a map always rises."""
_HALVES = 2


@dataclass(frozen=True, kw_only=True, eq=False)
class Bends:
    """For each of K kinds the log odds a + b m + c max(m, 0) of a margin m against none.

    Signs that add up in a linear margin make an event ever more certain, while in truth no sign
    says when it comes: above even odds the line may be less steep (as the line of Platt, 1999, with
    a second slope).

    Attributes:
        lines: [K, 3] a, b and c.
    """

    lines: FloatArray

    def __call__(self, margins: FloatArray) -> FloatArray:
        """[..., K] calibrated margins."""
        a, b, c = self.lines.T
        return np.asarray(a + b * margins + c * np.maximum(margins, 0))


def fit_bends(
    fit: Callable[[IntArray], Hazards],
    values: FloatArray,
    pair: IntArray,
    week: IntArray,
    outcome: IntArray,
    customers: IntArray,
) -> Bends:
    """Fits on one half of the customers, and calibrates on the other; then the other way round.

    Args:
        fit: fits some periods, given their row numbers.
        values: [M, F] of pairs; see `fit_hazards`.
        pair: [N] of each period.
        week: [N].
        outcome: [N] 0 for none, or a kind plus 1.
        customers: [M] of the pairs.
    """
    # Row numbers are shuffled when data are loaded, so odd and even ones are two random halves.
    half = (customers % _HALVES)[pair]
    margins = np.zeros((len(pair), int(outcome.max())))
    for number in range(_HALVES):
        model = fit(np.flatnonzero(half != number))
        rows = np.flatnonzero(half == number)
        every = model.at(values[pair[rows]], week[rows])
        margins[rows] = every[:, 1:] - every[:, :1]
    return Bends(lines=np.stack([_line(margins[:, k], outcome, k + 1)
                                 for k in range(margins.shape[1])]))  # fmt: skip


def _line(margin: FloatArray, outcome: IntArray, kind: int) -> FloatArray:
    # Imported late: it takes long.
    from sklearn.linear_model import LogisticRegression

    compared = (outcome == 0) | (outcome == kind)
    m, came = margin[compared], outcome[compared] == kind
    design = np.column_stack([m, np.maximum(m, 0)])
    # All but unpenalised.
    model = LogisticRegression(C=1e6, max_iter=200).fit(design, came)
    slope = max(float(model.coef_[0, 0]), _LEAST_SLOPE)
    return np.array([model.intercept_[0], slope, max(model.coef_[0, 1], _LEAST_SLOPE - slope)])
