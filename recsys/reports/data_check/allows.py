"""Which models and reports the data allow, and what the others lack."""

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from recsys.data import columns
from recsys.data.faults.collect import CollectedTable
from recsys.reports.data_check.section import Section
from recsys.reports.rendering import Cells, PageTable, TableCell

_ANSWERS = ("accept", "reject", "ignore")


@dataclass(frozen=True)
class _Facts:
    has_products: bool
    has_targets: bool
    has_clock: bool
    has_part: bool
    has_touchpoints: bool
    has_answers: bool
    has_values: bool
    has_categories: bool
    has_propensities: bool
    has_outbound: bool
    has_consents: bool


def allowed_section(tables: Mapping[str, CollectedTable], targets: tuple[str, ...]) -> Section:
    """What can be trained and reported, with the reason where it cannot.

    Args:
        tables: table -> what was read of it; with interactions.
        targets: the actions that make a product relevant.
    """
    facts = _facts(tables, targets)
    rows: list[Cells] = [
        [name, TableCell("yes" if not why else "no", style="win" if not why else "loss"), why]
        for name, why in _needs(facts, ", ".join(targets)).items()
    ]
    head = ["model or report", "", "what is missing"]
    return Section(
        title="What these data allow",
        tables=[PageTable("Models, splits and reports", head, rows, "texts")],
    )


def _needs(facts: _Facts, targets: str) -> dict[str, str]:
    """Model or report -> what is missing for it; "" for nothing."""
    basic = "" if facts.has_products else "interactions.product_id"
    target = basic or ("" if facts.has_targets else f"an event with a target action ({targets})")
    clock = "" if facts.has_clock else "interactions.timestamp or order"
    touchpoint = basic or ("" if facts.has_touchpoints else "interactions.touchpoint")
    answers = "" if facts.has_answers else "actions reject or ignore, or a table of decisions"
    category = target or ("" if facts.has_categories else "products.category")
    value = target or ("" if facts.has_values else "interactions.value")
    propensity = "" if facts.has_propensities else "decisions.propensity"
    consent = "" if facts.has_consents else "customers.consent_TOUCHPOINT"
    outbound = "" if facts.has_outbound else "touchpoints.outbound"
    return {
        "split=time": clock,
        "split=leave_last_out": clock,
        "split=given": "" if facts.has_part else "interactions.part",
        "popularity, item_knn, rp3beta, ease, slim, als": target,
        "graph_filter, spectral_filter": target,
        "lightgcn, xsimgcl, ultragcn, simplex": target,
        "segment, own_history": target or clock,
        "touchpoint_filter, touchpoint_gnn": touchpoint or target or clock,
        "compare": target,
        "ladder": target or clock,
        "ladder: which touchpoints earned it": touchpoint or target or clock,
        "ladder: how offers were answered": answers,
        "ladder: cross-sell and up-sell": category,
        "ladder: customers by value": value,
        "off-policy evaluation": propensity,
        "decide: contact limits and quiet hours": outbound,
        "decide: consents": consent,
    }


def _facts(tables: Mapping[str, CollectedTable], targets: tuple[str, ...]) -> _Facts:
    events = tables["interactions"].frame
    actions = _words(events, columns.ACTION) or {columns.DEFAULT_ACTION}
    decisions = tables.get("decisions")
    return _Facts(
        has_products=_has_cells(events, columns.PRODUCT),
        has_targets=bool(actions & set(targets)),
        has_clock=columns.TIMESTAMP in events or columns.ORDER in events,
        has_part=columns.PART in events,
        has_touchpoints=_has_cells(events, columns.TOUCHPOINT),
        has_answers=decisions is not None or bool(actions & set(_ANSWERS[1:])),
        has_values=_has_cells(events, columns.VALUE),
        has_categories=_has(tables, "products", columns.CATEGORY),
        has_propensities=_has(tables, "decisions", columns.PROPENSITY),
        has_outbound=_has(tables, "touchpoints", columns.OUTBOUND),
        has_consents="customers" in tables
        and any(str(name).startswith(columns.CONSENT_PREFIX) for name in tables["customers"].frame),
    )


def _has(tables: Mapping[str, CollectedTable], table: str, column: str) -> bool:
    return table in tables and _has_cells(tables[table].frame, column)


def _has_cells(frame: pd.DataFrame, column: str) -> bool:
    return column in frame and bool(frame[column].notna().any())


def _words(frame: pd.DataFrame, column: str) -> set[str]:
    return set(map(str, frame[column].dropna().unique())) if column in frame else set()
