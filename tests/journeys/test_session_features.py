"""Features of sessions: worked by hand, from the past alone, equal for one customer and for all."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from session_tables import DAY, random_rows, session_events

from recsys.ops.session_features import AFTER, BEFORE, HELP, HORIZON, VIEWED, after, before

MINUTE = 1 / 1440


def column(values: np.ndarray, names: tuple[str, ...], name: str) -> list[float]:
    return values[:, names.index(name)].tolist()


def test_a_session_ends_with_a_long_pause_and_with_another_touchpoint() -> None:
    events = session_events([
        (0, 0, "view", 0, 0), (0, 30 * MINUTE, "click", 0, 0), (0, 61 * MINUTE, "view", 1, 0),
        (0, 62 * MINUTE, "contact", -1, 1), (1, 62 * MINUTE, "view", 0, 1),
    ])  # fmt: skip
    assert events.sessions.tolist() == [0, 0, 1, 2, 3]
    assert events.starts.tolist() == [0, 2, 3, 4]
    assert events.ends.tolist() == [2, 3, 4, 5]


def test_what_is_known_before_a_session_is_that_of_the_sessions_before_it() -> None:
    events = session_events([
        (0, 0, "view", 0, 0), (0, 0, "cart", 0, 0), (0, 0.01, "purchase", 0, 0),
        (0, 10, "contact", -1, 1), (0, 14, "view", 2, 0), (0, 14.25, "view", 2, 0),
    ])  # fmt: skip
    values = before(events)
    nan = np.nan
    expected = {
        "days_since_session_1": [nan, 10, 4, 0.25],
        "days_since_session_2": [nan, nan, 14, 4.25],
        "kind_of_session_1": [nan, 0, HELP, VIEWED],
        "days_since_bought": [nan, 10, 14, 14.25],
        "days_since_help": [nan, nan, 4, 4.25],
        "sessions_bought": [0, 1, 1, 1],
        "sessions_view": [0, 0, 0, 1],
        "second_of_day": [0, 0, 0, 21_600],
    }
    for name, wanted in expected.items():
        np.testing.assert_array_equal(column(values, BEFORE, name), wanted, err_msg=name)


def test_what_is_known_after_an_event_is_of_its_session_and_of_its_group_before() -> None:
    events = session_events([
        (0, 0, "view", 0, 0), (0, 0, "click", 0, 0), (0, 5, "view", 1, 0), (0, 5, "purchase", 1, 0),
        (0, 8, "view", 1, 0), (0, 8, "view", 2, 0), (0, 8, "contact", -1, 0),
    ])  # fmt: skip
    values, nan = after(events), np.nan
    expected = {
        "views": [1, 1, 1, 1, 1, 2, 2],
        "without_product": [0, 0, 0, 0, 0, 0, 1],
        "events": [1, 2, 1, 2, 1, 2, 3],
        "same_product_as_first": [1, 1, 1, 1, 1, 0, 0],
        "days_since_group_1": [nan, nan, 5, 5, 3, nan, nan],
        "days_since_group_2": [nan, nan, nan, nan, 8, nan, nan],
        "last_clicks_of_group": [nan, nan, 1, 1, 0, nan, nan],
        "last_purchases_of_group": [nan, nan, 0, 0, 1, nan, nan],
        "same_product_as_last_of_group": [nan, nan, 0, 0, 1, nan, nan],
        "sessions_of_group": [0, 0, 1, 1, 2, 0, nan],
        "clicks_of_group": [0, 0, 1, 1, 1, 0, nan],
        "days_since_purchase_of_group": [nan, nan, nan, nan, 3, nan, nan],
    }
    for name, wanted in expected.items():
        np.testing.assert_array_equal(column(values, AFTER, name), wanted, err_msg=name)


def test_sessions_beyond_the_horizon_are_forgotten() -> None:
    far = HORIZON / DAY + 1
    events = session_events([(0, 0, "purchase", 0, 0), (0, far, "view", 0, 0)])
    values = before(events)[1]
    assert np.isnan(values[BEFORE.index("days_since_session_1")])
    assert values[BEFORE.index("sessions_bought")] == 0
    assert np.isnan(after(events)[1][AFTER.index("days_since_purchase_of_group")])


@given(seed=st.integers(0, 2**32 - 1), day=st.floats(1, 399))
def test_later_events_and_other_customers_change_no_feature(seed: int, day: float) -> None:
    rows = random_rows(seed, count=60, customers=3)
    everything, own = session_events(rows), [row for row in rows if row[0] == 1 and row[1] <= day]
    if not own:
        return
    past = session_events(own)
    same = np.flatnonzero(everything.customers == 1)[: len(past)]
    np.testing.assert_array_equal(after(past), after(everything)[same])
    first = np.flatnonzero(everything.customers[everything.starts] == 1)[: len(past.starts)]
    np.testing.assert_array_equal(before(past), before(everything)[first])


@pytest.mark.parametrize("make", [before, after])
def test_nothing_gives_no_rows(make: object) -> None:
    events = session_events([(0, 0, "view", 0, 0)])
    empty = type(events)(**{name: value[:0] for name, value in vars(events).items()
                            if name in type(events).__dataclass_fields__})  # fmt: skip
    names = BEFORE if make is before else AFTER
    assert make(empty).shape == (0, len(names))  # type: ignore[operator]
