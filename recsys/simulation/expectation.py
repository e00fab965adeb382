"""Expected target events of customers with products in a window, from the truth at its start.

A sum of three parts: purposes that have begun or are due, purposes that may begin, and offers that
the logged policy may make. Approximations: popularity and validity are evaluated at a few moments
of the window, touchpoints are averaged, a running purpose is assumed to end within the window, and
renewals of what is bought within it are left out.
"""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.simulation import calendar
from recsys.simulation.calendar import ForecastWindow
from recsys.simulation.choice import softmax
from recsys.simulation.chunk import Latent
from recsys.simulation.expected_offers import add_acceptances
from recsys.simulation.journeys import (
    BUYS_AFTER,
    BUYS_FROM,
    CONSIDER,
    KNOW,
    USUAL_DAYS,
)
from recsys.simulation.names import LIFE_EVENTS
from recsys.simulation.people import WITH_LIFE_EVENT
from recsys.simulation.purposes import (
    LIFE_EVENT_DAYS,
    PURPOSES_A_LIFE_EVENT,
    PURPOSES_A_YEAR,
    Purposes,
)
from recsys.simulation.utility import FOCUS_LIFT, choice_chances
from recsys.simulation.world import GROUPS, IN_CATEGORY, PRODUCTS

MOMENTS = 3
# An hour at which all touchpoints are open in all time zones of the market.
_NOON = np.array([12 * 3_600])


def expected_targets(
    true: Latent, rows: IntArray, touchpoints: IntArray, window: ForecastWindow
) -> FloatArray:
    """Expected purchases and acceptances, float64 [Q, P].

    Args:
        true: the truth of a chunk.
        rows: [Q] customers of the chunk.
        touchpoints: [Q] row numbers, -1 for the customer's usual mix.
        window: of the forecast; nothing that is settled after its start is used.
    """
    habit = _habit(true, rows)
    purchases, choice = _purchases(true, rows, habit, touchpoints, window)
    add_acceptances(true, rows, habit, choice, window, purchases)
    return purchases


def expected_at(
    true: Latent, rows: IntArray, touchpoint: int, window: ForecastWindow
) -> FloatArray:
    """Expected purchases and acceptances at a touchpoint, float64 [Q, P].

    Args:
        true: the truth of a chunk.
        rows: [Q] customers of the chunk.
        touchpoint: row number.
        window: of the forecast.
    """
    habit = _habit(true, rows)
    expected, choice = _purchases(true, rows, habit, np.full(len(rows), touchpoint), window)
    expected *= habit[:, touchpoint, None]
    add_acceptances(true, rows, habit, choice, window, expected, [touchpoint])
    return expected


def _habit(true: Latent, rows: IntArray) -> FloatArray:
    """[Q, T] probability that a visit of a customer is at each touchpoint."""
    return softmax(true.people.inbound_logits(rows, np.repeat(_NOON, len(rows))))


def _purchases(
    true: Latent, rows: IntArray, habit: FloatArray, touchpoints: IntArray, window: ForecastWindow
) -> tuple[FloatArray, FloatArray]:
    """[Q, P] expected purchases, and [Q, P] probability of each product within its category."""
    side = np.where(
        touchpoints[:, None] < 0,
        habit @ true.world.touchpoint_side,
        true.world.touchpoint_side[touchpoints],
    )
    choice = _usual_choice(true, rows, side, window)
    expected = _purpose_rates(true, rows, window)[:, :, None] * _with_focus(choice)
    _add_running(true, rows, side, window, expected)
    return expected.reshape(len(rows), PRODUCTS), choice.reshape(len(rows), PRODUCTS)


def _usual_choice(
    true: Latent, rows: IntArray, side: FloatArray, window: ForecastWindow
) -> FloatArray:
    """[Q, G, 50] probability of each product within its category, averaged over the window."""
    total = np.zeros((len(rows) * GROUPS, IN_CATEGORY))
    for part in (np.arange(MOMENTS) + 0.5) / MOMENTS:
        moment = int(window.start + part * (window.end - window.start))
        total += choice_chances(
            true.world,
            true.people,
            rows=np.repeat(rows, GROUPS),
            categories=np.tile(np.arange(GROUPS), len(rows)),
            focus=np.full(len(total), -1),
            side=np.repeat(side, GROUPS, axis=0),
            seconds=np.full(len(total), moment),
        )
    return (total / MOMENTS).reshape(len(rows), GROUPS, IN_CATEGORY)


def _with_focus(choice: FloatArray) -> FloatArray:
    """Probability of the bought product, where the focus was drawn from `choice` [..., 50].

    P(p) = sum over f of choice(f) * choice(p) e^(lift [p = f]) / (1 + choice(f) (e^lift - 1))
    """
    gain = np.exp(FOCUS_LIFT) - 1
    share = choice / (1 + gain * choice)
    return np.asarray(choice * (share.sum(axis=-1, keepdims=True) + gain * share))


def _purpose_rates(true: Latent, rows: IntArray, window: ForecastWindow) -> FloatArray:
    """[Q, G] expected purchases from purposes that begin within the window."""
    people = true.people
    leaning = people.leaning[rows]
    today = window.start / calendar.DAY
    # A purpose that begins later rarely ends in a purchase before the window ends.
    until = today + max(window.days - USUAL_DAYS, 0)
    left = np.clip(until - np.maximum(today, people.joins[rows]), 0, None)
    usual = PURPOSES_A_YEAR * people.activity[rows] * left / calendar.DAYS
    rates = usual[:, None] * softmax(leaning)
    life_day, kind = people.life_day[rows], people.life_event[rows]
    has_happened = (kind >= 0) & (life_day < today)
    lasts = np.exp(-(today - life_day) / LIFE_EVENT_DAYS) * has_happened
    fades = np.exp(-(until - life_day) / LIFE_EVENT_DAYS) * has_happened
    rates += (
        PURPOSES_A_LIFE_EVENT
        * (lasts - fades)[:, None]
        * softmax(leaning + true.world.life_lift[kind])
    )
    chances, looks = _life_events(true, rows, has_happened, today, until)
    for lift, share, look in zip(true.world.life_lift, chances.T, looks.T, strict=False):
        # Half of its purposes, because on average it happens in the middle of the window.
        raised = 0.5 * PURPOSES_A_LIFE_EVENT * share[:, None] + look[:, None]
        rates += raised * softmax(leaning + lift)
    return np.asarray(BUYS_FROM[KNOW] * rates)


def _life_events(
    true: Latent, rows: IntArray, has_happened: BoolArray, today: float, until: float
) -> tuple[FloatArray, FloatArray]:
    """[Q, K] probability of each life event, and [Q, K] purposes that lead to it."""
    if true.life is not None:
        return true.life.chances(rows, today, until), true.life.expected_looks(rows, today, until)
    soon = WITH_LIFE_EVENT * (until - today) / (calendar.DAYS - WITH_LIFE_EVENT * today)
    share = soon / len(LIFE_EVENTS) * ~has_happened
    chances = np.repeat(share[:, None], len(LIFE_EVENTS), axis=1)
    return chances, np.zeros_like(chances)


def _add_running(
    true: Latent, rows: IntArray, side: FloatArray, window: ForecastWindow, expected: FloatArray
) -> None:
    """Adds to `expected` [Q, G, 50] the purchases of running purposes and of renewals due."""
    purposes = true.purposes
    position, purpose = purposes.of_customers(rows, len(true.people))
    chance = _purchase_probability(purposes, window)[purpose]
    position, purpose, chance = position[chance > 0], purpose[chance > 0], chance[chance > 0]
    category = purposes.category[purpose]
    soon = np.maximum(window.start, purposes.begin[purpose]) + int(USUAL_DAYS / 2 * calendar.DAY)
    chances = choice_chances(
        true.world,
        true.people,
        rows=rows[position],
        categories=category,
        focus=purposes.focus[purpose],
        side=side[position],
        seconds=np.minimum(soon, window.end - 1),
    )
    np.add.at(expected, (position, category), chance[:, None] * chances)


def _purchase_probability(purposes: Purposes, window: ForecastWindow) -> FloatArray:
    """[S] probability that a purpose settled before the window ends in a purchase within it."""
    visits = purposes.visits
    before = visits.second < window.start
    stage = np.zeros(len(purposes), np.int64)
    np.maximum.at(stage, visits.purpose[before], visits.stage[before])
    begun = purposes.begin < window.start
    alive = begun & (purposes.end >= window.start)
    due = ~begun & (purposes.settled_at < window.start)
    time_left = np.clip((window.end - purposes.begin) / calendar.DAY / USUAL_DAYS, 0, 1)
    return np.where(alive, BUYS_AFTER[stage], due * BUYS_FROM[CONSIDER] * time_left)
