"""How customers, kinds of offer, offers and touchpoints answered before a send.

Rates are smoothed, (accepted + prior * expected) / (sends + prior), and count sends that were
resolved before the moment: those only, because an acceptance shows before its absence does, and
rates of what is half open are too high. What is known early, the acceptances so far, has columns of
its own. Rates enter as log-odds, counts and days as log(1 + x).
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.interactions import DAY, NEVER
from recsys.models.acceptance.event_history import EventHistory
from recsys.models.acceptance.features import Features, named
from recsys.models.acceptance.sends import Sends
from recsys.models.acceptance.smoothed_rates import Rates, overall_rate

RECENT_DAYS = 90


def answers(sends: Sends, history: Sends, kinds: IntArray, prior: float = 5.0) -> Features:
    """Rates of acceptance before each send.

    "customer.answers" is how many of a customer's sends were accepted over how many were to be
    expected, log((accepted + prior * r) / (expected + prior * r)) with the overall rate r; expected
    is what each of these sends' offers had yielded by the time it was resolved. It is 0 for an
    average customer, whatever they were sent. "send.answers_of_kind" is the same over offers of the
    kind that is sent now.

    Args:
        sends: [S] what is asked.
        history: [H] all sends; those asked may be among them.
        kinds: [O] kind of each offer, as its type or category.
        prior: weight of what is expected, in sends.
    """
    customers, moments = sends.customers, sends.when
    overall = overall_rate(history, moments)
    told = history.select((history.outcome >= 0) & (history.resolved < NEVER))
    # Up to and with its own moment, or the first sends of all would be measured against nothing.
    expected = _offer_rate(told.offers, told.resolved + 1, history, kinds, prior)[1]
    many = int(kinds.max(initial=0)) + 1

    def excess(keys: IntArray, asked: IntArray) -> FloatArray:
        accepted = EventHistory(keys, told.resolved, told.outcome).total(asked, moments)
        due = EventHistory(keys, told.resolved, expected).total(asked, moments)
        found: FloatArray = np.log((accepted + prior * overall) / (due + prior * overall))
        return found

    kind_rate, offer_rate = _offer_rate(sends.offers, moments, history, kinds, prior)
    at_touchpoint = Rates(history, history.touchpoints)
    touchpoint_rate = at_touchpoint.before(moments, sends.touchpoints, prior, overall)
    of_kind = (told.customers * many + kinds[told.offers], customers * many + kinds[sends.offers])
    return named(
        {
            "customer.answers": excess(told.customers, customers),
            "send.answers_of_kind": excess(*of_kind),
            "send.kind_rate": _log_odds(kind_rate),
            "send.offer_rate": _log_odds(offer_rate),
            "send.touchpoint_rate": _log_odds(touchpoint_rate),
            **_so_far(sends, history, prior, overall),
        }
    )


def _offer_rate(
    offers: IntArray, moments: IntArray, history: Sends, kinds: IntArray, prior: float
) -> tuple[FloatArray, FloatArray]:
    """[n] rate of the kind, which leans on the overall one, and of the offer, which leans on it."""
    of_kind, of_offer = Rates(history, kinds[history.offers]), Rates(history, history.offers)
    overall = overall_rate(history, moments)
    kind = of_kind.before(moments, kinds[offers], prior, overall)
    return kind, of_offer.before(moments, offers, prior, kind)


def _so_far(
    sends: Sends, history: Sends, prior: float, overall: FloatArray
) -> dict[str, FloatArray]:
    """Acceptances known at the moment, whether or not the others are resolved."""
    customers, moments = sends.customers, sends.when
    answered = history.answered < NEVER
    accepts = EventHistory(np.where(answered, history.customers, -1), history.answered)
    count = accepts.count(customers, moments)
    contacts = EventHistory(history.customers, history.when).count(customers, moments)
    recent = count - accepts.count(customers, moments - RECENT_DAYS * DAY)
    since = accepts.since(customers, moments) / DAY
    return {
        "customer.accepts_a_contact": np.log((count + prior * overall) / (contacts + prior)),
        "customer.days_since_accept": np.log1p(since),
        "customer.accepts_recent": np.log1p(recent),
    }


def _log_odds(rate: FloatArray) -> FloatArray:
    found: FloatArray = np.log(rate) - np.log1p(-rate)
    return found
