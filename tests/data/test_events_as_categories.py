"""Events as plain columns and as categories, in any order and with unused ones, say the same."""

from dataclasses import fields, replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import MemorySource
from pandera.errors import SchemaErrors

from recsys.data import columns
from recsys.data.allowed import refuse_outside
from recsys.data.audit import Audit
from recsys.data.categories import codes_of, distinct, folded, is_coded, plain, used
from recsys.data.check import check_and_count, check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.decision_events import decisions_as_events
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.readers import read_column
from recsys.data.schema import SCHEMAS
from recsys.data.split import TimeSplit
from recsys.data.tables import Tables
from recsys.errors import InputError

SPLIT = TimeSplit(valid_from="2026-01-05", test_from="2026-01-08")
WORDS = ["customer_id", "product_id", "touchpoint", "action", "session_id", "context_weather"]


def tables_of(seed: int, numbers: bool) -> Tables:
    """Sixty events in ten days, many at the same moment, some without product; and two links."""
    draw = np.random.default_rng(seed)
    count = 60
    people, things = np.arange(7, 15), np.arange(100, 106)
    quarters = draw.integers(0, 40, count)
    quarters[[0, 1, 2]] = 0, 20, 32
    days = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta(quarters * 6, "h")
    actions = draw.choice(["view", "accept", "purchase"], count)
    actions[[0, 1, 2]] = "purchase"
    product = pd.Series(draw.choice(things, count), dtype="Int64")
    product[draw.random(count) < 0.2] = pd.NA
    product[[0, 1, 2]] = things[:3]
    events = pd.DataFrame(
        {
            "customer_id": draw.choice(people, count),
            "product_id": product,
            "touchpoint": pd.Series(draw.choice(["app", "web", None], count), dtype="str"),
            "action": pd.Series(actions, dtype="str"),
            "timestamp": days,
            "value": np.where(draw.random(count) < 0.5, np.nan, draw.integers(0, 3, count)),
            "session_id": draw.integers(0, 9, count),
            "context_weather": pd.Series(draw.choice(["sun", "rain", None], count), dtype="str"),
        }
    )
    links = pd.DataFrame(
        {"id_a": [7, 8], "id_b": [9, 10], "kind": "device",
         "timestamp": pd.to_datetime(["2026-01-02", "2026-01-07"], utc=True)}
    )  # fmt: skip
    if not numbers:
        as_text = {name: events[name].astype("Int64").map(str, na_action="ignore").astype("str")
                   for name in ("customer_id", "product_id", "session_id")}  # fmt: skip
        events = events.assign(**as_text)
    return Tables(interactions=events, identities=links)


def as_categories(events: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Ids, codes and texts as categories in any order, some of which are in no row."""
    draw, coded = np.random.default_rng(seed), {}
    for name in WORDS:
        column = events[name] if name in events else pd.Series(dtype="str")
        values = pd.Index(column.dropna().unique())
        unused = pd.Index([10**6] if pd.api.types.is_integer_dtype(values) else ["unused"])
        categories = values.append(unused)[draw.permutation(len(values) + 1)]
        kind = "int64" if pd.api.types.is_integer_dtype(values.dtype) else "str"
        dtype = pd.CategoricalDtype(categories.astype(kind))
        coded[name] = column.astype(dtype)
    return events.assign(**{name: column for name, column in coded.items() if name in events})


def products_of(tables: Tables) -> dict[str, Any]:
    """All that comes of tables from the check to the audit."""
    source = MemorySource(tables=tables, filter_seen=False)
    checked, known = check_and_count(tables)
    merged = merge_identities(checked, IdentityRules(), SPLIT.first_cutoff(source))
    data = build(source, merged)
    split = SPLIT.split(data, source)
    audit = Audit(checked, merged, data, split)
    for window in ("valid", "test"):
        audit.window(window)
    made: dict[str, Any] = {"known": known, "fingerprint": data.fingerprint}
    made |= {"certificate": audit.certificate.document(), "contexts": dict(data.contexts)}
    for name, part in (("all", data), ("valid", split.valid.past), ("test", split.test.past)):
        made |= arrays(name, part)
    for name, window in (("valid", split.valid), ("test", split.test)):
        made[f"{name} answers"] = window.queries.relevant.toarray()
        made[f"{name} touchpoints"] = window.queries.touchpoints
    return made


def arrays(name: str, data: Dataset) -> dict[str, Any]:
    events = data.interactions
    found = {f"{name} {each.name}": getattr(events, each.name) for each in fields(events)}
    return found | {f"{name} ids": [data.customers.ids, data.products.ids, data.touchpoints.ids]}


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32 - 1), st.booleans())
def test_every_product_from_check_to_audit_is_the_same(seed: int, numbers: bool) -> None:
    tables = tables_of(seed, numbers)
    expected = products_of(tables)
    for variant in (as_categories(tables.interactions, seed), tables.interactions.astype(object)):
        found = products_of(replace(tables, interactions=variant))
        assert expected.keys() == found.keys()
        for name, value in expected.items():
            np.testing.assert_equal(found[name], value, err_msg=name)


def test_events_stay_categories_and_numbers_of_sessions_numbers() -> None:
    for numbers in (True, False):
        checked = check_tables(tables_of(0, numbers)).interactions
        expected = {name for name in WORDS if not (numbers and name == "session_id")}
        assert {name for name in checked if is_coded(checked[name])} == expected
        assert checked["customer_id"].cat.categories.dtype == ("int64" if numbers else "str")


def test_events_that_came_as_categories_are_not_copied() -> None:
    events = as_categories(tables_of(0, False).interactions, 0)
    checked = check_tables(Tables(interactions=events)).interactions
    for name in ("customer_id", "product_id", "touchpoint", "action", "context_weather"):
        assert np.shares_memory(codes_of(checked[name]), codes_of(events[name])), name


FAULTS = [
    ("customer_id", " a"), ("customer_id", ""), ("customer_id", "4.91235E+14"),
    ("customer_id", None), ("product_id", "7.0"), ("touchpoint", "app "), ("action", "buy"),
    ("action", None), ("context_weather", "\u200bsun"), ("session_id", " "),
]  # fmt: skip


@pytest.mark.parametrize("row", [0, 33, 59])
@pytest.mark.parametrize(("column", "cell"), FAULTS)
def test_a_bad_cell_is_named_alike(column: str, cell: str | None, row: int) -> None:
    events = tables_of(1, False).interactions
    events.loc[59, "product_id"] = "7"
    events.loc[row if row != 59 else 58, column] = cell
    lines = set()
    for variant in (events, events.astype(object), as_categories(events, 5)):
        with pytest.raises(InputError) as caught:
            check_tables(Tables(interactions=variant))
        lines.add(str(caught.value))
    assert len(lines) == 1, lines
    assert f"interactions: row {row if row != 59 else 58}, column '{column}'" in lines.pop()


def test_ids_that_do_not_match_are_shown_alike() -> None:
    tables = tables_of(2, False)
    people = pd.DataFrame({"customer_id": [f"P{row}" for row in range(9)]})
    lines = set()
    for events in (tables.interactions, as_categories(tables.interactions, 3)):
        with pytest.raises(InputError) as caught:
            check_tables(Tables(interactions=events, customers=people))
        lines.add(str(caught.value))
    assert len(lines) == 1


def test_a_planted_row_is_found_among_categories() -> None:
    tables = tables_of(4, True)
    tables = replace(tables, interactions=as_categories(tables.interactions, 4))
    source, checked = MemorySource(tables=tables), check_tables(tables)
    merged = merge_identities(checked, IdentityRules(), SPLIT.first_cutoff(source))
    data = build(source, merged)
    split = SPLIT.split(data, source)
    late = int(np.searchsorted(data.interactions.when, split.valid.start))
    past = replace(split.valid.past, interactions=data.interactions.select(slice(0, late + 1)))
    leaky = replace(split, valid=replace(split.valid, past=past))
    with pytest.raises(InputError, match="leakage audit, edges of valid: interactions: row "):
        Audit(checked, merged, data, leaky).window("valid")


@pytest.mark.parametrize("numbers", [True, False])
def test_decisions_join_events_as_categories(numbers: bool) -> None:
    tables = tables_of(6, numbers)
    person = 7 if numbers else "7"
    decisions = pd.DataFrame(
        {"decision_id": [1, 2], "customer_id": [person, person], "offer_id": [100, 105],
         "touchpoint": "email", "timestamp": pd.to_datetime(["2026-01-03"] * 2, utc=True),
         "policy": "p", "propensity": 0.5, "outcome": ["accept", "ignore"], "reward": [3.0, 0.0]}
    )  # fmt: skip
    if not numbers:
        decisions["offer_id"] = decisions["offer_id"].astype("str")
    joined = []
    for events in (tables.interactions, as_categories(tables.interactions, 1)):
        given_tables = replace(tables, interactions=events, decisions=decisions)
        joined.append(decisions_as_events(check_tables(given_tables)).interactions)
    assert len(joined[0]) == 62
    assert is_coded(joined[0]["customer_id"])
    for name in joined[0]:
        pd.testing.assert_series_equal(
            plain(joined[0][name]), plain(joined[1][name]), check_dtype=False
        )
    check_tables(Tables(interactions=joined[1]))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.none(), st.integers(-5, 50)), min_size=1))
def test_folding_and_unfolding_numbers_keeps_them(values: list[int | None]) -> None:
    column = pd.Series(values, dtype="Int64" if None in values else "int64")
    coded = folded(column)
    pd.testing.assert_series_equal(plain(coded), column)
    assert used(coded).all()
    assert distinct(coded).tolist() == column.dropna().unique().tolist()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_the_schema_refuses_the_row_that_pandera_refuses(seed: int) -> None:
    draw = np.random.default_rng(seed)
    count = int(draw.integers(1, 8))
    table = pd.DataFrame(
        {
            columns.CUSTOMER: pd.Series(draw.choice(["a", "b", None], count), dtype="str"),
            columns.ACTION: pd.Series(draw.choice(["view", "buy", None], count), dtype="str"),
            columns.DURATION: draw.choice([-1.0, 0.0, 2.0, np.nan], count),
            columns.WEIGHT: draw.choice([-1.0, 0.0, 2.0, np.nan], count),
        }
    )
    read = {name: read_column("interactions", name, table[name]) for name in table}
    expected = None
    try:
        SCHEMAS["interactions"].validate(table, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
        case = cases.loc[cases["index"].astype("float").idxmin()]
        expected = (int(case["index"]), case["column"])
    for variant in (read, {name: read[name] for name in table} | {
        name: folded(read[name]) for name in (columns.CUSTOMER, columns.ACTION)
    }):  # fmt: skip
        if expected is None:
            refuse_outside("interactions", variant)
            continue
        with pytest.raises(InputError) as caught:
            refuse_outside("interactions", variant)
        assert f"row {expected[0]}, column '{expected[1]}'" in str(caught.value)
