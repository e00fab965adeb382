"""Journeys of the insurer's customers: touchpoints, then a purchase of one or more products."""

from dataclasses import replace

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import Interactions
from recsys.data.sources.insurance import EVENT
from recsys.errors import InputError
from recsys.models.next_step import Steps, latest_before


class InsuranceJourneys:
    """One journey a purchase event, in the order of purchases.

    Attributes:
        data: all events.
        numbers: [J] purchase events.
        customers: [J] row numbers.
        moments: [J] positions of the purchases.
        bought: [J, P] bool.
        purchases, touches: events with a product, with a touchpoint; in order of position.
        of_touch: [T] journey of each touchpoint.
    """

    def __init__(self, data: Dataset) -> None:
        events = data.interactions
        self.data = data
        self.numbers, journey = np.unique(_moments(events) // EVENT, return_inverse=True)
        self.customers = np.empty(len(self.numbers), np.int64)
        self.customers[journey] = events.customers
        self.moments = self.numbers * EVENT + EVENT - 1
        self.bought = np.zeros((len(self.numbers), len(data.products)), bool)
        self.bought[journey[data.is_target], events.products[data.is_target]] = True
        _require_purchases(self.numbers, self.bought)
        self.purchases = events.select(data.is_target)
        self.touches = events.select(~data.is_target)
        self.of_touch = journey[~data.is_target]

    @property
    def purchase_steps(self) -> Steps:
        """[J] what each journey led to, asked just before the purchase."""
        return Steps(
            customers=self.customers,
            moments=self.moments,
            answered=self.moments,
            answers=self.bought,
        )

    @property
    def followed(self) -> IntArray:
        """[N] positions of the touchpoints that another one of their journey follows."""
        return np.flatnonzero(self.of_touch[1:] == self.of_touch[:-1])

    @property
    def touch_steps(self) -> Steps:
        """[N] the kind of the touchpoint that follows, asked just after the one before it."""
        when, at = _moments(self.touches), self.followed
        return Steps(
            customers=self.touches.customers[at].astype(np.int64),
            moments=when[at] + 1,
            answered=when[at + 1],
            answers=np.eye(len(self.data.touchpoints), dtype=bool)[
                self.touches.touchpoints[at + 1]
            ],
        )

    def latest_kinds(self, journeys: IntArray, moments: IntArray, last: int) -> IntArray:
        """[n, last] touchpoints of the journey before the moment, the latest first; -1 for none."""
        touches = self.touches
        return latest_before(
            self.of_touch, _moments(touches), touches.touchpoints, journeys, moments, last
        )

    def placed(self, before: int, touchpoints: bool) -> Dataset:
        """Events before a position, for a model of customers, products and touchpoints.

        A purchase is placed at the last touchpoint before it, as it has none of its own.

        Args:
            before: cut-off.
            touchpoints: whether any are known; else only purchases are left, and they are nowhere.
        """
        events, data = self.data.interactions, self.data
        when = _moments(events)
        last = self.latest_kinds(np.arange(len(self.numbers)), self.moments, 1)[:, 0]
        touchpoint_rows = np.full(len(events), -1, np.int32)
        if touchpoints:
            journey = np.searchsorted(self.numbers, when // EVENT)
            touchpoint_rows = np.where(data.is_target, last[journey], events.touchpoints).astype(
                np.int32
            )
        keep: BoolArray = (when < before) & (data.is_target | touchpoints)
        placed = replace(data, interactions=replace(events, touchpoints=touchpoint_rows))
        return placed.select(keep, as_of=before)


def _require_purchases(numbers: IntArray, bought: BoolArray) -> None:
    led_nowhere = np.flatnonzero(~bought.any(axis=1))
    if len(led_nowhere):
        raise InputError(
            f"purchase_events.parquet: expected a product of every purchase event, got none of "
            f"event {numbers[led_nowhere[0]]}; is it the published file?"
        )


def _moments(events: Interactions) -> IntArray:
    """[E] positions; every event of the source has one."""
    assert events.when is not None
    return events.when
