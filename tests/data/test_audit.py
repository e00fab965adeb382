"""Leaks planted by hand and at random: the audit finds each and names its row."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import MemorySource, at, source_of

from recsys.data.audit import Audit, CustomerMeasures, Derived, ProductCounts
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.interactions import DAY
from recsys.data.queries import Split
from recsys.data.split import GivenSplit, LeaveLastOut, TimeSplit
from recsys.data.splitter import Splitter
from recsys.data.tables import Tables
from recsys.errors import InputError

DAYS = TimeSplit(valid_from="2026-01-05", test_from="2026-01-08")
VALID = "before the cut-off 2026-01-05T00:00:00+00:00"


def tables_of(source: MemorySource) -> Tables:
    return check_tables(source.load())


def audited(source: MemorySource, splitter: Splitter) -> tuple[Audit, Dataset, Split]:
    tables = tables_of(source)
    merged = merge_identities(tables, IdentityRules(), splitter.first_cutoff(source))
    data = build(source, merged)
    split = splitter.split(data, source)
    return Audit(tables, merged, data, split), data, split


def with_past(source: MemorySource, splitter: Splitter, **change: Any) -> Audit:
    """An audit of a split whose past of valid was tampered with."""
    tables = tables_of(source)
    data = build(source, tables)
    split = splitter.split(data, source)
    past = replace(split.valid.past, **change)
    return Audit(tables, tables, data, replace(split, valid=replace(split.valid, past=past)))


def refusal(audit: Audit, derived: Derived | None = None) -> str:
    with pytest.raises(InputError) as caught:
        audit.window("valid") if derived is None else audit.fit("valid", derived)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def shop(**side: Any) -> MemorySource:
    """Rows out of order; row 2 lies on the cut-off, row 4 repeats row 0 after it."""
    table = {
        "customer_id": ["a", "b", "b", "b", "a", "a", "b"],
        "product_id": ["x", "y", "x", "z", "x", "z", "x"],
        "timestamp": [
            "2026-01-01", "2026-01-04T23:59:59.999999999Z", "2026-01-05", "2026-01-02",
            "2026-01-06", "2026-01-07", "2026-01-09",
        ],
        "value": [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0],
    }  # fmt: skip
    return source_of(table, side, filter_seen=False)


# --- a clean past -----------------------------------------------------------------------


def test_a_clean_split_passes_and_says_what_was_examined() -> None:
    audit, _, _ = audited(shop(), DAYS)
    audit.window("valid")
    audit.fit("valid", None)
    certificate = audit.certificate
    assert (certificate.status, certificate.reason) == ("passed", None)
    assert certificate.line() == "audit passed"
    kinds = {
        "edges", "features", "popularity", "segments", "identities", "negatives", "calibrators",
    }  # fmt: skip
    assert {check.kind for check in certificate.checks} == kinds | {"answers"}
    edges = next(check for check in certificate.checks if check.kind == "edges")
    assert (edges.rows, edges.column, edges.window) == (3, "timestamp", "valid")
    assert edges.latest == "2026-01-04T23:59:59.999999+00:00"
    assert edges.cutoff == "2026-01-05T00:00:00+00:00"
    assert json.loads(json.dumps(certificate.document()))["status"] == "passed"


def test_what_a_model_is_given_holds_no_dated_row_from_after_the_cutoff() -> None:
    dates = ["2026-01-04", "2026-01-05", None]
    side = {
        "customers": {"customer_id": ["a", "a", "b"], "valid_from": dates, "age": [1, 2, 3]},
        "identities": {"id_a": [*"abc"], "id_b": [*"def"], "kind": "device", "timestamp": dates},
        "products": {"product_id": ["w"], "valid_from": ["2026-02-01"], "valid_to": ["2026-03-01"]},
    }
    audit, data, split = audited(shop(**side), DAYS)
    given = split.valid.past.side_tables
    assert given["customers"]["age"].tolist() == [1, 3]
    assert given["identities"]["id_a"].tolist() == ["a", "c"]
    # The firm's own calendar is known in advance.
    assert len(given["products"]) == 1
    assert len(data.side_tables["customers"]) == 3
    audit.window("valid")


# --- edges and answers ------------------------------------------------------------------


def test_an_edge_from_after_the_cutoff_is_named_by_its_row() -> None:
    data = build(shop(), tables_of(shop()))
    when = data.interactions.when
    leaky = data.interactions.select(when <= at("2026-01-05"))
    message = refusal(with_past(shop(), DAYS, interactions=leaky))
    assert message.startswith("leakage audit, edges of valid: interactions: row 2 (customer b, ")
    assert f"column 'timestamp': expected a moment {VALID}, got 2026-01-05T00:00:00" in message


def test_a_repeat_does_not_hide_behind_its_first_event() -> None:
    _, data, split = audited(shop(), DAYS)
    events = split.valid.past.interactions
    first = events.customers == data.customers.row("a")
    later = replace(events, when=np.where(first, events.when + 6 * DAY, events.when))
    assert "row 4 (customer a, product x)" in refusal(with_past(shop(), DAYS, interactions=later))


def test_a_moment_that_was_falsified_does_not_help() -> None:
    data = build(shop(), tables_of(shop()))
    early = replace(data.interactions, when=data.interactions.when - 30 * DAY)
    assert "edges of valid: interactions: row 2 " in refusal(
        with_past(shop(), DAYS, interactions=early)
    )


def test_an_edge_out_of_nowhere_is_said() -> None:
    _, data, split = audited(shop(), DAYS)
    events = split.valid.past.interactions
    made_up = replace(events, products=np.full(3, data.products.row("z"), np.int32))
    message = refusal(with_past(shop(), DAYS, interactions=made_up))
    # a had z, but only on the 7th.
    assert "row 5 (customer a, product z)" in message
    odd = replace(events, actions=np.zeros(3, np.int8))
    assert "edges without a row before the window" in refusal(
        with_past(shop(), DAYS, interactions=odd)
    )


def test_answers_come_from_the_window() -> None:
    tables = tables_of(shop())
    data = build(shop(), tables)
    split = DAYS.split(data, shop())
    narrow = replace(split, valid=replace(split.valid, end=split.valid.start + 1))
    message = refusal(Audit(tables, tables, data, narrow))
    assert "answers of valid: interactions: row 0, column 'timestamp'" in message


def test_a_split_by_cutoff_says_where_its_windows_start() -> None:
    tables = tables_of(shop())
    data = build(shop(), tables)
    split = DAYS.split(data, shop())
    silent = replace(split, valid=replace(split.valid, start=None))
    assert "has no start" in refusal(Audit(tables, tables, data, silent))


# --- features ---------------------------------------------------------------------------


CUSTOMERS = {
    "customer_id": ["a", "a", "b"],
    "valid_from": ["2026-01-04", "2026-01-05", None],
    "age": [1, 2, 3],
}


def test_a_feature_of_later_is_named() -> None:
    source = shop(customers=CUSTOMERS)
    table = tables_of(source).customers
    message = refusal(with_past(source, DAYS, side_tables={"customers": table}))
    assert "features of valid: customers: row 1 (customer_id a), column 'valid_from'" in message
    assert f"expected a moment {VALID}, got 2026-01-05" in message


def test_a_feature_of_later_does_not_hide_by_losing_its_date() -> None:
    source = shop(customers=CUSTOMERS)
    table = tables_of(source).customers
    erased = table.assign(valid_from=table["valid_from"].mask(table["age"] > 0))
    for undated in (erased, table.drop(columns="valid_from")):
        message = refusal(with_past(source, DAYS, side_tables={"customers": undated}))
        assert "customers: row 1 (customer_id a), column 'valid_from'" in message


def test_a_decision_of_later_is_named() -> None:
    decisions = {
        "decision_id": [1, 2], "customer_id": ["a", "b"], "offer_id": ["o", "o"],
        "touchpoint": ["app", "app"], "timestamp": ["2026-01-01", "2026-01-06"],
        "policy": ["p", "p"], "outcome": ["accept", "ignore"],
    }  # fmt: skip
    source = shop(decisions=decisions)
    table = tables_of(source).decisions
    message = refusal(with_past(source, DAYS, side_tables={"decisions": table}))
    assert "features of valid: decisions: row 1 (decision_id 2), column 'timestamp'" in message


# --- identities -------------------------------------------------------------------------


def merged_audit(dates: list[str | None], before: str | None) -> Audit:
    """Links b-a, c-b and d-c of these dates, believed up to `before`."""
    ids, others = ["b", "c", "d"], ["a", "b", "c"]
    table = {
        "customer_id": ["a", "b", "c", "d", "a"],
        "product_id": ["x", "x", "x", "x", "y"],
        "timestamp": [
            "2026-01-01", "2026-01-01", "2026-01-01", "2026-01-06", "2026-01-09"],
    }  # fmt: skip
    links = {"id_a": ids, "id_b": others, "kind": "device", "timestamp": dates}
    source = source_of(table, {"identities": links}, filter_seen=False)
    tables = tables_of(source)
    moment = None if before is None else pd.Timestamp(before, tz="UTC")
    merged = merge_identities(tables, IdentityRules(), moment)
    data = build(source, merged)
    return Audit(tables, merged, data, DAYS.split(data, source))


def test_links_from_before_the_first_cutoff_and_undated_ones_are_known() -> None:
    audit = merged_audit(["2026-01-04T23:59:59Z", None, "2026-01-05"], "2026-01-05")
    check = audit.certificate.checks[0]
    assert (check.kind, check.rows, check.latest) == (
        "identities", 3, "2026-01-04T23:59:59+00:00",
    )  # fmt: skip
    assert check.how.startswith("2 renamed ids")


@pytest.mark.parametrize(
    ("dates", "row", "ids"),
    [
        (["2026-01-01", "2026-01-02", "2026-01-05"], 2, "d and c"),
        (["2026-01-01", "2026-01-06", "2026-01-05"], 1, "c and b"),
        (["2026-01-07", None, None], 0, "b and a"),
    ],
)
def test_a_link_of_later_is_named(dates: list[str | None], row: int, ids: str) -> None:
    with pytest.raises(InputError) as caught:
        merged_audit(dates, None)
    message = str(caught.value)
    assert f"identities of valid: identities: row {row} ({ids}), column 'timestamp'" in message
    assert "a link from before the first cut-off 2026-01-05" in message


def test_a_cutoff_within_a_second_is_its_beginning_for_links_and_events_alike() -> None:
    links = {"id_a": ["b"], "id_b": ["a"], "kind": "device", "timestamp": ["2026-01-05T00:00:00.2"]}
    within = TimeSplit(valid_from="2026-01-05T00:00:00.5", test_from="2026-01-08")
    audit, data, _ = audited(shop(identities=links), within)
    assert sorted(data.customers.ids) == ["a", "b"]
    audit.window("valid")


def test_a_merge_without_any_link_is_found() -> None:
    links = {"id_a": ["b"], "id_b": ["c"], "kind": "device", "timestamp": ["2026-01-01"]}
    source = shop(identities=links)
    tables = tables_of(source)
    merged = replace(tables, interactions=tables.interactions.assign(customer_id="a"))
    data = build(source, merged)
    with pytest.raises(InputError, match=r"identities: customer b: .* got no link"):
        Audit(tables, merged, data, DAYS.split(data, source))


# --- what a model derived ---------------------------------------------------------------


def counts_of(data: Dataset, **products: float) -> ProductCounts:
    counts = np.array([products.get(name, 0) for name in data.products.ids])
    return ProductCounts(counts=counts, actions=("purchase",))


def test_popularity_is_at_most_what_was_counted_before() -> None:
    audit, data, _ = audited(shop(), DAYS)
    audit.fit("valid", Derived(popularity=counts_of(data, x=1, y=1, z=1)))
    message = refusal(audit, Derived(popularity=counts_of(data, x=2, y=1, z=1)))
    # x on the cut-off is the first row that explains it.
    assert "popularity of valid: interactions: row 2 (customer b, product x)" in message
    nowhere = refusal(audit, Derived(popularity=counts_of(data, y=2)))
    assert "product y counted 2 times instead of at most 1" in nowhere


def test_popularity_of_a_window_is_counted_in_it() -> None:
    audit, data, split = audited(shop(), DAYS)
    recent = replace(counts_of(data, y=1), since=split.valid.start - DAY)
    audit.fit("valid", Derived(popularity=recent))
    # z was bought before the window began: the old event must not excuse a new one.
    late = replace(counts_of(data, y=1, z=1), since=split.valid.start - DAY)
    assert "row 5 (customer a, product z)" in refusal(audit, Derived(popularity=late))


def test_positions_below_zero_are_examined_as_others() -> None:
    table = {"customer_id": [*"abab"], "product_id": [*"xyzw"], "order": [-4, -3, -2, -1]}
    audit, data, _ = audited(source_of(table), TimeSplit(valid_from=-2, test_from=-1))
    audit.fit("valid", Derived(popularity=counts_of(data, x=1, y=1)))
    check = next(check for check in audit.certificate.checks if check.kind == "popularity")
    assert (check.rows, check.latest) == (2, -3)


def test_segments_are_cut_from_what_was_known() -> None:
    audit, data, split = audited(shop(), DAYS)
    row_of = {name: data.customers.row(name) for name in "ab"}
    second = at("2026-01-01")
    true = {
        "a": (1, second, 1.0),
        "b": (2, split.valid.start - 1, 10.0),
    }

    def measures(**change: tuple[int, int, float]) -> CustomerMeasures:
        stated = sorted((row_of[name], value) for name, value in (true | change).items())
        events, last, value = (np.array(column) for column in zip(*(v for _, v in stated)))  # noqa: B905
        return CustomerMeasures(events=events, last=last, value=value)

    audit.fit("valid", Derived(segments=measures()))
    for change, row in (
        ({"a": (2, second, 1.0)}, 4),
        ({"b": (2, split.valid.start, 10.0)}, 2),
        ({"a": (1, second, 17.0)}, 4),
        ({"b": (2, split.valid.start - 1, 9.0)}, 2),
    ):
        message = refusal(audit, Derived(segments=measures(**change)))
        assert (
            f"segments of valid: interactions: row {row} (customer {next(iter(change))}" in message
        )


@pytest.mark.parametrize("kind", ["negatives", "calibrators"])
def test_moments_that_a_model_states_precede_the_cutoff(kind: str) -> None:
    audit, _, split = audited(shop(), DAYS)
    before = np.array([split.valid.start - 1, split.valid.start - DAY])
    audit.fit("valid", Derived(**{kind: before}))
    check = next(check for check in audit.certificate.checks if check.kind == kind)
    assert (check.rows, check.latest) == (2, "2026-01-04T23:59:59.999999+00:00")
    message = refusal(audit, Derived(**{kind: np.append(before, split.valid.start)}))
    assert f"{kind} of valid: interactions: row 2 (customer b, product x)" in message


# --- where there is no cut-off ----------------------------------------------------------


PUBLISHED = {
    "customer_id": [*"aaaabbbb", "a", "b"],
    "product_id": [*"wxyzwxyz", "v", "v"],
    "action": ["purchase"] * 8 + ["purchase"] * 2,
    "part": ["train"] * 8 + ["test"] * 2,
}


def test_a_published_split_is_not_certified_but_examined() -> None:
    source = source_of(PUBLISHED)
    audit, data, _ = audited(source, GivenSplit(valid_fraction=0.3))
    audit.window("valid")
    audit.window("test")
    audit.fit("test", Derived(popularity=counts_of(data, w=2, x=2, y=2, z=2)))
    assert audit.certificate.status == "not certifiable: no order"
    assert "published without cut-offs" in audit.certificate.line()
    message = refusal(audit, Derived(popularity=counts_of(data, v=1)))
    assert "row 8 (customer a, product v), column 'part': expected a row of train" in message
    negatives = Derived(negatives=np.array([1]))
    audit.fit("valid", negatives)
    assert "no cut-off" in audit.certificate.checks[-2].how


def test_no_test_row_and_no_held_out_pair_lies_in_the_past_of_a_published_split() -> None:
    views = pd.concat([pd.DataFrame(PUBLISHED)] * 2, ignore_index=True)
    views.loc[10:, "action"] = "view"
    source = source_of(views, filter_seen=False)
    splitter = GivenSplit(valid_fraction=0.3)
    data = build(source, tables_of(source))
    events, split = data.interactions, splitter.split(data, source)
    message = refusal(with_past(source, splitter, interactions=events))
    assert "edges of valid: interactions: row " in message
    # The views of what is asked for give it away.
    train = ~events.given_test
    queries = split.valid.queries
    pairs = {
        (customer, product)
        for row, customer in enumerate(queries.customers)
        for product in queries.relevant[[row]].indices
    }
    held = np.array([pair in pairs for pair in zip(events.customers, events.products, strict=True)])
    keep = train & ~(held & events.has_action(("purchase",)))
    message = refusal(with_past(source, splitter, interactions=events.select(keep)))
    assert "column 'product_id': expected no product of an answer" in message


def test_leave_last_out_is_not_certified_and_its_answers_stay_out() -> None:
    source = shop()
    audit, _, _ = audited(source, LeaveLastOut())
    audit.window("valid")
    audit.window("test")
    assert audit.certificate.status == "not certifiable: no order"
    assert "events of other customers" in audit.certificate.line()
    data = build(source, tables_of(source))
    message = refusal(with_past(source, LeaveLastOut(), interactions=data.interactions))
    assert "edges of valid" in message
    assert "column 'product_id': expected no product of an answer" in message


def test_dates_cannot_be_compared_with_positions() -> None:
    table = {"customer_id": [*"abab"], "product_id": [*"xyzw"], "order": [1, 2, 3, 4]}
    splitter = TimeSplit(valid_from=3, test_from=4)
    audit, _, _ = audited(source_of(table), splitter)
    assert audit.certificate.status == "passed"
    audit, _, _ = audited(source_of(table, {"customers": CUSTOMERS}), splitter)
    audit.window("valid")
    assert audit.certificate.status == "not certifiable: no order"
    assert "customers are dated by time ('valid_from')" in audit.certificate.line()


# --- at random --------------------------------------------------------------------------


ROWS = st.lists(
    st.tuples(
        st.integers(0, 3), st.integers(0, 3), st.sampled_from(["view", "purchase"]),
        st.integers(0, 9),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(ROWS, st.integers(1, 8), st.data())
def test_one_row_across_the_cutoff_is_always_found(rows: list[Any], start: int, draw: Any) -> None:
    names = ["customer_id", "product_id", "action", "order"]
    # Whatever else there is, someone is asked in both windows.
    rows = [*rows, (0, 0, "purchase", 0), (0, 0, "purchase", start), (1, 1, "purchase", 10)]
    table = pd.DataFrame(rows, columns=names).assign(value=1.0)
    source = source_of(table, filter_seen=False)
    splitter = TimeSplit(valid_from=start, test_from=start + 1)
    audit, data, split = audited(source, splitter)
    audit.window("valid")
    past = split.valid.past
    audit.fit("valid", _true(past))
    later = np.flatnonzero(data.interactions.when >= start)
    moved = draw.draw(st.sampled_from(later.tolist()))
    leaky = replace(
        past, interactions=data.interactions.select((data.interactions.when < start) | (
            np.arange(len(data.interactions)) == moved)),
    )  # fmt: skip
    stated = _true(leaky)
    kinds = ["segments", "negatives", "calibrators"]
    if data.interactions.has_action(("purchase",))[moved]:
        kinds.append("popularity")
    errors = [refusal(with_past(source, splitter, interactions=leaky.interactions))]
    errors += [refusal(audit, Derived(**{kind: getattr(stated, kind)})) for kind in kinds]
    for error in errors:
        row = int(error.split("row ")[1].split()[0])
        assert table["order"][row] >= start
    edge = int(errors[0].split("row ")[1].split()[0])
    same = ["customer_id", "product_id", "action"]
    event = data.interactions.select(np.array([moved]))
    assert table.loc[edge, same].tolist() == [
        data.customers.ids[event.customers[0]],
        data.products.ids[event.products[0]],
        ["view", "purchase"][int(event.has_action(("purchase",))[0])],
    ]


def _true(past: Dataset) -> Derived:
    """What an honest model would state."""
    events, size = past.interactions, len(past.customers)
    last = np.full(size, -1)
    np.maximum.at(last, events.customers, events.when)
    return Derived(
        popularity=ProductCounts(
            counts=np.bincount(events.products[past.is_target], minlength=len(past.products)),
            actions=past.targets,
        ),
        segments=CustomerMeasures(
            events=past.history_lengths,
            last=last,
            value=np.bincount(events.customers, events.values, size),
        ),
        negatives=events.when,
        calibrators=events.when,
    )
