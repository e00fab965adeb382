"""What a two-step plan is: who is offered what, where and when, and what it is worth."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.journeys.plans.effects import ACCEPTED, IGNORED, REJECTED
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.times import DAY
from recsys.serving.decide.logits import Logits

_AT_ONCE = 8_192


@dataclass(frozen=True, kw_only=True)
class Steps:
    """How plans are made.

    Attributes:
        start: UTC seconds at which the day of the first step begins.
        waits: days from then to the day of the second step, rising, each 1 or more; none for plans
            of one step.
        fade: share of its value that an offer loses with each day of waiting.
        firsts: candidates for the first step.
    """

    start: int
    waits: Sequence[int]
    fade: float = 0.01
    firsts: int = 4


@dataclass(frozen=True, kw_only=True, eq=False)
class Offered:
    """One offer for each of the customers, or of customers and outcomes; all of one shape.

    Attributes:
        offers: int64 rows, -1 for none.
        touchpoints: int64 rows, -1 there.
        dayparts: int64, -1 there.
        waits: int64 days from the start, 0 for the first step.
        chances: float64 probability of acceptance, as the step before has changed it.
        gains: float64 euros of an acceptance, discounted.
        worth: float64 net value in euros, discounted; 0 where there is none.
    """

    offers: IntArray
    touchpoints: IntArray
    dayparts: IntArray
    waits: IntArray
    chances: FloatArray
    gains: FloatArray
    worth: FloatArray

    @classmethod
    def nothing(cls, *shape: int) -> "Offered":
        """Nothing is offered to anybody."""
        made: dict[str, Any] = {"waits": np.zeros(shape, np.int64)}
        made |= {name: np.full(shape, -1) for name in ("offers", "touchpoints", "dayparts")}
        made |= {name: np.zeros(shape) for name in ("chances", "gains", "worth")}
        return cls(**made)

    def put(self, rows: BoolArray, other: "Offered") -> None:
        """Takes over some rows of another, in place."""
        for field in fields(self):
            getattr(self, field.name)[rows] = getattr(other, field.name)[rows]

    def copy(self) -> "Offered":
        """The same in arrays of their own."""
        return Offered(**{each.name: getattr(self, each.name).copy() for each in fields(self)})

    def column(self, outcome: int) -> "Offered":
        """[C] what follows an outcome; shares the arrays."""
        return Offered(**{each.name: getattr(self, each.name)[:, outcome] for each in fields(self)})


@dataclass(frozen=True, kw_only=True, eq=False)
class TwoStepPlans:
    """A plan for each of C customers.

    Attributes:
        first: [C]; nothing is to wait for the second step.
        then: [C, 3] by outcome of the first step; after nothing the plan is that of `IGNORED`.
        outcomes: [C, 3] probabilities of the outcomes of the first step.
        value: [C] float64 expected euros of both steps.
        deviation: [C] float64 standard deviation that after-effects leave.
    """

    first: Offered
    then: Offered
    outcomes: FloatArray
    value: FloatArray
    deviation: FloatArray

    def put(self, rows: BoolArray, other: "TwoStepPlans") -> None:
        """Takes over the plans of some customers, in place."""
        self.first.put(rows, other.first)
        self.then.put(rows, other.then)
        for name in ("outcomes", "value", "deviation"):
            getattr(self, name)[rows] = getattr(other, name)[rows]


def step_times(
    rules: CompiledRules, logits: Logits, steps: Steps, plans: TwoStepPlans
) -> tuple[IntArray, IntArray]:
    """[C] and [C, 3] UTC seconds of the first and second steps, -1 where there is none."""
    first = moments(rules, logits, steps.start, plans.first)
    then: IntArray = np.full(plans.outcomes.shape, -1)
    for ruled, outcomes in rules_after(rules, plans.first, first):
        for outcome in outcomes:
            offered = plans.then.column(outcome)
            then[:, outcome] = moments(ruled, logits, steps.start, offered)
    return first, then


def rules_after(
    rules: CompiledRules, first: Offered, when: IntArray
) -> Iterator[tuple[CompiledRules, Sequence[int]]]:
    """The rules after first steps [C] at moments [C], each with the outcomes it holds after."""
    made = np.flatnonzero(first.offers >= 0)
    for rejected, outcomes in ((True, (REJECTED,)), (False, (ACCEPTED, IGNORED))):
        if rejected and not len(made):
            continue  # What nobody is offered, nobody rejects.
        contacts = rules.contacts_of(
            made,
            when[made],
            first.touchpoints[made],
            first.offers[made],
            np.full(len(made), rejected),
        )
        yield rules.with_contacts(rules.contacts.merged(contacts)), outcomes


def moments(rules: CompiledRules, logits: Logits, start: int, offered: Offered) -> IntArray:
    """[C] UTC seconds of offers [C], each on its own day; -1 where there is none."""
    when = np.full(len(offered.offers), -1)
    for wait in np.unique(offered.waits[offered.offers >= 0]).tolist():
        rows = np.flatnonzero((offered.waits == wait) & (offered.offers >= 0))
        for first in range(0, len(rows), _AT_ONCE):
            part = rows[first : first + _AT_ONCE]
            times = logits.by_daypart(rules.send_times(part, start + wait * DAY))
            here = np.arange(len(part))
            when[part] = times[here, offered.touchpoints[part], offered.dayparts[part]]
    return when
