"""Two-step plans as a table with a row a customer, as lines, as a page and as figures."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.journeys.plans.effects import AfterEffects
from recsys.journeys.plans.learn import effect_table
from recsys.policy.compiled import CompiledRules
from recsys.reports.rendering import Cells, PageTable, TableCell, render, table_lines
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import plain_column
from recsys.serving.decide.logits import Logits
from recsys.serving.decide.step_plans import Offered, Steps, TwoStepPlans, step_times

PAGE = "plans.html"
"""File name of the page."""

_Z = 1.959964
_SHOWN = 15
"""Plans on the page: those that gain most."""


@dataclass(frozen=True, kw_only=True, eq=False)
class PlanReport:
    """What is shown of plans.

    Attributes:
        steps: how they were made.
        effects: of outcomes, as learned.
        told: whether plans use them.
        table: one row a customer, see `plan_table`.
    """

    steps: Steps
    effects: AfterEffects
    told: bool
    table: pd.DataFrame


def plan_table(
    contents: Contents,
    logits: Logits,
    rules: CompiledRules,
    steps: Steps,
    best: TwoStepPlans,
    greedy: TwoStepPlans,
) -> pd.DataFrame:
    """One row a customer: both steps, the value with its interval, and greedy's.

    Columns: customer_id; offer_id, touchpoint, timestamp, probability of the first step, missing
    where the plan waits; the same with accept_, reject_ and ignore_ before them, of the second step
    after that outcome (after none where the plan waits: ignore_); value, value_low, value_high;
    greedy_offer_id, greedy_touchpoint, greedy_value; gain.
    """
    first, then = step_times(rules, logits, steps, best)
    table: dict[str, object] = {
        columns.CUSTOMER: plain_column(contents.customers.ids).to_pandas(),
        **_cells(contents, "", best.first, first),
    }
    for outcome, name in enumerate(columns.OUTCOMES):
        offered = best.then.column(outcome)
        meant = best.outcomes[:, outcome] > 0
        table |= _cells(contents, f"{name}_", offered, np.where(meant, then[:, outcome], -1))
    of_greedy = _cells(contents, "greedy_", greedy.first, np.where(greedy.first.offers < 0, -1, 0))
    table |= {
        "value": best.value,
        "value_low": best.value - _Z * best.deviation,
        "value_high": best.value + _Z * best.deviation,
        **{name: of_greedy[name] for name in ("greedy_offer_id", "greedy_touchpoint")},
        "greedy_value": greedy.value,
        "gain": best.value - greedy.value,
    }
    return pd.DataFrame(table)


def summary(report: PlanReport) -> str:
    """The result in a few sentences."""
    table = report.table
    waits = table[columns.OFFER].isna() & (table["value"] > 0)
    now = table[columns.OFFER].notna()
    other = now & (
        (table[columns.OFFER] != table["greedy_offer_id"])
        | (table[columns.TOUCHPOINT] != table["greedy_touchpoint"])
    )
    return (
        f"{len(table):,} customers: {now.sum():,} get an offer now, {waits.sum():,} are better "
        f"left for later. {other.sum():,} get another first offer than the greedy choice. Plans "
        f"are expected to earn {table['value'].sum():,.2f} euros, greedy choices "
        f"{table['greedy_value'].sum():,.2f}: {table['gain'].sum():+,.2f}."
    )


def plan_text(report: PlanReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield summary(report)
    for table in (effects_shown(report), plans_shown(report.table)):
        yield from table_lines(table)


def plan_page(report: PlanReport) -> str:
    """The page as an HTML document."""
    steps = report.steps
    return render(
        PAGE,
        title="Two-step plans",
        facts={"from": f"{pd.Timestamp(steps.start, unit='s'):%Y-%m-%d %H:%M} UTC",
               "days until the second step": ", ".join(map(str, steps.waits)) or "no second step",
               "lost a day": f"{steps.fade:.1%}",
               "outcomes change odds": "yes" if report.told else "no"},
        summary=[summary(report)],
        effects=effects_shown(report),
        plans=plans_shown(report.table),
    )  # fmt: skip


def effects_shown(report: PlanReport) -> PageTable:
    """What an outcome tells of the next offer."""
    rows: list[Cells] = [
        [f"{row.after}, {row.days} days, {row.touchpoint} touchpoint", f"{row.decisions:,}",
         f"{row.accepted:,}", f"{row.odds_ratio:.2f} [{row.low:.2f}, {row.high:.2f}]"]
        for row in effect_table(report.effects).itertuples()
    ]  # fmt: skip
    head = ["after", "decisions", "accepted", "odds of acceptance, times"]
    return PageTable("What an outcome tells of the next offer", head, rows)


def plans_shown(table: pd.DataFrame) -> PageTable:
    """The plans with the largest gain over the greedy choice."""
    most = table.sort_values("gain", ascending=False, kind="stable").head(_SHOWN)
    rows: list[Cells] = [
        [str(row[columns.CUSTOMER]), _step(row, ""),
         *(_step(row, f"{name}_") for name in columns.OUTCOMES),
         TableCell(
             f"{row['value']:,.2f}", f"[{row['value_low']:,.2f}, {row['value_high']:,.2f}]"
         ),
         f"{row['greedy_value']:,.2f}"]
        for _, row in most.iterrows()
    ]  # fmt: skip
    head = ["customer", "now", "if accepted", "if rejected", "if ignored", "euros", "greedy"]
    return PageTable("Plans that gain most on the greedy choice", head, rows)


def figures(report: PlanReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    table = report.table
    return {
        "customers": float(len(table)),
        "value": float(table["value"].sum()),
        "greedy_value": float(table["greedy_value"].sum()),
        "gain": float(table["gain"].sum()),
        "first_steps": float(table[columns.OFFER].notna().sum()),
    }


def _step(row: "pd.Series[Any]", prefix: str) -> TableCell:
    offer, when = row[f"{prefix}{columns.OFFER}"], row[f"{prefix}{columns.TIMESTAMP}"]
    if not isinstance(when, pd.Timestamp) or pd.isna(when):
        return TableCell("-")
    place = row[f"{prefix}{columns.TOUCHPOINT}"]
    return TableCell(str(offer), f"{place}, {when:%d %b}", title=f"{when:%Y-%m-%d %H:%M} UTC")


def _cells(contents: Contents, prefix: str, offered: Offered, when: IntArray) -> dict[str, object]:
    """Columns of a step; missing where the moment is -1."""
    some = when >= 0
    offers = np.full(len(when), None, object)
    offers[some] = plain_column(contents.offer_ids[offered.offers[some]]).to_pylist()
    names = np.array([*contents.touchpoints.names, None], object)
    moments = when.astype("datetime64[s]")
    moments[~some] = np.datetime64("NaT")
    return {
        f"{prefix}{columns.OFFER}": offers,
        f"{prefix}{columns.TOUCHPOINT}": names[np.where(some, offered.touchpoints, -1)],
        f"{prefix}{columns.TIMESTAMP}": pd.to_datetime(moments, utc=True),
        f"{prefix}{columns.PROBABILITY}": np.where(some, offered.chances, np.nan),
    }
