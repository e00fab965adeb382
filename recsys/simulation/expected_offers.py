"""Expected number of accepted offers of each product, before any of them is made."""

from collections.abc import Sequence

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.calendar import ForecastWindow
from recsys.simulation.choice import sigmoid, softmax
from recsys.simulation.chunk import Latent
from recsys.simulation.decisions import CONTACTS, EXPLORES, SHOWN, propensities
from recsys.simulation.journeys import USUAL_DAYS, VISITS
from recsys.simulation.offers import running
from recsys.simulation.people import PREFERRED_DAYPART, People
from recsys.simulation.purposes import PURPOSES_A_YEAR
from recsys.simulation.sessions import ERRANDS_A_YEAR
from recsys.simulation.truth import (
    DAYPART_LIFT,
    PURPOSE_LIFT,
    THRESHOLD,
    calm_utility,
)
from recsys.simulation.utility import FOCUS_LIFT
from recsys.simulation.world import IN_CATEGORY


def add_acceptances(
    true: Latent,
    rows: IntArray,
    habit: FloatArray,
    choice: FloatArray,
    window: ForecastWindow,
    expected: FloatArray,
    touchpoints: Sequence[int] | None = None,
) -> None:
    """Adds the expected number of offers that the logged policy makes and the customer accepts.

    Args:
        true: the truth of a chunk.
        rows: [Q] customers of the chunk.
        habit: [Q, T] probability that a visit of a customer is at each touchpoint.
        choice: [Q, P] probability of each product within its category.
        window: of the forecast.
        expected: [Q, P] expected target events, changed in place.
        touchpoints: where offers count; None for all.
    """
    every = np.arange(len(rows))[:, None]
    leaning = softmax(true.people.leaning[rows])
    for month in range(calendar.MONTHS):
        start = max(window.start, int(calendar.MONTH_STARTS[month]))
        end = min(window.end, int(calendar.MONTH_STARTS[month + 1]))
        if start >= end:
            continue
        second = np.full(len(rows), (start + end) // 2)
        product = true.offers.product[running(second)]
        meets = leaning[every, product // IN_CATEGORY]
        focuses = choice[every, product]
        for touchpoint in range(habit.shape[1]) if touchpoints is None else touchpoints:
            made, busy = _offers_a_year(true.people, rows, habit, touchpoint)
            same = np.full(len(rows), touchpoint)
            shown = _policy_mix(true, true.people.stage[rows], same, second)
            accepted = _acceptance(true, rows, same, second, busy[:, None] * meets, focuses)
            share = (end - start) / calendar.END
            np.add.at(expected, (every, product), share * made[:, None] * shown * accepted)


def _acceptance(
    true: Latent,
    rows: IntArray,
    touchpoint: IntArray,
    second: IntArray,
    meets: FloatArray,
    focuses: FloatArray,
) -> FloatArray:
    """[Q, 40] P(accept) of the offers of the month, averaged over the purposes that may run then.

    Args:
        true: the truth of a chunk.
        rows: [Q] customers.
        touchpoint: [Q] where the offers are made.
        second: [Q] market seconds when they are made.
        meets: [Q, 40] probability that a purpose of the offer's category is running.
        focuses: [Q, 40] probability that its focus is the offered product.
    """
    calm = calm_utility(
        true.world, true.people, true.offers, rows, running(second), touchpoint, second
    )
    calm += PREFERRED_DAYPART * DAYPART_LIFT - THRESHOLD
    busy = (1 - focuses) * sigmoid(calm + PURPOSE_LIFT)
    busy += focuses * sigmoid(calm + PURPOSE_LIFT + FOCUS_LIFT)
    return np.asarray((1 - meets) * sigmoid(calm) + meets * busy)


def _offers_a_year(
    people: People, rows: IntArray, habit: FloatArray, touchpoint: int
) -> tuple[FloatArray, FloatArray]:
    """[Q] offers made there per year, and [Q] the share made while a purpose is running."""
    visits = PURPOSES_A_YEAR * VISITS
    activity = people.activity[rows]
    rides = SHOWN[touchpoint] * habit[:, touchpoint] * activity * (visits + ERRANDS_A_YEAR)
    contacts = CONTACTS[touchpoint] * people.consent[rows, touchpoint]
    under_way = PURPOSES_A_YEAR * activity * USUAL_DAYS / calendar.DAYS
    meets = rides * visits / (visits + ERRANDS_A_YEAR) + contacts * np.minimum(under_way, 1)
    made = rides + contacts
    return made, meets / np.maximum(made, 1e-12)


def _policy_mix(
    true: Latent, stage: IntArray, touchpoint: IntArray, second: IntArray
) -> FloatArray:
    """[Q, 40] propensities of the mixture of the two logged policies."""
    mixed = np.zeros((len(stage), running(second).shape[1]))
    for explores, share in ((True, EXPLORES), (False, 1 - EXPLORES)):
        mixed += share * propensities(
            true.world,
            true.offers,
            stage=stage,
            touchpoint=touchpoint,
            second=second,
            explore=np.full(len(stage), explores),
        )
    return mixed
