"""Several models on one window: who wins, by how much, and how sure that is."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.data.queries import Window
from recsys.errors import InputError
from recsys.evaluation.conventions.metric import by_convention
from recsys.evaluation.conventions.table import Library, WithoutTest
from recsys.evaluation.evaluate_model import Evaluation, Scored, evaluate
from recsys.evaluation.measures import OF_HITS, Metric, MetricFunction, measure_of, name_of
from recsys.evaluation.pairwise import holm_adjusted, pairwise
from recsys.ops.result_tables import html_table, text_table


@dataclass(frozen=True, kw_only=True, eq=False, repr=False)
class Comparison:
    """Every pair of models on the same queries.

    Attributes:
        metric: that the models are compared by.
        evaluations: name -> metrics of that model, best first.
        pairs: one row a pair: first, second, difference, low, high, p_value, p_holm, verdict.
            `verdict` is "win" or "loss" of the first where p_holm is below 1 - level, else "tie".
            low and high are the interval of that pair alone, before Holm's correction.
        winner: the model that wins against all others, or None where the best ties with another.
        level: confidence of the intervals.
    """

    metric: str
    evaluations: Mapping[str, Evaluation]
    pairs: pd.DataFrame
    winner: str | None
    level: float

    def frame(self) -> pd.DataFrame:
        """A copy of the pairs, one row each."""
        return self.pairs.copy()

    def leaderboard(self) -> pd.DataFrame:
        """One row a model, best first: mean, low, high and customers of the metric.

        low and high are the interval of that model alone. Intervals that overlap do not make a
        tie: the pairs tell who wins.
        """
        rows = {name: each.frame().loc[self.metric] for name, each in self.evaluations.items()}
        table = pd.DataFrame.from_dict(rows, orient="index")
        return table.astype({"customers": int}).rename_axis("model")

    @property
    def verdict(self) -> str:
        """The result in one sentence."""
        best = next(iter(self.evaluations))
        if self.winner is not None:
            return f"{best} wins by {self.metric} (Holm-corrected, {self.level:.0%})."
        involved = self.pairs[
            (self.pairs["verdict"] == "tie")
            & ((self.pairs["first"] == best) | (self.pairs["second"] == best))
        ]
        tied = sorted((set(involved["first"]) | set(involved["second"])) - {best})
        return f"Tie by {self.metric}: {best} is not surely better than {', '.join(tied)}."

    def __repr__(self) -> str:
        return text_table(self._title, self._header, self._rows, self.verdict)

    def _repr_html_(self) -> str:
        return html_table(self._title, self._header, self._rows, self.verdict)

    @property
    def _title(self) -> str:
        means = (
            f"{name} {evaluation.metrics[self.metric].mean:.4f}"
            for name, evaluation in self.evaluations.items()
        )
        return f"{self.metric}: {', '.join(means)}"

    @property
    def _header(self) -> tuple[str, ...]:
        return ("pair", "difference", "low", "high", "p (Holm)", "verdict")

    @property
    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                f"{row['first']} - {row['second']}", f"{row['difference']:+.4f}",
                f"{row['low']:+.4f}", f"{row['high']:+.4f}", f"{row['p_holm']:.3g}",
                str(row["verdict"]),
            )
            for row in self.pairs.to_dict("records")
        ]  # fmt: skip


def compare(
    models: Mapping[str, Scored],
    window: Window,
    *,
    metric: str | MetricFunction = "ndcg@10",
    k: int = 10,
    resamples: int = 1000,
    level: float = 0.95,
    convention: Library | None = None,
    without_test: WithoutTest | None = None,
) -> Comparison:
    """Compares models on the same queries by a paired bootstrap over customers.

    A win is a p-value, corrected by Holm for the number of pairs, below 1 - level; else it is a
    tie.

    Args:
        models: name -> a fitted model or score function, as `evaluate` takes; two or more.
        window: as `split.valid`.
        metric: a metric of hits at one length, as "recall@20"; or a function of your own as
            `recsys.evaluation.measures` describes them, which needs `hit` or `relevant`.
        k: length of the list for a function.
        resamples: bootstrap resamples of customers.
        level: confidence.
        convention: as for `evaluate`; a metric that is a ratio of sums is compared by its
            linearised values, see `recsys.evaluation.conventions.formulas.summed_precision`.
        without_test: as for `evaluate`.

    Raises:
        InputError: as `evaluate`; or there are fewer than two models, or the metric cannot be
            compared by.
    """
    if not isinstance(models, Mapping) or len(models) < 2:
        raise InputError("compare: expected at least two models by name, as {'als': als, ...}")
    column, measured, k = _of_hits(metric, k, convention)
    evaluations = {
        str(label): evaluate(model, window, ks=(k,), metrics=(measured,), resamples=resamples,
                             level=level, convention=convention, without_test=without_test)
        for label, model in models.items()
    }  # fmt: skip
    ordered = dict(sorted(evaluations.items(), key=lambda item: -item[1].metrics[column].mean))
    pairs = _pairs(ordered, column, resamples, level)
    best = next(iter(ordered))
    won = (pairs.loc[pairs["first"] == best, "verdict"] == "win").all()
    return Comparison(
        metric=column,
        evaluations=ordered,
        pairs=pairs,
        winner=best if won else None,
        level=level,
    )


def _of_hits(metric: Metric, k: int, convention: Library | None = None) -> tuple[str, Metric, int]:
    """Column, metric and k of a metric that models can be compared by."""
    if convention is not None:
        name, _, length = name_of(metric).partition("@")
        if not length.isdecimal():
            raise InputError(f"metric: expected a name with its length, as ndcg@10; got {metric!r}")
        (chosen,) = by_convention(convention, [name])
        return f"{name_of(chosen)}@{length}", chosen, int(length)
    if isinstance(metric, str):
        name, _, length = metric.partition("@")
        if name not in OF_HITS or not length.isdecimal():
            known = ", ".join(f"{known}@k" for known in OF_HITS)
            raise InputError(f"metric: expected one of {known}, as ndcg@10; got {metric!r}")
        return metric, name, int(length)
    measure = measure_of(metric)
    if measure is None or not measure.is_of_hits:
        raise InputError(
            f"metric: expected a function that needs hit or relevant, got {name_of(metric)}, which "
            "says nothing of better or worse"
        )
    return f"{measure.name}@{k}", metric, k


def _pairs(
    ordered: Mapping[str, Evaluation], metric: str, resamples: int, level: float
) -> pd.DataFrame:
    values = np.column_stack([e.per_query.values[metric] for e in ordered.values()])
    customers = next(iter(ordered.values())).per_query.customers
    tested = pairwise(values, customers, resamples=resamples, level=level)
    labels, corrected = list(ordered), holm_adjusted(tested.p_values)
    sure = corrected < 1 - level
    verdicts = np.where(~sure, "tie", np.where(tested.difference > 0, "win", "loss"))
    return pd.DataFrame(
        {
            "first": [labels[row] for row in tested.first],
            "second": [labels[row] for row in tested.second],
            "difference": tested.difference,
            "low": tested.difference_low,
            "high": tested.difference_high,
            "p_value": tested.p_values,
            "p_holm": corrected,
            "verdict": verdicts,
        }
    )
