"""What an artifact holds of rules is checked as it is read, however it was written."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.compiled import CompiledRules, ContactLimit, GroupRule, QuietHours, stored
from tests.policy.compiled.shop import NOON, rules


def full() -> CompiledRules:
    return rules(
        budget=100.0,
        groups=[
            GroupRule(
                name="adults",
                customers=np.array([0, 1, 1], np.int32),
                offers=np.zeros(4, np.int32),
                allowed=np.array([[False], [True]]),
            )
        ],
        limits=[ContactLimit(name="daily", at_most=1, seconds=86_400)],
        quiet_hours=[QuietHours(name="night", touchpoints=np.ones(3, bool), start=0, end=60)],
    )


def written() -> tuple[dict[str, Any], dict[str, Any]]:
    return json.loads(json.dumps(stored.text(full()), allow_nan=False)), stored.arrays(full())


def test_arrays_have_types_that_an_artifact_can_hold() -> None:
    _, arrays = written()
    assert all(name.startswith("rules_") for name in arrays)
    assert {array.dtype.kind for array in arrays.values()} <= {"i", "u", "f"}
    again = stored.restored(*written())
    assert again.budget == 100.0
    assert np.isinf(again.capacity).all()
    assert again.groups[0].customers.dtype == np.int32


WRONG: dict[str, Callable[[dict[str, Any], dict[str, Any]], Any]] = {
    "a missing array": lambda text, arrays: arrays.pop("rules_contacts_when"),
    "an array cut short": lambda text, arrays: arrays.update(rules_valid_to=np.zeros(3, np.int64)),
    "a group of nobody": lambda text, arrays: arrays.update(
        rules_group_0_customers=np.array([0, 1, 2], np.int32)
    ),
    "numbers for times": lambda text, arrays: arrays.update(rules_valid_from=np.zeros(4)),
    "a billion touchpoints": lambda text, arrays: text.update(touchpoints=10**9),
    "touchpoints in words": lambda text, arrays: text.update(touchpoints="three"),
    "an unknown key": lambda text, arrays: text["limits"][0].update(per_week=True),
    "a limit in words": lambda text, arrays: text["limits"][0].update(at_most="two"),
    "hours of other touchpoints": lambda text, arrays: text["quiet_hours"][0].update(
        touchpoints=[True]
    ),
    "a group without a name": lambda text, arrays: text["groups"][0].pop("name"),
    "one group more": lambda text, arrays: text["groups"].append(text["groups"][0]),
    "no zones": lambda text, arrays: text.update(zones=None),
    "a budget below 0": lambda text, arrays: text.update(budget=-1.0),
}


@pytest.mark.parametrize("what", WRONG)
def test_what_does_not_fit_is_refused(what: str) -> None:
    text, arrays = written()
    WRONG[what](text, arrays)
    with pytest.raises((InputError, LookupError, TypeError, ValueError)):
        stored.restored(text, arrays)


def test_rules_without_customers_know_only_unknown_ones() -> None:
    empty = rules(customers=0)
    unknown = np.array([-1, -1])
    assert empty.offers(unknown, NOON).all()
    assert empty.touchpoints(unknown, NOON)[:, 0].all()
    assert empty.send_times(unknown, NOON).shape == (2, 3, 4)
    assert (empty.refusals(-1, NOON)[:, 0] == -1).all()


def test_no_rows_have_no_masks() -> None:
    nobody = np.zeros(0, np.int64)
    assert full().offers(nobody, NOON).shape == (0, 4)
    assert full().touchpoints(nobody, NOON).shape == (0, 3)
    assert full().send_times(nobody, NOON).shape == (0, 3, 4)
