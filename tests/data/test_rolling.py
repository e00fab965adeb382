"""Rolling windows: where they lie, what precedes them, and what cannot be cut."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import at, dataset_of, source_of

from recsys.data.dataset import Dataset
from recsys.data.rolling import RollingSplit
from recsys.data.source import Cutoffs
from recsys.errors import InputError
from recsys.testing import SplitContract


class TestRollingSplit(SplitContract):
    def make(self) -> RollingSplit:
        return RollingSplit(windows=3, length=10)


def days(count: int = 60) -> Dataset:
    """One customer buys another product every day from 1 January on, at noon."""
    when = pd.date_range("2026-01-01 12:00", periods=count, tz="UTC")
    table = {"customer_id": "ann", "product_id": [f"p{n}" for n in range(count)]}
    return dataset_of(pd.DataFrame(table).assign(timestamp=when))


def test_windows_step_back_from_test_by_their_length() -> None:
    split = RollingSplit(windows=3, length=10, until="2026-02-20").divide(days(), None)
    assert [(window.start, window.end) for window in split.windows] == [
        (at("2026-01-21"), at("2026-01-31")),
        (at("2026-01-31"), at("2026-02-10")),
        (at("2026-02-10"), at("2026-02-20")),
    ]
    assert [len(window.past.interactions) for window in split.windows] == [20, 30, 40]
    assert [window.queries.relevant.nnz for window in split.windows] == [10, 10, 10]
    assert len(split.test.past.interactions) == 50
    assert split.description == "rolling: 3 windows of 10 days until 2026-02-20"
    later = [window.start for window in split.windows_from(1, 5)]
    assert later == [at("2026-01-31"), at("2026-02-10")]
    assert [window.start for window in split.windows_from(0, 2)] == [
        at("2026-01-21"), at("2026-01-31"),
    ]  # fmt: skip
    assert list(split.windows_from(3, 1)) == []


def test_the_cut_offs_of_the_data_are_the_newest_window_and_test() -> None:
    cutoffs = Cutoffs(valid_from=pd.Timestamp("2026-02-01"), test_from=pd.Timestamp("2026-02-08"))
    source = source_of({"customer_id": ["ann"], "product_id": ["p"]}, cutoffs=cutoffs)
    split = RollingSplit(windows=2).divide(days(), source)
    assert (split.valid.start, split.valid.end) == (at("2026-02-01"), at("2026-02-08"))
    assert split.earlier[0].start == at("2026-01-25")
    first = RollingSplit(windows=2).first_cutoff(source)
    assert first == pd.Timestamp("2026-01-25", tz="UTC")


def test_without_cut_offs_one_length_at_the_end_is_test() -> None:
    table = {"customer_id": "ann", "product_id": [f"p{n}" for n in range(50)], "order": range(50)}
    split = RollingSplit(windows=2, length=10).divide(dataset_of(pd.DataFrame(table)), None)
    assert [(window.start, window.end) for window in split.windows] == [(20, 30), (30, 40)]
    assert (split.test.start, split.test.end) == (40, 50)
    assert split.description == "rolling: 2 windows of 10 positions until 40"


@settings(max_examples=30, deadline=None)
@given(windows=st.integers(2, 8), length=st.integers(1, 6))
def test_every_event_is_in_the_past_of_a_window_or_after_it(windows: int, length: int) -> None:
    size = (windows + 1) * length + 3
    events = {"customer_id": "ann", "product_id": [f"p{n}" for n in range(size)]}
    data = dataset_of(pd.DataFrame(events).assign(order=np.arange(size)))
    split = RollingSplit(windows=windows, length=length).divide(data, None)
    every = [*split.windows, split.test]
    assert len(split.earlier) == windows - 1
    for window, following in pairwise(every):
        assert window.end == following.start
        assert window.past.interactions.when.max() < window.start
        assert len(following.past.interactions) - len(window.past.interactions) == length


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"windows": 1}, "split.windows: expected 2 to 100, got 1"),
        ({"length": 0}, "split.length: expected a number above 0, got 0"),
        ({"ages": -1}, "split.ages: expected a number of windows, 0 or more, got -1"),
        ({"windows": 9}, "split.windows: expected at most 4, because the first event is of 2026"),
        ({"length": None}, r"split.length: expected a number of days .* set split.length=30"),
        ({"until": 7}, "split.until: expected a time, because data 'memory' has a column"),
        ({"until": "2027-01-01"}, "split.until: expected a moment before the last event"),
    ],
)
def test_what_cannot_be_cut_is_one_line(change: dict, says: str) -> None:
    with pytest.raises(InputError, match=says):
        RollingSplit(**{"windows": 3, "length": 10, **change}).divide(days(), None)


def test_an_empty_window_is_named() -> None:
    when = pd.to_datetime(["2026-01-01", "2026-01-05", "2026-01-25", "2026-02-05"], utc=True)
    table = {"customer_id": list("aaaa"), "product_id": list("wxyz"), "timestamp": when}
    split = RollingSplit(windows=3, length=10, until="2026-02-01").divide(dataset_of(table), None)
    with pytest.raises(InputError, match="window from 2026-01-12: split: the evaluation window"):
        list(split.windows)


def test_data_without_a_clock_have_no_windows() -> None:
    data = dataset_of({"customer_id": ["a"], "product_id": ["x"]})
    with pytest.raises(InputError, match="rolling windows need a column 'timestamp' or 'order'"):
        RollingSplit(length=3).divide(data, None)
