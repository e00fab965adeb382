"""One model on one window: metrics with intervals, for a notebook or a script."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeAlias

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError
from recsys.evaluation.config import MeasureConfig
from recsys.evaluation.conventions.table import Library, WithoutTest
from recsys.evaluation.evaluate import measure, refuse_unknown
from recsys.evaluation.full_ranking import Score
from recsys.evaluation.intervals import Interval
from recsys.evaluation.measures import OF_CATALOGUE, USUAL, Metric, name_of
from recsys.evaluation.per_query import PerQuery
from recsys.evaluation.permitted import Permitted, under
from recsys.ops.result_tables import html_table, text_table


class Scorer(Protocol):
    """An object that scores all products for customers, as every model does."""

    def score(self, customers: IntArray) -> FloatArray:
        """Scores [Q, P] for row numbers [Q]; higher is better."""
        ...


Scored: TypeAlias = Scorer | Score
"""A fitted model, or a function of row numbers [Q] that returns scores [Q, P]."""

_HEADER = ("metric", "mean", "low", "high", "customers")


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Evaluation:
    """Metrics of one model on one window.

    Attributes:
        model: its name.
        metrics: name, as "ndcg@10" -> mean and interval over customers.
        per_query: one value a query, and metrics of all lists together.
        level: confidence of the intervals.
    """

    model: str
    metrics: Mapping[str, Interval]
    per_query: PerQuery
    level: float

    def frame(self) -> pd.DataFrame:
        """One row a metric: mean, low, high, customers."""
        rows = {
            name: (value.mean, value.low, value.high, value.customers)
            for name, value in self.metrics.items()
        }
        table = pd.DataFrame.from_dict(rows, orient="index", columns=list(_HEADER[1:]))
        return table.rename_axis("metric")

    def __repr__(self) -> str:
        return text_table(self._title, _HEADER, self._rows)

    def _repr_html_(self) -> str:
        return html_table(self._title, _HEADER, self._rows)

    @property
    def _title(self) -> str:
        return (
            f"{self.model}: {len(self.per_query.customers):,} queries, {self.level:.0%} intervals"
        )

    @property
    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (name, f"{v.mean:.4f}", f"{v.low:.4f}", f"{v.high:.4f}", f"{v.customers:,}")
            for name, v in self.metrics.items()
        ]


def evaluate(
    model: Scored,
    window: Window,
    *,
    ks: Sequence[int] = (5, 10, 20),
    metrics: Sequence[Metric] = USUAL,
    resamples: int = 1000,
    level: float = 0.95,
    permitted: Permitted | None = None,
    convention: Library | None = None,
    without_test: WithoutTest | None = None,
) -> Evaluation:
    """Ranks all products for every query of a window and measures the lists.

    Args:
        model: fitted on the past of the window, as `ALS().fit(split.train)`; or a function of row
            numbers [Q] that returns scores [Q, P].
        window: as `split.valid`.
        ks: lengths of the list.
        metrics: names of `recsys.evaluation.measures.METRICS`, and functions of your own as that
            module describes them; each is measured at every length.
        resamples: bootstrap resamples of customers.
        level: confidence of the intervals.
        permitted: row numbers of customers [n] -> [n, P] bool, products that may be ranked for
            them, such as `recsys.policy.permitted_products.PermittedProducts`; None for all.
        convention: a library by whose definitions metrics are measured, as "recbole"; None for
            ours.
        without_test: "zero" counts customers who were known before the window and have nothing
            relevant in it, "leave_out" does not; None as the convention has it.

    Returns:
        The metrics with their intervals; prints as a table, `.frame()` is a DataFrame.

    Raises:
        InputError: an argument cannot be used, a metric needs what the data do not have, or the
            model was fitted on other data or on events of the window.
    """
    if not set(map(name_of, metrics)) - set(OF_CATALOGUE):
        # Those of the catalogue have no interval.
        raise InputError(f"metrics: expected at least one beside {' and '.join(OF_CATALOGUE)}")
    config = MeasureConfig(
        ks=tuple(ks), metrics=tuple(metrics), resamples=resamples, level=level,
        convention=convention, without_test=without_test,
    )  # fmt: skip
    refuse_unknown(window.past, config)
    score = score_of(model, window)
    if permitted is not None:
        score = under(score, permitted)
    measured = measure(score, window, config)
    return Evaluation(
        model=type(model).__name__ if hasattr(model, "score") else "score",
        metrics={
            **measured.intervals,
            **{
                name: Interval(value, float("nan"), float("nan"), len(window.queries))
                for name, value in measured.per_query.catalogue.items()
            },
        },
        per_query=measured.per_query,
        level=level,
    )


def score_of(model: Scored, window: Window) -> Score:
    """The score function of a model that was fitted on the past of a window.

    Raises:
        InputError: it cannot score, or was fitted on other customers and products, or on events
            of the window.
    """
    score = getattr(model, "score", model)
    if not callable(score):
        raise InputError(
            f"evaluate: expected a model with a method 'score' or a function, got "
            f"{type(model).__name__}"
        )
    fitted = getattr(model, "fitted_data", None)
    if isinstance(fitted, Dataset) and fitted is not window.past:
        _require_past(type(model).__name__, fitted, window)
    return score


def _require_past(name: str, fitted: Dataset, window: Window) -> None:
    past = window.past
    if not (
        _is_same(fitted.customers, past.customers) and _is_same(fitted.products, past.products)
    ):
        raise InputError(
            f"{name} was fitted on other data than this window's; fit it on split.train first"
        )
    if len(fitted.interactions) > len(past.interactions):
        raise InputError(
            f"{name} was fitted on events of this window or later; fit it on split.train first"
        )


def _is_same(left: Vocabulary, right: Vocabulary) -> bool:
    return left is right or np.array_equal(left.ids, right.ids)
