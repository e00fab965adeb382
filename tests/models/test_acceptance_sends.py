from typing import Any

import numpy as np
import pandas as pd
import pytest
from sends_maker import DAY, sends

from recsys.data.interactions import NEVER
from recsys.data.vocabulary import Vocabulary
from recsys.errors import InputError
from recsys.models.acceptance import Sends, read_sends

IDS = {
    "customers": Vocabulary("customer", np.array(["ann", "bob"], dtype=object)),
    "offers": Vocabulary("offer", np.array(["tea"], dtype=object)),
    "touchpoints": Vocabulary("touchpoint", np.array(["app"], dtype=object)),
}


def table(**changed: Any) -> pd.DataFrame:
    day = pd.Timestamp("1970-01-02", tz="UTC")
    columns = {
        "customer_id": ["ann", "bob"],
        "offer_id": "tea",
        "touchpoint": "app",
        "timestamp": day,
        "outcome": ["accept", "ignore"],
        "answered_at": [day, pd.NaT],
        "resolved_at": [day + pd.Timedelta(days=5), pd.NaT],
    }
    return pd.DataFrame(columns | changed)


def test_a_table_is_coded() -> None:
    sends = read_sends(table(), **IDS)
    assert sends.customers.tolist() == [0, 1]
    assert sends.when.tolist() == [DAY, DAY]
    assert sends.outcome.tolist() == [1, 0]
    assert sends.answered.tolist() == [DAY, NEVER]
    assert sends.resolved.tolist() == [6 * DAY, NEVER]


def test_a_rejected_offer_is_not_accepted() -> None:
    assert read_sends(table(outcome=["accept", "reject"]), **IDS).outcome.tolist() == [1, 0]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"outcome": ["accept", "maybe"]}, "row 1, column 'outcome': expected accept, reject or"),
        ({"outcome": ["accept", None]}, "row 1, column 'outcome': expected accept.* got none"),
        ({"customer_id": ["ann", "eve"]}, "row 1, column 'customer_id': expected a known id, got"),
        ({"timestamp": pd.NaT}, "row 0, column 'timestamp': expected a moment, got none"),
        ({"answered_at": pd.NaT}, "row 0, column 'answered_at': expected the moment of the"),
        ({"outcome": "ignore"}, "row 0, column 'answered_at': expected no moment"),
        ({"resolved_at": pd.Timestamp(0, tz="UTC")}, "row 0, column 'resolved_at': expected a mo"),
    ],
)
def test_a_bad_row_is_named_in_one_line(changed: dict[str, Any], words: str) -> None:
    if "answered_at" in changed or "timestamp" in changed:
        changed = {name: pd.Series([value] * 2, dtype="datetime64[s, UTC]")
                   for name, value in changed.items()}  # fmt: skip
    with pytest.raises(InputError, match=words) as caught:
        read_sends(table(**changed), **IDS)
    assert "\n" not in str(caught.value)


def test_a_missing_column_is_named() -> None:
    with pytest.raises(InputError, match="column 'resolved_at' is missing; the table has customer"):
        read_sends(table().drop(columns="resolved_at"), **IDS)


def test_what_is_resolved_at_the_moment_is_not_known_before_it() -> None:
    made = sends((0, 0, 0, 1), (0, 0, 1, None), wait=5)
    assert made.known_before(5 * DAY).tolist() == [False, False]
    assert made.known_before(5 * DAY + 1).tolist() == [True, False]


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"outcome": np.array([2])}, "outcome 1, 0 or -1"),
        ({"outcome": np.array([0])}, "exactly where the outcome is 1"),
        ({"resolved": np.array([-1])}, "at or after `when`"),
        ({"offers": np.array([0, 1])}, "one length, got customers 1, offers 2"),
    ],
)
def test_arrays_that_contradict_each_other(changed: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Sends(**(vars(sends((0, 0, 0, 1))) | changed))
