"""Arrays that do not fit together are one line that names the field."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.compiled import (
    ContactLimit,
    Contacts,
    GroupRule,
    LeaveOut,
    OneCampaign,
    Pause,
    QuietHours,
    Zones,
)
from tests.policy.compiled.shop import NOON, contacts, rules

ROWS = np.array([0, 1])
TWO = np.zeros(2, dtype=bool)
GROUPS = {
    "name": "adults",
    "customers": np.zeros(3, np.int32),
    "offers": np.zeros(4, np.int32),
    "allowed": np.ones((1, 1), dtype=bool),
}
ENTRIES = {
    "names": ["bought"],
    "starts": np.array([0, 1, 1, 1]),
    "offers": np.array([0]),
    "rules": np.array([0], np.int8),
    "until": np.array([NOON]),
}
HOURS = {"name": "night", "touchpoints": np.ones(3, dtype=bool), "start": 0, "end": 60}


def zones(**parts: Any) -> Zones:
    return replace(Zones.utc(3), **parts)


WRONG: dict[str, Callable[[], Any]] = {
    "rules.consent": lambda: rules(consent=np.ones((3, 3))),
    "rules.unknown_consent": lambda: rules(unknown_consent=TWO),
    "rules.outbound": lambda: rules(outbound=[True] * 3),
    "rules.campaigns": lambda: rules(campaigns=np.zeros(4, np.int32)),
    "rules.offer_touchpoints": lambda: rules(offer_touchpoints=np.full(4, 3)),
    "rules.valid_from": lambda: rules(valid_from=np.zeros(3, np.int64)),
    "rules.valid_to": lambda: rules(valid_to=np.zeros(4)),
    "rules.zones.customers": lambda: rules(zones=Zones.utc(2)),
    "rules.zones.unknown": lambda: zones(unknown=1),
    "rules.zones.starts": lambda: zones(starts=np.array([0, 2])),
    "rules.zones.transitions": lambda: zones(transitions=np.array([0])),
    "rules.zones.offsets": lambda: zones(offsets=np.array([10**6])),
    "rules.capacity": lambda: rules(capacity=np.array([1.0, -1.0, 2.0])),
    "rules.budget": lambda: rules(budget=float("nan")),
    "rules.names": lambda: rules(pause=Pause(name="consent", seconds=60)),
    "rules.contacts.starts": lambda: rules(contacts=Contacts.none(4)),
    "rules.contacts.touchpoints": lambda: rules(contacts=contacts((0, NOON, 3))),
    "rules.contacts.campaigns": lambda: rules(contacts=contacts((0, NOON, 0, 0))),
    "rules.contacts.when": lambda: contacts((0, 2**62, 0)),
    "rules.contacts.customers": lambda: contacts((3, NOON, 0)),
    "rules.contacts.rejected": lambda: Contacts.of(ROWS, ROWS, ROWS, rejected=ROWS, count=3),
    "rules.contacts.offers": lambda: rules().contacts_of(ROWS, ROWS, ROWS, np.array([0, 4])),
    "rules.adults.allowed": lambda: GroupRule(**(GROUPS | {"allowed": np.ones((1, 1))})),
    "rules.adults.customers": lambda: rules(
        groups=[GroupRule(**(GROUPS | {"customers": np.zeros(2, np.int32)}))]
    ),
    "rules.adults.offers": lambda: GroupRule(**(GROUPS | {"offers": np.ones(4, np.int32)})),
    "rules.adults.unknown_group": lambda: GroupRule(**GROUPS, unknown_group=1),
    "rules.leave_out.starts": lambda: LeaveOut(**(ENTRIES | {"starts": np.array([0, 2])})),
    "rules.leave_out.offers": lambda: rules(
        leave_out=LeaveOut(**(ENTRIES | {"offers": np.array([4])}))
    ),
    "rules.leave_out.rules": lambda: LeaveOut(**(ENTRIES | {"rules": np.array([1])})),
    "rules.leave_out.until": lambda: LeaveOut(**(ENTRIES | {"until": np.array([0.5])})),
    "rules.daily.at_most": lambda: ContactLimit(name="daily", at_most=0, seconds=60),
    "rules.daily.seconds": lambda: ContactLimit(name="daily", at_most=1, seconds=0),
    "rules.daily": lambda: ContactLimit(
        name="daily", at_most=1, seconds=60, touchpoint=1, per_campaign=True
    ),
    "rules.daily.touchpoint": lambda: rules(
        limits=[ContactLimit(name="daily", at_most=1, seconds=60, touchpoint=3)]
    ),
    "rules.night.start": lambda: QuietHours(**(HOURS | {"start": -1})),
    "rules.night.end": lambda: QuietHours(**(HOURS | {"end": 86_401})),
    "rules.night": lambda: QuietHours(**(HOURS | {"end": 0})),
    "rules.night.weekdays": lambda: QuietHours(**HOURS, weekdays=TWO),
    "rules.night.touchpoints": lambda: rules(
        quiet_hours=[QuietHours(**(HOURS | {"touchpoints": TWO}))]
    ),
    "rules.pause.seconds": lambda: Pause(name="pause", seconds=10**12),
    "rules.one.seconds": lambda: OneCampaign(name="one", seconds=0),
    "rules.rows": lambda: rules().offers(np.array([3]), NOON),
    "rules.at": lambda: rules().touchpoints(ROWS, np.array([NOON])),
    "rules.horizon": lambda: rules().send_times(ROWS, NOON, 0),
}


@pytest.mark.parametrize("key", WRONG)
def test_a_wrong_part_is_named(key: str) -> None:
    with pytest.raises(InputError) as error:
        WRONG[key]()
    assert error.value.key == key
    assert "\n" not in str(error.value)
