"""The weekly hazard of each life event: a multinomial logistic regression, boosted trees, or both.

h_k(j | x) = P(the event of kind k happens in week j after a moment | none before it, x)

with x as of the moment (Allison, 1982; with x fixed at a landmark, van Houwelingen, 2007).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.journeys.boosting import fit_trees
from recsys.journeys.life_events.history import COUNT, NUMBER, SINCE
from recsys.ops.trees import Trees

Method: TypeAlias = Literal["logistic", "boosting", "mean"]
METHODS: tuple[str, ...] = get_args(Method)
_FADES = 30.0
"""Days in which what was seen fades to 1 / e."""
_NEAR = 4.0
"""Weeks in which the effect of what was seen may fade to 1 / e."""
_BINS = 12
_INVERSE_PENALTY = 0.002
_ROUNDS = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class Logistic:
    """Margins that are linear in the logarithm of counts and in fading days.

    Numbers such as the age are cut at quantiles, so that their effect may bend. Each column has an
    effect in all weeks, and one that fades with the weeks.

    Attributes:
        names: [F] of the columns.
        cuts: column -> where it is cut.
        mean, scale: [D] of the encoded columns.
        coefficients: [K + 1, 2 D + 2]; intercept: [K + 1].
    """

    names: Sequence[str]
    cuts: dict[str, FloatArray]
    mean: FloatArray
    scale: FloatArray
    coefficients: FloatArray
    intercept: FloatArray

    def margins(self, values: FloatArray, weeks: int) -> FloatArray:
        """[n, weeks, K + 1] of rows [n, F]."""
        lasting, fading = self._of_rows(values)
        near = np.exp(-np.arange(weeks) / _NEAR)
        return np.asarray(
            lasting[:, None] + near[:, None] * fading[:, None] + self._of_weeks(weeks)
        )

    def at(self, values: FloatArray, week: IntArray) -> FloatArray:
        """[n, K + 1] of rows [n, F], each in one week [n]."""
        lasting, fading = self._of_rows(values)
        near = np.exp(-week / _NEAR)
        of_weeks = self._of_weeks(int(week.max(initial=0)) + 1)
        return np.asarray(lasting + near[:, None] * fading + of_weeks[week])

    def _of_rows(self, values: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Effects [n, K + 1] in all weeks, and those that fade with the weeks."""
        encoded = (_encoded(values, self.names, self.cuts) - self.mean) / self.scale
        size = encoded.shape[1]
        return (
            encoded @ self.coefficients[:, :size].T,
            encoded @ self.coefficients[:, size : 2 * size].T,
        )

    def _of_weeks(self, weeks: int) -> FloatArray:
        """[weeks, K + 1] effects of the weeks alone."""
        of_week = self.coefficients[:, 2 * len(self.mean) :]
        return np.asarray(_of_weeks(np.arange(weeks)) @ of_week.T + self.intercept)


@dataclass(frozen=True, kw_only=True, eq=False)
class Boosted:
    """Margins of trees that have the week as their last column."""

    trees: Trees

    def margins(self, values: FloatArray, weeks: int) -> FloatArray:
        """[n, weeks, K + 1] of rows [n, F]."""
        every = [self.at(values, np.full(len(values), week)) for week in range(weeks)]
        return np.stack(every, axis=1)

    def at(self, values: FloatArray, week: IntArray) -> FloatArray:
        """[n, K + 1] of rows [n, F], each in one week [n]."""
        return self.trees.margins(np.column_stack([values, week]).astype(np.float64))


@dataclass(frozen=True, kw_only=True, eq=False)
class Mean:
    """The mean of the log odds of others against none."""

    parts: Sequence[Logistic | Boosted]

    def margins(self, values: FloatArray, weeks: int) -> FloatArray:
        """[n, weeks, K + 1] of rows [n, F]."""
        return _mean([part.margins(values, weeks) for part in self.parts])

    def at(self, values: FloatArray, week: IntArray) -> FloatArray:
        """[n, K + 1] of rows [n, F], each in one week [n]."""
        return _mean([part.at(values, week) for part in self.parts])


Hazards: TypeAlias = Logistic | Boosted | Mean


def fit_hazards(
    values: FloatArray,
    names: Sequence[str],
    pair: IntArray,
    week: IntArray,
    outcome: IntArray,
    method: Method,
) -> Hazards:
    """Fits periods.

    Args:
        values: [M, F] of pairs of a customer and a moment, nan for none.
        names: [F].
        pair: [N] the pair of each period.
        week: [N].
        outcome: [N] 0 for none, or a kind plus 1; each of them at least once.
        method: "logistic", "boosting", or "mean" of both.
    """
    if method == "logistic":
        return _fit_logistic(values, names, pair, week, outcome)
    if method == "boosting":
        return _fit_boosted(values, pair, week, outcome)
    return Mean(
        parts=[
            _fit_logistic(values, names, pair, week, outcome),
            _fit_boosted(values, pair, week, outcome),
        ]
    )


def _fit_boosted(values: FloatArray, pair: IntArray, week: IntArray, outcome: IntArray) -> Boosted:
    rows = np.column_stack([values[pair], week])
    return Boosted(
        trees=fit_trees(rows, outcome, trees=_ROUNDS, learning_rate=0.08, leaves=6, least=60)
    )


def _fit_logistic(
    values: FloatArray, names: Sequence[str], pair: IntArray, week: IntArray, outcome: IntArray
) -> Logistic:
    # Imported late: it takes long.
    from sklearn.linear_model import LogisticRegression

    cuts = {name: _cuts(values[:, place]) for place, name in enumerate(names)
            if name.startswith(NUMBER)}  # fmt: skip
    encoded = _encoded(values, names, cuts)
    mean, scale = encoded.mean(axis=0), encoded.std(axis=0)
    scale[scale == 0] = 1
    encoded = ((encoded - mean) / scale)[pair]
    near = np.exp(-week / _NEAR)[:, None] * encoded
    design = np.column_stack([encoded, near, _of_weeks(week)])
    # The tolerance is far below what changes a probability in its third digit.
    model = LogisticRegression(C=_INVERSE_PENALTY, max_iter=300, tol=1e-3).fit(design, outcome)
    coefficients, intercept = model.coef_, model.intercept_
    if len(coefficients) == 1:  # of two classes scikit-learn keeps the second alone
        coefficients = np.vstack([np.zeros_like(coefficients), coefficients])
        intercept = np.append(0.0, intercept)
    return Logistic(
        names=tuple(names),
        cuts=cuts,
        mean=mean,
        scale=scale,
        coefficients=coefficients,
        intercept=intercept,
    )


def _mean(margins: Sequence[FloatArray]) -> FloatArray:
    return np.asarray(np.mean([each - each[..., :1] for each in margins], axis=0))


def _cuts(column: FloatArray) -> FloatArray:
    known = column[~np.isnan(column)]
    return np.unique(np.quantile(known, np.arange(1, _BINS) / _BINS)) if len(known) else known


def _of_weeks(week: IntArray) -> FloatArray:
    return np.column_stack([week / 10, np.exp(-week / _NEAR)])


def _encoded(values: FloatArray, names: Sequence[str], cuts: dict[str, FloatArray]) -> FloatArray:
    """[n, D] columns in which the log odds are about linear; what is missing is 0."""
    parts = []
    for place, name in enumerate(names):
        column = values[:, place]
        if name.startswith(SINCE):
            column = np.exp(-np.nan_to_num(column, nan=np.inf) / _FADES)
        elif name.startswith(COUNT):
            column = np.log1p(column)
        elif name.startswith(NUMBER):
            places = np.arange(1, len(cuts[name]) + 1)
            parts.append(np.searchsorted(cuts[name], column)[:, None] == places)
            continue
        parts.append(np.nan_to_num(column)[:, None])
    return np.hstack(parts).astype(np.float64)
