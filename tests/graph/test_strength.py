import numpy as np
import pytest
from in_memory import dataset_of

from recsys.errors import InputError
from recsys.graph.strength import event_weights, relative_durations

EVENTS = {
    "customer_id": ["a", "a", "b", "b"],
    "product_id": ["x", "y", "x", "y"],
    "action": ["view", "view", "view", "purchase"],
    "duration": [10.0, 20.0, 80.0, np.nan],
    "order": [1, 2, 3, 4],
}


def test_longer_than_usual_counts_more() -> None:
    data = dataset_of(EVENTS)
    # The median view takes 20; a purchase without a duration counts as usual.
    np.testing.assert_allclose(relative_durations(data), [1 / 2, 1, 4, 1])
    np.testing.assert_allclose(event_weights(data, durations=0.5), [0.5**0.5, 1, 2, 1])
    # One position after the last event is the cut-off.
    np.testing.assert_allclose(
        event_weights(data, 1.0, durations=1.0), [1 / 32, 1 / 8, 4 / 4, 1 / 2]
    )


def test_a_page_left_open_is_no_interest() -> None:
    data = dataset_of({**EVENTS, "duration": [1.0, 1.0, 1e6, 1.0]})
    assert relative_durations(data).max() == 8


def test_durations_that_are_not_there() -> None:
    for durations in (None, [0.0] * 4):
        table = {name: values for name, values in EVENTS.items() if name != "duration"}
        data = dataset_of(table if durations is None else {**table, "duration": durations})
        np.testing.assert_allclose(event_weights(data), 1)
        with pytest.raises(InputError, match=r"model.durations: data=memory has no interactions"):
            event_weights(data, durations=1.0)
