"""The ladder under the rules of a policy: each rung before and after, and what each rule costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.evaluation.intervals import Interval
from recsys.evaluation.permitted import HITS, VALUE, rule_costs
from recsys.experiments.pairs import LEVEL
from recsys.models.base import Recommender
from recsys.policy.permitted_products import PermittedProducts
from recsys.reports.ladder.rungs import ONE, RUNGS, Rungs

_WORTH = (columns.MARGIN, columns.PRICE)
"""Columns of products that a hit is worth, the first that the table has."""


@dataclass(frozen=True, kw_only=True, eq=False)
class AfterRules:
    """The rungs under a policy.

    Attributes:
        policy: its name; version: of its content.
        worth: the column that a right product is worth, or "" where each counts as 1.
        rungs: one row a rung and measure ("hits", "value"): rung, measure, free, left, taken, and
            the ends of their intervals (free_low, free_high, ...).
        rules: one row a rule and measure of one-to-one: rule, measure, cost, cost_low, cost_high.
    """

    policy: str
    version: str
    worth: str
    rungs: pd.DataFrame
    rules: pd.DataFrame


def after_rules(
    rungs: Rungs, window: Window, models: Sequence[Recommender], permitted: PermittedProducts
) -> AfterRules:
    """Ranks each rung without rules, under all, and one-to-one also without each rule.

    Args:
        rungs: the run of each rung.
        window: their validation window.
        models: fitted on its past, in the order of the rungs.
        permitted: the policy on that past.
    """
    worth, values = _values(window.past)
    rows, costs = [], []
    for rung, model in zip(RUNGS, models, strict=True):
        names = permitted.names if rung == ONE else []
        made = rule_costs(
            model.score, window.queries, rungs.k, names,
            permitted.variants if rung == ONE else lambda customers: iter([permitted(customers)]),
            values=values, level=LEVEL,
        )  # fmt: skip
        for measure in (HITS, VALUE):
            parts = {"free": made.free, "left": made.left, "taken": made.taken}
            rows.append({"rung": rung, "measure": measure} | _ends(parts, measure))
            costs += [
                {"rule": name, "measure": measure} | _ends({"cost": made.rules[name]}, measure)
                for name in names
            ]
    return AfterRules(
        policy=permitted.rules.name,
        version=permitted.rules.version,
        worth=worth,
        rungs=pd.DataFrame(rows),
        rules=pd.DataFrame(costs),
    )


def _ends(parts: Mapping[str, Mapping[str, Interval]], measure: str) -> dict[str, float]:
    named: dict[str, float] = {}
    for name, by_measure in parts.items():
        interval = by_measure[measure]
        named |= {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
    return named


def _values(data: Dataset) -> tuple[str, FloatArray | None]:
    """The column of worth and its [P] values; a product without one is worth 0."""
    table = data.side_tables.get("products")
    worth = next((name for name in _WORTH if table is not None and name in table), "")
    if table is None or not worth:
        return "", None
    values = np.zeros(len(data.products))
    values[data.products.rows(table[columns.PRODUCT])] = table[worth].fillna(0.0)
    return worth, values
