import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import dataset_of

from recsys.errors import InputError
from recsys.graph.silence import met_silence

OUTBOUND = {"touchpoints": {"touchpoint": ["app", "email"], "outbound": [False, True]}}


def test_what_ends_a_silence() -> None:
    data = dataset_of(
        {
            "customer_id": ["a", "a", "b", "b", "c", "d", "e", "a"],
            "product_id": ["x", "x", "x", "x", "x", "x", None, "y"],
            "touchpoint": ["email", "app", "email", "email", "app", "email", "email", "app"],
            "action": [
                "contact", "view", "ignore", "ignore", "ignore", "contact", "contact", "view",
            ],
            "order": [1, 4, 2, 5, 3, 12, 6, 20],
        },
        OUTBOUND,
    )  # fmt: skip
    result = met_silence(data, 5)
    events = data.interactions
    assert events.when is not None
    silent = {
        (data.customers.ids[events.customers[row]], int(events.when[row]))
        for row in np.flatnonzero(result)
    }
    # a looked at something three positions later; c came to the app by themselves; b was written
    # to again, which is no answer.
    assert silent == {("b", 2), ("b", 5), ("e", 6), ("d", 12)}
    # Sixteen positions from 5 on are over at 21, not before.
    late = met_silence(data, 15)
    assert sorted(events.when[late]) == [2, 5]


def test_it_needs_a_clock_and_to_know_who_starts() -> None:
    table = {"customer_id": ["a"], "product_id": ["x"], "touchpoint": ["email"]}
    with pytest.raises(InputError, match=r"model.silence: data=memory has no time and no order"):
        met_silence(dataset_of(table, OUTBOUND), 5)
    with pytest.raises(InputError, match=r"add touchpoints.outbound, or set it to 0"):
        met_silence(dataset_of({**table, "order": [1]}), 5)


@settings(deadline=None)
@given(
    st.lists(
        st.tuples(
            st.integers(0, 3), st.integers(0, 30), st.sampled_from(["contact", "view", "ignore"])
        ),
        min_size=1,
        max_size=30,
    ),
    st.integers(1, 10),
)
def test_as_by_hand(rows: list[tuple[int, int, str]], days: int) -> None:
    data = dataset_of(
        {
            "customer_id": [f"c{customer}" for customer, _, _ in rows],
            "touchpoint": ["email"] * len(rows),
            "product_id": ["x"] * len(rows),
            "action": [action for _, _, action in rows],
            "order": [when for _, when, _ in rows],
        },
        {"touchpoints": {"touchpoint": ["email"], "outbound": [True]}},
    )
    events = data.interactions
    assert events.when is not None
    assert data.as_of is not None
    answer = events.has_action(("view",))
    wanted = [
        not answer[row]
        and events.when[row] < data.as_of - days
        and not any(
            answer[other]
            and events.customers[other] == events.customers[row]
            and events.when[row] <= events.when[other] <= events.when[row] + days
            for other in range(len(events))
        )
        for row in range(len(events))
    ]
    np.testing.assert_array_equal(met_silence(data, days), wanted)
