"""Which products leave a customer's list: by action and age, at the moment of the list."""

import pandas as pd
import pytest
from in_memory import dataset_of, outside, source_of

from recsys import Dataset, LeaveLastOut, TimeSplit
from recsys.data.filter_seen import default_filter, parse_filter_seen
from recsys.data.queries import between
from recsys.data.seen_products import seen_products
from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen
from recsys.ops.until import DAY, OPEN_END

CUT_OFF = pd.Timestamp("2025-06-01", tz="UTC")
AGES = {"purchase": "forever", "reject": "90 days"}


def shop(filter_seen, *events: tuple[str, str, str, str]) -> Dataset:
    """Events (customer, product, action, days before the cut-off), and what ann bought later."""
    rows = [(c, p, a, CUT_OFF - pd.Timedelta(days=float(days))) for c, p, a, days in events]
    rows.append(("ann", "new", "purchase", CUT_OFF + pd.Timedelta(days=1)))
    names = ["customer_id", "product_id", "action", "timestamp"]
    return dataset_of(pd.DataFrame(rows, columns=names), filter_seen=filter_seen)


def off_the_list(data: Dataset, customer: str = "ann") -> set[str]:
    """Products that the window from the cut-off on does not rank for a customer."""
    seen = seen_products(data.select(data.interactions.when < start()), start() // 1_000_000)
    row = data.customers.row(customer)
    return set() if seen is None else set(data.products.ids[seen[[row]].indices])


def start() -> int:
    return int(CUT_OFF.timestamp()) * 1_000_000


HISTORY = (
    ("ann", "card", "accept", 400), ("ann", "loan", "purchase", 400), ("ann", "fund", "view", 1),
    ("ann", "gold", "reject", 89), ("ann", "cash", "reject", 90), ("ann", "bond", "reject", 91),
    ("ann", "home", "cart", 2), ("ann", "car", "ignore", 2),
)  # fmt: skip


@pytest.mark.parametrize(
    ("filter_seen", "gone"),
    [
        (True, {"card", "loan", "fund", "gold", "cash", "bond", "home", "car"}),
        (False, set()),
        ([], set()),
        ("auto", {"card", "loan", "gold"}),
        (["accept", "reject"], {"card", "gold", "cash", "bond"}),
        ({"reject": "90 days"}, {"gold"}),
        ({"reject": 91}, {"gold", "cash"}),
        ({"reject": "91.5 days", "cart": 1}, {"gold", "cash", "bond"}),
        ({"view": "1 day", "cart": 2.5}, {"home"}),
    ],
)
def test_a_list_lacks_what_left_it_by_action_and_age(filter_seen, gone) -> None:
    data = shop(filter_seen, *HISTORY)
    assert off_the_list(data) == gone
    queries = between(data, start(), data.as_of, is_last=True).queries
    assert set(data.products.ids[[] if queries.seen is None else queries.seen.indices]) == gone


def test_a_rejected_product_is_back_to_the_second() -> None:
    data = shop(AGES, ("ann", "gold", "reject", 10))
    back = int(CUT_OFF.timestamp()) + 80 * DAY
    for moment, is_gone in ((back - 1, True), (back, False)):
        seen = seen_products(data, moment)
        assert outside(data, seen).tolist() == [[is_gone, True]]


def test_the_latest_event_decides() -> None:
    twice = (("ann", "gold", "reject", 100), ("ann", "gold", "reject", 5))
    assert off_the_list(shop(AGES, *twice)) == {"gold"}
    bought = (("ann", "gold", "purchase", 200), ("ann", "gold", "reject", 100))
    assert off_the_list(shop(AGES, *bought)) == {"gold"}


def test_a_product_that_is_back_can_be_relevant_again() -> None:
    events = (("ann", "gold", "reject", 91), ("ann", "cash", "reject", 10))
    later = [("ann", product, "purchase", -2) for product in ("gold", "cash")]
    window = between(shop(AGES, *events, *later), start(), start() + 10**15)
    relevant = window.past.products.ids[window.queries.relevant.indices]
    assert set(relevant) == {"gold", "new"}


def test_without_a_cut_off_ages_count_up_to_each_customer_s_own_list() -> None:
    events = [
        ("ann", "gold", "reject", "2025-01-01"), ("ann", "tea", "purchase", "2025-02-01"),
        ("ann", "jam", "purchase", "2025-03-01"), ("bob", "gold", "reject", "2025-01-01"),
        ("bob", "tea", "purchase", "2025-02-01"), ("bob", "jam", "purchase", "2025-06-01"),
    ]  # fmt: skip
    table = pd.DataFrame(events, columns=["customer_id", "product_id", "action", "timestamp"])
    data = Dataset.from_frames(table.assign(timestamp=pd.to_datetime(table.timestamp, utc=True)))
    test = LeaveLastOut().split(data).test
    seen = {
        data.customers.ids[row]: set(data.products.ids[test.queries.seen[[position]].indices])
        for position, row in enumerate(test.queries.customers)
    }
    assert seen == {"ann": {"gold", "tea"}, "bob": {"tea"}}


def test_the_default_is_by_action_only_where_there_are_actions() -> None:
    events = pd.DataFrame({"action": ["view"], "timestamp": [CUT_OFF]})
    by_action = {"accept": "forever", "purchase": "forever", "reject": "90 days"}
    assert default_filter(events).plain == by_action
    assert default_filter(events[["action"]]).plain == by_action | {"reject": "forever"}
    assert default_filter(events[["timestamp"]]) == FilterSeen()


def test_true_and_false_have_the_fingerprints_that_they_had() -> None:
    table = {"customer_id": ["ann", "bob"], "product_id": ["tea", "jam"]}
    kept = {seen: dataset_of(table, filter_seen=seen).fingerprint for seen in (True, False, "auto")}
    assert kept["auto"] == kept[True] != kept[False]
    assert dataset_of(table, filter_seen=["purchase"]).fingerprint not in kept.values()


def test_equal_filters_are_equal_however_they_are_written() -> None:
    written = [
        {"reject": "90 days", "purchase": "forever"}, {"purchase": "forever", "reject": 90},
        {"purchase": "forever", "reject": "90"}, {"purchase": "forever", "reject": 90.0},
    ]  # fmt: skip
    assert len({parse_filter_seen(value) for value in written}) == 1
    parsed = parse_filter_seen(written[0])
    assert parsed.ages == (("purchase", OPEN_END), ("reject", 90 * DAY))
    assert str(parsed) == "purchase for ever, reject for 90 days"
    assert parse_filter_seen(parsed.plain) == parse_filter_seen(parsed) == parsed


@pytest.mark.parametrize(
    ("filter_seen", "repeats"),
    [(True, False), (False, True), (["purchase"], True), (["purchase", "view"], False)],
)
def test_repeats_are_ranked_where_an_event_keeps_its_product(filter_seen, repeats) -> None:
    data = shop(filter_seen, ("ann", "fund", "view", 3))
    assert data.ranks_repeats is repeats
    assert data.select(data.interactions.when >= start()).ranks_repeats is (filter_seen is False)


def test_a_run_by_order_takes_actions_for_ever() -> None:
    table = {"customer_id": ["ann"] * 3, "product_id": ["a", "b", "c"], "order": [1, 2, 3],
             "action": ["view", "reject", "purchase"]}  # fmt: skip
    data = dataset_of(table, filter_seen=["reject"])
    assert outside(data, seen_products(data, None)).tolist() == [[False, True, False]]
    assert dataset_of(table, filter_seen="auto").filter_seen.plain["reject"] == "forever"
    with pytest.raises(InputError, match=r"reject for 90 days counts days, got none; say forever"):
        dataset_of(table, filter_seen={"reject": "90 days"})


BAD = {
    "word": ("maybe", "data.filter_seen: expected true, false, auto, a list of actions or a"),
    "number": (7, "expected true, false, auto"),
    "unknown action": (["bought"], "data.filter_seen: no action 'bought'; actions are view"),
    "unknown action with an age": ({"bought": 3}, "data.filter_seen: no action 'bought'"),
    "action that is no text": ([3], "data.filter_seen: no action 3"),
    "twice": (["reject", "reject"], r"expected each action once, got \['reject', 'reject'\]"),
    "negative age": ({"reject": -90}, "data.filter_seen.reject: expected forever or a number"),
    "negative age in words": (
        {"reject": "-90 days"},
        "above 0 and up to 36,500, such as '90 days'",
    ),
    "no age": ({"reject": 0}, "got 0"),
    "nothing": ({"reject": None}, "data.filter_seen.reject"),
    "not a number": ({"reject": float("nan")}, "data.filter_seen.reject"),
    "months": ({"reject": "3 months"}, "got '3 months'"),
    "flag for an age": ({"reject": True}, "got True"),
    "longer than a life": ({"reject": "36501 days"}, "up to 36,500"),
}


@pytest.mark.parametrize("value", BAD)
def test_a_filter_that_is_none_is_refused_in_one_line(value: str) -> None:
    filter_seen, line = BAD[value]
    with pytest.raises(InputError, match=line) as caught:
        Dataset.from_frames(
            pd.DataFrame({"customer_id": [1], "product_id": [2]}), filter_seen=filter_seen
        )
    assert "\n" not in str(caught.value)


def test_a_source_of_ones_own_may_say_any_of_it() -> None:
    table = {"customer_id": ["ann"], "product_id": ["tea"], "action": ["reject"],
             "timestamp": [CUT_OFF]}  # fmt: skip
    source = source_of(table, filter_seen={"reject": 3})
    assert Dataset.from_source(source).filter_seen.plain == {"reject": "3 days"}
    with pytest.raises(InputError, match="no action 'stolen'"):
        Dataset.from_source(source_of(table, filter_seen=["stolen"]))


def test_a_split_by_time_evaluates_at_its_cut_offs() -> None:
    events = [("ann", "gold", "reject", 30), ("ann", "tea", "view", 50)]
    events += [("ann", "jam", "purchase", -5), ("ann", "gold", "purchase", -70)]
    events += [("ann", "ale", "purchase", -75)]
    data = shop({"reject": "90 days"}, *events)
    split = TimeSplit(valid_from="2025-06-01", test_from="2025-07-31").split(data, source_of({}))
    valid, test = split.valid.queries, split.test.queries
    # The reject was 30 days before valid and 90 days before test.
    assert set(data.products.ids[valid.seen.indices]) == {"gold"}
    assert not test.seen.nnz
    assert set(data.products.ids[test.relevant.indices]) == {"gold", "ale"}
