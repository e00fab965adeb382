"""When a customer may be contacted: limits, quiet hours, pauses and one campaign at a time."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled import checks
from recsys.policy.compiled.times import DAY, MONDAY

CENTURY = 100 * 366 * DAY
"""The longest window: longer ones would reach beyond the years that times can have."""


@dataclass(frozen=True, kw_only=True)
class ContactLimit:
    """At most `at_most` contacts within any `seconds`: of (t - seconds, t] at a moment t.

    Attributes:
        name: of the rule.
        at_most: contacts, 1 or more.
        seconds: length of the window.
        touchpoint: whose contacts count and are limited; -1 for all outbound ones together.
        per_campaign: count each campaign by itself, at all touchpoints; limits its offers.
    """

    name: str
    at_most: int
    seconds: int
    touchpoint: int = -1
    per_campaign: bool = False

    def __post_init__(self) -> None:
        checks.whole(f"{self.name}.at_most", self.at_most, 1, 2**31 - 1)
        checks.whole(f"{self.name}.seconds", self.seconds, 1, CENTURY)
        checks.whole(f"{self.name}.touchpoint", self.touchpoint, -1, 2**31 - 1)
        if self.per_campaign and self.touchpoint >= 0:
            raise InputError(
                f"rules.{self.name}: expected a limit per touchpoint or per campaign, got both; "
                "make two rules of it"
            )


@dataclass(frozen=True, kw_only=True, eq=False)
class QuietHours:
    """Hours of the customer's own clock in which some touchpoints are closed.

    Attributes:
        name: of the rule.
        touchpoints: [T] bool which are closed.
        start: local seconds of the day from which on.
        end: local seconds of the day until which, at most 86,400; below `start` it is the next day.
        weekdays: [7] bool from Monday on which the hours begin; None for all.
    """

    name: str
    touchpoints: BoolArray
    start: int
    end: int
    weekdays: BoolArray | None = None

    def __post_init__(self) -> None:
        checks.booleans(f"{self.name}.touchpoints", self.touchpoints, np.shape(self.touchpoints))
        checks.whole(f"{self.name}.start", self.start, 0, DAY - 1)
        checks.whole(f"{self.name}.end", self.end, 0, DAY)
        if self.start == self.end:
            raise InputError(f"rules.{self.name}: expected start and end to differ, got none")
        if self.weekdays is not None:
            checks.booleans(f"{self.name}.weekdays", self.weekdays, (7,))

    def holds(self, local: IntArray) -> BoolArray:
        """[...] bool whether the hours are quiet at local seconds since 1970 [...]."""
        second, weekday = local % DAY, (local // DAY + MONDAY) % 7
        days = np.ones(7, dtype=bool) if self.weekdays is None else self.weekdays
        if self.start < self.end:
            return days[weekday] & (second >= self.start) & (second < self.end)
        began_today = days[weekday] & (second >= self.start)
        return np.asarray(began_today | (days[weekday - 1] & (second < self.end)))

    def leaves_open(self, local: IntArray) -> BoolArray:
        """[B, T] bool touchpoints that the hours do not close at local seconds since 1970 [B]."""
        return ~(self.holds(local)[:, None] & self.touchpoints)


@dataclass(frozen=True, kw_only=True)
class Pause:
    """No outbound contact for `seconds` after a contact that the customer rejected."""

    name: str
    seconds: int

    def __post_init__(self) -> None:
        checks.whole(f"{self.name}.seconds", self.seconds, 1, CENTURY)


@dataclass(frozen=True, kw_only=True)
class OneCampaign:
    """No offer of a campaign within `seconds` after a contact of another campaign."""

    name: str
    seconds: int

    def __post_init__(self) -> None:
        checks.whole(f"{self.name}.seconds", self.seconds, 1, CENTURY)
