"""Contacts of customers, cut into journeys that end with a conversion or with the end of data."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, kw_only=True, eq=False)
class Journeys:
    """J journeys of N contacts with T channels.

    Attributes:
        customers: [J] whose journey it is.
        converted: [J] whether it ends with a conversion.
        owner: [N] journey of each contact, ascending.
        channels: [N] channel of each contact, in order of time within a journey.
        ages: [N] units of the clock from the contact to the conversion; 0 where there is none.
        width: T.
    """

    customers: IntArray
    converted: BoolArray
    owner: IntArray
    channels: IntArray
    ages: IntArray
    width: int

    @cached_property
    def contacts(self) -> IntArray:
        """[J] number of contacts."""
        return np.bincount(self.owner, minlength=len(self.customers))

    @cached_property
    def is_last(self) -> BoolArray:
        """[N] whether the contact is the last of its journey."""
        return np.append(np.diff(self.owner) > 0, True)[: len(self.owner)]

    @property
    def unattributed(self) -> FloatArray:
        """[conversions] 1 for a conversion without a contact, which no channel has earned."""
        return np.asarray(self.contacts[self.converted] == 0, np.float64)


def journeys(
    customers: IntArray,
    channels: IntArray,
    when: IntArray,
    converts: BoolArray,
    *,
    width: int,
    look_back: int | None = None,
    pause: int = 0,
) -> Journeys:
    """Cuts events into journeys.

    A contact belongs to the next conversion of its customer, at the same moment or later. What a
    customer takes at one moment (a basket) is one conversion, and where a conversion has a channel
    that is its last contact. Contacts that no conversion follows within `look_back` make a journey
    without one; those shortly before the end of data are among them, and had less time.

    Args:
        customers: [E] row numbers.
        channels: [E] 0 .. T - 1, -1 for an event that is no contact.
        when: [E] moments; of equal ones the order of the arrays counts.
        converts: [E] whether the event is a conversion.
        width: T, number of channels.
        look_back: units of the clock after which a contact cannot have earned a conversion; None
            for no limit.
        pause: contacts in a row of one journey at one channel are one visit, counted at its end,
            where no two neighbours lie further apart than this.
    """
    order = np.lexsort((when, customers))
    people, person = np.unique(customers[order], return_inverse=True)
    # By rank: customers times microseconds do not fit into 64 bits.
    times, rank = np.unique(when[order], return_inverse=True)
    span = len(times) + 1
    conversions = np.unique((person * span + rank)[converts[order]])
    contact = channels[order] >= 0
    person, rank, channel = person[contact], rank[contact], channels[order][contact]
    following = np.searchsorted(conversions, person * span + rank)
    ends = np.append(conversions, -1)[following]
    led = ends // span == person
    ages = np.where(led, np.append(times, 0)[ends % span] - times[rank], 0)
    led &= look_back is None or ages <= look_back
    # Contacts without a conversion that precede the same later one are one journey.
    lost, journey = np.unique(
        person[~led] * (len(conversions) + 1) + following[~led], return_inverse=True
    )
    owner = following.copy()
    owner[~led] = len(conversions) + journey
    # Not in order of time: journeys without a conversion come after all others.
    rows = np.argsort(owner, kind="stable")
    rows = rows[_last_of_visit(owner[rows], channel[rows], times[rank[rows]], pause)]
    lost_people = people[lost // (len(conversions) + 1)]
    return Journeys(
        customers=np.concatenate([people[conversions // span], lost_people]),
        converted=np.arange(len(conversions) + len(lost)) < len(conversions),
        owner=owner[rows],
        channels=channel[rows],
        ages=np.where(led, ages, 0)[rows],
        width=width,
    )


def _last_of_visit(owner: IntArray, channels: IntArray, when: IntArray, pause: int) -> BoolArray:
    """[N] whether no contact of the same visit follows."""
    same = (np.diff(owner) == 0) & (np.diff(channels) == 0) & (np.diff(when) <= pause)
    return np.append(~same, True)[: len(owner)]
