"""Cells with several values as columns, and cut-offs by the share of events."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.source import Cutoffs
from recsys.data.sources.several_values import MOST_FLAGS, flags, numbers, split_texts, spread
from recsys.data.sources.shares import cutoffs_by_share
from recsys.errors import InputError

WORDS = st.text("abc", min_size=1, max_size=2)


@given(cells=st.lists(st.none() | st.lists(WORDS)))
def test_a_flag_says_whether_its_text_is_in_the_cell(cells: list[list[str] | None]) -> None:
    table = flags("x", pa.array(cells, pa.list_(pa.string())))
    assert table is not None
    assert list(table.columns) == sorted({f"x_{word}" for cell in cells for word in cell or ()})
    for row, cell in enumerate(cells):
        assert {name for name in table if table[name].iloc[row]} == {f"x_{w}" for w in cell or ()}


@given(cells=st.lists(st.lists(WORDS)))
def test_what_is_joined_is_split_again(cells: list[list[str]]) -> None:
    texts = pd.Series([" ".join(cell) for cell in cells], dtype="str")
    assert split_texts(texts, " ").to_pylist() == cells


def test_blanks_and_empty_cells_have_no_parts() -> None:
    texts = pd.Series(["  a  b ", None, ""], dtype="str")
    assert split_texts(texts, " ").to_pylist() == [["a", "b"], [], []]


@given(cells=st.lists(st.none() | st.lists(st.floats(allow_nan=False), max_size=4)))
def test_numbers_stand_at_their_position(cells: list[list[float] | None]) -> None:
    table = numbers("v", pa.array(cells, pa.list_(pa.float64())), "a file")
    assert table.shape == (len(cells), max((len(cell or ()) for cell in cells), default=0))
    for row, cell in enumerate(cells):
        assert table.iloc[row].dropna().tolist() == (cell or [])


def test_too_many_numbers_are_refused_and_too_many_texts_stay_one() -> None:
    with pytest.raises(InputError, match=r"f: row 1, column 'v': expected at most 4,096 numbers"):
        numbers("v", pa.array([[1.0], [2.0] * 5_000]), "f")
    words = [[f"w{number}", "x"] for number in range(MOST_FLAGS)]
    table = spread("v", pa.array(words), "f")
    assert table["v"].tolist()[0] == "w0 x"
    gaps = spread("v", pa.array([*words, ["y", None], [None], None]), "f")["v"].tolist()
    assert gaps[-3] == "y"
    assert pd.isna(gaps[-2:]).all()
    assert spread("v", pa.array(words[:-1]), "f").shape == (MOST_FLAGS - 1, MOST_FLAGS)


# --- cut-offs ---------------------------------------------------------------------------


def moments(*texts: str) -> pd.Series:
    return pd.Series(pd.to_datetime(list(texts), utc=True, format="ISO8601"))


def test_cut_offs_are_the_nearest_midnights() -> None:
    # Of twenty events the 17th lies at 80 %, the 19th at 90 %.
    days = [f"2025-03-{day:02}T09:00" for day in range(1, 21)]
    days[16] = "2025-03-17T13:00"
    assert cutoffs_by_share(moments(*days)) == Cutoffs(
        valid_from=pd.Timestamp("2025-03-18", tz="UTC"),
        test_from=pd.Timestamp("2025-03-19", tz="UTC"),
    )


def test_where_midnights_lie_outside_of_the_data_they_are_seconds() -> None:
    days = [f"2025-03-{day:02}T09:00" for day in range(1, 19)]
    assert cutoffs_by_share(moments(*days, *["2025-03-20T13:00"] * 2)) == Cutoffs(
        valid_from=pd.Timestamp("2025-03-17T09:00", tz="UTC"),
        test_from=pd.Timestamp("2025-03-20T13:00", tz="UTC"),
    )


def test_within_a_day_they_are_seconds() -> None:
    seconds = [f"2025-03-01T10:00:{second:02}" for second in range(10)]
    found = cutoffs_by_share(moments(*seconds))
    assert found is not None
    assert found.valid_from == pd.Timestamp("2025-03-01T10:00:08", tz="UTC")
    assert found.test_from == pd.Timestamp("2025-03-01T10:00:09", tz="UTC")


def test_too_few_times_have_none() -> None:
    assert cutoffs_by_share(moments()) is None
    assert cutoffs_by_share(moments("2025-03-01")) is None
    assert cutoffs_by_share(pd.Series(pd.to_datetime([None, None], utc=True))) is None


@given(
    seconds=st.lists(st.integers(0, 10**9), min_size=1),
    shift=st.integers(0, 10**6),
)
def test_they_lie_within_the_events_whatever_the_order(seconds: list[int], shift: int) -> None:
    when = pd.Series(pd.to_datetime(np.array(seconds) + shift, unit="s", utc=True))
    found = cutoffs_by_share(when)
    again = cutoffs_by_share(when.iloc[::-1])
    assert found == again
    if found is not None:
        assert when.min() < found.valid_from < found.test_from <= when.max()  # type: ignore[operator]
