"""Micro-segments: who is in them as of a cut-off, and what they are like."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from event_tables import AS_OF, DAY, data_of
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.cli.segments import main
from recsys.customers.expressions.run import Bounds
from recsys.customers.segments.library import Bands, read_segments
from recsys.customers.segments.members import Members, banded, members_at
from recsys.customers.segments.summary import mean, overlaps, ranked_cells, share, summaries
from recsys.data.dataset import Dataset
from recsys.errors import InputError

LAPSING = (
    "count(*) FILTER (action = 'purchase' AND days_ago BETWEEN 31 AND 60) > 0 AND sum(value) "
    "FILTER (action = 'purchase' AND days_ago BETWEEN 31 AND 60) BETWEEN 50 AND 150 AND "
    "count(*) FILTER (days_ago < 31) = 0"
)
ROWS = [
    ("ann", "p", "purchase", 31.5, 49.9), ("ann", "q", "purchase", 60.9, 0.1),
    ("bob", "p", "purchase", 40, 150.01),
    ("cem", "p", "purchase", 40, 60), ("cem", None, "contact", 30.9, np.nan),
    ("dee", "p", "purchase", 61, 100),
]  # fmt: skip


def members(
    tmp_path: Path, text: str, data: Dataset, moment: int = AS_OF, bounds: Bounds | None = None
) -> Members:
    """Members of the segments of a YAML text."""
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return members_at(read_segments(path), data, moment, bounds)


def who(tmp_path: Path, condition: str, data: Dataset, moment: int = AS_OF) -> set[str]:
    """Ids of the customers that a condition holds for."""
    found = members(tmp_path, f'segments: {{it: "{condition}"}}', data, moment)
    return set(found.ids[found.segments["it"]])


@pytest.mark.parametrize(
    "condition", [LAPSING, "bought(31, 60) > 0 AND spent(31, 60) BETWEEN 50 AND 150 AND silent(31)"]
)
def test_bought_some_weeks_ago_for_so_much_and_nothing_since_is_a_line(
    condition: str, tmp_path: Path
) -> None:
    # 49.9 + .1 is 50 exactly: money is summed in decimals.
    assert who(tmp_path, condition, data_of(ROWS)) == {"ann"}


def test_columns_of_customers_and_products_count_and_who_has_no_event_did_nothing(
    tmp_path: Path,
) -> None:
    customers = pd.DataFrame({"customer_id": ["ann", "bob", "eve"], "age": [20, 40, 60]})
    products = pd.DataFrame({"product_id": ["p", "q"], "category": ["loan", "card"]})
    data = data_of(ROWS, customers=customers, products=products)
    assert who(tmp_path, "customer.age > 30", data) == {"bob", "eve"}
    assert who(tmp_path, "count(*) = 0", data) == {"eve"}
    assert who(tmp_path, "count(*) FILTER (category = 'card') > 0", data) == {"ann"}
    assert who(tmp_path, "count(*) FILTER (value > customer.age) > 0", data) == {"ann", "bob"}


@settings(max_examples=6, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from("abc"), st.sampled_from("pq"),
                  st.sampled_from(["purchase", "view"]), st.integers(-40, 90),
                  st.integers(-9, 9).map(lambda cents: cents / 100)),
        min_size=1, max_size=12,
    ),
    st.randoms(),
)  # fmt: skip
def test_neither_later_events_nor_the_order_of_rows_change_a_segment(rows, random) -> None:
    past = [row for row in rows if row[3] > 0]
    if not past:
        return
    shuffled = list(rows)
    random.shuffle(shuffled)
    library = read_segments("default")
    tables = [
        members_at(library, data_of(each), AS_OF).table().sort_values("customer_id")
        for each in (past, rows, shuffled)
    ]
    for table in tables[1:]:
        pd.testing.assert_frame_equal(
            tables[0].reset_index(drop=True), table.reset_index(drop=True), check_dtype=False
        )


def test_bands_never_part_equal_numbers_and_hold_no_more_than_their_share() -> None:
    bands = Bands("n", (0.25, 0.25), ("high", "medium", "low"))
    assert banded(np.array([9.0, 5, 1, 0]), bands).tolist() == ["high", "medium", "low", "low"]
    assert banded(np.array([9.0, 9, 1, np.nan]), bands).tolist() == ["low"] * 3 + [None]
    assert banded(np.array([]), bands).tolist() == []


def test_cells_join_bands_and_the_first_stage_that_holds_counts(tmp_path: Path) -> None:
    text = """
bands:
  r: {number: "-days_since('purchase')", shares: [0.5], names: [new, old]}
  v: {number: "spent(0, 99)", shares: [0.5], names: [big, small]}
cells: {rv: [r, v]}
stages: {back: "silent(31)", here: "count(*) > 0"}
"""
    table = members(tmp_path, text, data_of(ROWS)).table().set_index("customer_id")
    assert table["rv"].to_dict() == {
        "ann": "new/small", "bob": "old/big", "cem": "old/small", "dee": "old/big",
    }  # fmt: skip
    assert table["journey_stage"].to_dict() == {
        "ann": "back", "bob": "back", "cem": "here", "dee": "back",
    }  # fmt: skip


def test_summaries_say_size_value_drift_and_who_stays(tmp_path: Path) -> None:
    text = 'segments: {here: "count(*) FILTER (days_ago < 45) > 0"}\nvalue: "spent(0, 99)"'
    data = data_of(ROWS)
    now = members(tmp_path, text, data)
    before = members(tmp_path, text, data, AS_OF - 35 * DAY)
    (here,) = summaries(now, before)
    # Before: bob, cem bought 5 days before that, ann and dee 26; now: dee is gone.
    assert (here.customers, here.share.value) == (3, 0.75)
    assert here.value.value == pytest.approx((50 + 150.01 + 60) / 3)
    assert here.drift.value == pytest.approx(-0.25)
    assert here.stays.value == pytest.approx(0.75)


def test_intervals_are_those_of_wilson_and_student() -> None:
    half = share(5, 10)
    assert (half.low, half.high) == pytest.approx((0.2366, 0.7634), abs=1e-4)
    three = mean(np.array([1.0, 2.0, 3.0, np.nan]))
    assert (three.value, three.low) == pytest.approx((2.0, 2 - 4.302653 / np.sqrt(3)))


def test_overlaps_are_shares_of_either_and_small_cells_are_not_ranked(tmp_path: Path) -> None:
    a, b = np.array([True, True, False]), np.array([False, True, True])
    (pair,) = overlaps({"a": a, "b": b})
    assert (pair.both, pair.jaccard) == (1, pytest.approx(1 / 3))
    text = 'segments: {all: "count(*) > 0"}\nstages: {back: "silent(31)"}\nvalue: "spent(0, 99)"'
    now = members(tmp_path, text, data_of(ROWS))
    assert ranked_cells(now) == []
    cells = ranked_cells(now, fewest=1)
    assert [(cell.stage, cell.customers) for cell in cells] == [("back", 3), ("other", 1)]


BAD = {
    "count(*) > 1; DROP TABLE events": "segments.it: expected a SQL expression",
    "(SELECT count(*) FROM read_csv('a.csv')) > 1": "got a subquery",
    "read_text('/etc/passwd') = ''": "functions that only compute",
    "count(*) OVER () > 1": "got a window",
    "true), (true": "more than one expression",
    "acton = 'view'": "expected a column that the data have, got 'acton'; did you mean 'action'",
    "customer.age > 1": "expected a column that the data have, got 'customer.age'",
    "action = 'view'": "expected columns of events within an aggregate, got 'action' outside",
    "sum(count(*)) > 1": "count_star() within sum()",
    "count(*)": "expected a condition (true or false), got a value of type bigint",
    "sum(action) > 1": "expected an expression that fits the columns",
    "bought(1) > 0": "expected 2 arguments of bought(), got 1",
    "getenv('HOME') = ''": "functions that only compute",
}


@pytest.mark.parametrize("condition", BAD)
def test_what_is_no_safe_condition_is_refused_in_a_line(condition: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        who(tmp_path, condition, data_of(ROWS))
    assert BAD[condition] in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_pass_that_takes_too_long_ends(tmp_path: Path) -> None:
    many = pd.DataFrame({"customer_id": np.arange(60_000) % 9, "timestamp": "2026-01-01"})
    text = 'segments: {it: "count(DISTINCT abs(days_ago)) + median(sqrt(days_ago)) > 0"}'
    with pytest.raises(InputError, match=r"segments.it and 1 more: expected at most 0.001 seconds"):
        members(tmp_path, text, Dataset.from_frames(many), bounds=Bounds(seconds=0.001))


def test_shipped_segments_skip_what_the_data_lack(tmp_path: Path) -> None:
    data = Dataset.from_frames(pd.DataFrame({"customer_id": ["a"], "timestamp": ["2026-01-01"]}))
    found = members_at(read_segments("default"), data, AS_OF)
    assert {"segments.one_category", "segments.lapsing"} <= set(found.left_out)
    assert found.segments["dormant"].tolist() == [False]
    assert found.segments["active"].tolist() == [False]


def test_the_command_writes_members_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "members.parquet", tmp_path / "segments.html"
    main(["data.events=3000", f"out={out}", f"page={page}"])
    table = pd.read_parquet(out)
    assert table["customer_id"].is_unique
    assert table["lapsing"].dtype == bool
    assert set(table["value_band"].dropna()) == {"high", "medium", "low"}
    assert "Segment and stage of the journey, by value" in capsys.readouterr().out
    assert "abandoned_cart" in page.read_text()
    # Narrow screens show a row as lines of heading and cell.
    assert 'data-label="value a customer"' in page.read_text()


def test_the_file_of_the_guide_is_one(tmp_path: Path) -> None:
    guide = (Path(__file__).parents[2] / "docs" / "segments.md").read_text()
    text = guide.split("```yaml\n")[1].split("```")[0]
    products = pd.DataFrame({"product_id": ["p"], "category": ["loan"]})
    found = members(tmp_path, text, data_of(ROWS, products=products))
    np.testing.assert_array_equal(found.segments["lapsing"], found.segments["lapsing_written_out"])
    assert set(found.ids[found.segments["lapsing"]]) == {"ann"}


def test_events_in_order_without_time_have_no_days() -> None:
    data = Dataset.from_frames(pd.DataFrame({"customer_id": ["a"], "order": [1]}))
    with pytest.raises(
        InputError, match=r"interactions: expected a column timestamp .*, got order"
    ):
        members_at(read_segments("default"), data, AS_OF)
