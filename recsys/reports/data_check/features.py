"""Which columns become features, which do not and why, and what reads the optional columns."""

import pandas as pd

from recsys.data import columns
from recsys.data.contexts import context_values
from recsys.data.faults.collect import CollectedTable
from recsys.data.faults.header import expected_columns
from recsys.data.kinds import OPEN_TABLES
from recsys.data.schema import SCHEMAS
from recsys.data.vocabulary import Vocabulary
from recsys.graph.features import feature_terms
from recsys.reports.data_check.section import Section
from recsys.reports.rendering import PageTable

_KEYS = {"customers": columns.CUSTOMER, "products": columns.PRODUCT}

_READ_BY = {
    ("interactions", columns.PRODUCT): "every model",
    ("interactions", columns.TOUCHPOINT): "touchpoint_filter, touchpoint_gnn, consents, slices",
    ("interactions", columns.ACTION): "targets and weights of events; else all are purchases",
    ("interactions", columns.TIMESTAMP): "splits by time, half-lives, features as of the cut-off",
    ("interactions", columns.ORDER): "splits by order, where there is no time",
    ("interactions", columns.VALUE): "segment, slices by value, acceptance",
    ("interactions", columns.DURATION): "model.durations of touchpoint_gnn",
    ("interactions", columns.WEIGHT): "weights of events",
    ("interactions", columns.SESSION): "nothing yet: kept",
    ("interactions", columns.PART): "split=given",
    ("customers", columns.LANGUAGE): "features; language rules of a policy",
    ("customers", columns.TIME_ZONE): "time of day of touchpoint_gnn; quiet hours of a policy",
    ("customers", columns.VALID_FROM): "what was known at the cut-off",
    ("products", columns.NAME): "answers and pages",
    ("products", columns.CATEGORY): "features, categories of the artifact, cross-sell slices",
    ("products", columns.PRICE): "features",
    ("products", columns.MARGIN): "features; reward of a policy",
    ("products", columns.VALID_FROM): "which products are on offer",
    ("products", columns.VALID_TO): "which products are on offer",
    ("offers", columns.TOUCHPOINT): "offers tied to a touchpoint",
    ("offers", columns.VARIANT): "the message of an offer",
    ("offers", columns.LANGUAGE): "language rules of a policy",
    ("offers", columns.CAMPAIGN): "campaign rules of a policy",
    ("offers", columns.REWARD): "value of an offer",
    ("offers", columns.VALID_FROM): "which offers are valid",
    ("offers", columns.VALID_TO): "which offers are valid",
    ("touchpoints", columns.COST): "net value of a decision",
    ("touchpoints", columns.OUTBOUND): "consents, contact limits, weights of contacts",
    ("touchpoints", columns.CAPACITY): "capacities of a policy",
    ("identities", columns.TIMESTAMP): "links as known at the cut-off",
    ("identities", columns.CONFIDENCE): "identity.min_confidence",
    ("decisions", columns.PROPENSITY): "off-policy evaluation",
    ("decisions", columns.REWARD): "off-policy evaluation",
    ("decisions", columns.SLATE): "nothing yet: kept",
    ("decisions", columns.POSITION): "off-policy evaluation of slates",
}
"""Table and optional column -> what reads it."""


def feature_section(tables: dict[str, CollectedTable]) -> Section:
    """Every feature column and context column: how it is used, or why it is left out."""
    rows = []
    for name in OPEN_TABLES:
        if name in tables and _KEYS[name] in tables[name].frame:
            rows += _of_table(name, tables[name].frame)
    rows += _of_contexts(tables["interactions"].frame)
    used = sum(not row[2].startswith("left out") for row in rows)
    line = f"{used} of {len(rows)} columns become features." if rows else "No column is a feature."
    head = ["column", "table", "used as"]
    table = PageTable("Features as of the last time", head, rows, "texts")
    return Section(title="Features", lines=[line], tables=[table] if rows else [])


def _of_table(name: str, frame: pd.DataFrame) -> list[list[str]]:
    key = _KEYS[name]
    known = frame[frame[key].notna()]
    if known.empty:
        return []
    features = feature_terms(known, key, Vocabulary.build("id", [known[key]]), None)
    return [[str(column), name, use] for column, use in features.encodings.items()]


def _of_contexts(events: pd.DataFrame) -> list[list[str]]:
    rows = []
    for name in events:
        if not str(name).startswith(columns.CONTEXT_PREFIX):
            continue
        found = context_values(events[[name]])
        uses = [f"{len(values)} values" for values in found.values.values()]
        rows.append([str(name), "interactions", (uses + list(found.left_out.values()))[0]])
    return rows


def column_section(tables: dict[str, CollectedTable]) -> Section:
    """The optional columns of the tables that there are: what reads them, and which are missing."""
    rows, missing = [], []
    for name, table in tables.items():
        for column in expected_columns(name):
            if SCHEMAS[name].columns[column].required:
                continue
            read_by = _READ_BY.get((name, column), "kept")
            if column in table.frame:
                rows.append([column, name, read_by])
            elif (name, column) in _READ_BY:
                missing.append(f"{name}.{column} ({read_by})")
    head = ["column", "table", "read by"]
    absent = [f"Not there: {', '.join(missing)}."] if missing else []
    read = PageTable("Optional columns", head, rows, "texts")
    return Section(title="Columns", lines=absent, tables=[read] if rows else [])
