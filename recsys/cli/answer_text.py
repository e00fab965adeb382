"""Recommendations as text for a terminal: the customer, the offers and their reasons."""

from collections.abc import Iterator

from recsys.serving import Artifact, Offer, Reason, Recommendation
from recsys.serving.artifact.times import spoken


def lines(artifact: Artifact, answer: Recommendation) -> Iterator[str]:
    """The lines that `recsys recommend` prints for one customer.

    Args:
        artifact: the artifact that recommends.
        answer: the recommendation for one customer.

    Yields:
        a line with the customer, two lines for each offer, and where there are fewer offers than
        requested a line with the reason.
    """
    customer = "new customer" if answer.customer_id is None else f"customer {answer.customer_id}"
    products = "1 product" if answer.own_events == 1 else f"{answer.own_events:,} products"
    yield f"{customer} ({products} in their history)"
    if answer.customer_id is not None and not answer.known:
        yield f"  {artifact.customers.unknown(answer.customer_id)}"
    for rank, offer in enumerate(answer.offers, start=1):
        category = f" [{offer.category}]" if offer.category else ""
        touchpoint = f", best at {offer.touchpoint}" if offer.touchpoint else ""
        name = offer.name or offer.product_id
        chance = "" if offer.probability is None else f", probability {offer.probability:.1%}"
        yield f"{rank:3d}. {name}{category}  score {offer.score:.3f}{chance}{touchpoint}"
        yield f"     {why(artifact, answer, offer)}"
    if answer.short_because:
        yield f"  no more offers: {answer.short_because}"


def why(artifact: Artifact, answer: Recommendation, offer: Offer) -> str:
    """The reasons of an offer in one line, without those that round to 0 %."""
    reasons = [reason for reason in offer.reasons if f"{reason.share:.0%}" != "0%"]
    if reasons:
        return "because of " + "; ".join(reason_text(reason) for reason in reasons)
    if answer.basis == "popularity":
        events = "events that count" if answer.own_events else "events of their own yet"
        return f"no {events}: offers by popularity"
    if not artifact.explains:
        return "the artifact keeps no reasons for this model"
    return "no own event in particular" if answer.own_events else "no events of their own yet"


def reason_text(reason: Reason) -> str:
    """Action, product, touchpoint, date and share of one event."""
    touchpoint = f" at {reason.touchpoint}" if reason.touchpoint else ""
    when = f", {spoken(reason.when)}" if reason.when is not None else ""
    name = reason.name or reason.product_id
    return f"{reason.action or 'an event with'} {name}{touchpoint}{when} ({reason.share:.0%})"
