"""Past acceptance by customer, kind of offer, offer and touchpoint, as features of a send.

Rates are smoothed, (accepted + prior * expected) / (sends + prior), over the sends that were
resolved before the moment. Open sends are left out, because an acceptance becomes known earlier
than its absence, so that a rate over open sends would be too high. Acceptances known so far have
columns of their own. Rates enter as log-odds, counts and days as log(1 + x).
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.interactions import DAY, NEVER
from recsys.models.acceptance.features import Features, from_columns
from recsys.models.acceptance.sends import Sends
from recsys.models.acceptance.smoothed_rates import Rates, overall_rate
from recsys.ops.temporal_counts import EventHistory

RECENT_DAYS = 90


def response_features(
    sends: Sends, history: Sends, kinds: IntArray, prior: float = 5.0
) -> Features:
    """Rates of acceptance before each send.

    "customer.answers" compares a customer's acceptances with what their sends' offers had yielded
    by the time each send was resolved: log((accepted + prior * r) / (expected + prior * r)) with
    the overall rate r. It is 0 for an average customer, whatever they were sent.
    "send.answers_of_kind" is the same over offers of the kind that is sent now.

    Args:
        sends: [S] sends to describe.
        history: [H] all sends; `sends` may be among them.
        kinds: [O] kind of each offer, for example its category.
        prior: weight of the expected rate, in sends.

    Returns:
        [S, 8] features.
    """
    customers, moments = sends.customers, sends.when
    overall = overall_rate(history, moments)
    resolved = history.select((history.outcome >= 0) & (history.resolved < NEVER))
    # Each send's own moment included, or the first sends would be compared with nothing.
    expected = _offer_rate(resolved.offers, resolved.resolved + 1, history, kinds, prior)[1]
    kind_count = int(kinds.max(initial=0)) + 1

    def excess(keys: IntArray, query_keys: IntArray) -> FloatArray:
        sums = (
            EventHistory(keys, resolved.resolved, values).total(query_keys, moments)
            for values in (resolved.outcome, expected)
        )
        accepted, due = (total + prior * overall for total in sums)
        return np.log(accepted / due)

    kind_rate, offer_rate = _offer_rate(sends.offers, moments, history, kinds, prior)
    at_touchpoint = Rates(history, history.touchpoints)
    touchpoint_rate = at_touchpoint.before(moments, sends.touchpoints, prior, overall)
    of_kind = (
        resolved.customers * kind_count + kinds[resolved.offers],
        customers * kind_count + kinds[sends.offers],
    )
    return from_columns(
        {
            "customer.answers": excess(resolved.customers, customers),
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
    """[n] rate of the kind, smoothed to the overall rate, and of the offer, to that of its kind."""
    of_kind, of_offer = Rates(history, kinds[history.offers]), Rates(history, history.offers)
    overall = overall_rate(history, moments)
    kind = of_kind.before(moments, kinds[offers], prior, overall)
    return kind, of_offer.before(moments, offers, prior, kind)


def _so_far(
    sends: Sends, history: Sends, prior: float, overall: FloatArray
) -> dict[str, FloatArray]:
    """Acceptances known at the moment, whether or not the other sends are resolved."""
    customers, moments = sends.customers, sends.when
    answered = history.answered < NEVER
    accepts = EventHistory(np.where(answered, history.customers, -1), history.answered)
    count = accepts.count(customers, moments)
    contacts = EventHistory(history.customers, history.when).count(customers, moments)
    recent = accepts.count(customers, moments, RECENT_DAYS * DAY)
    since = accepts.since(customers, moments) / DAY
    return {
        "customer.accepts_a_contact": np.log((count + prior * overall) / (contacts + prior)),
        "customer.days_since_accept": np.log1p(since),
        "customer.accepts_recent": np.log1p(recent),
    }


def _log_odds(rate: FloatArray) -> FloatArray:
    return np.log(rate) - np.log1p(-rate)
