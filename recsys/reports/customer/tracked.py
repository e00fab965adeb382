"""The card of a customer as a run of MLflow, with the customer's id or under a pseudonym."""

from collections.abc import Mapping
from dataclasses import replace

from recsys.reports.customer.card import CustomerCard
from recsys.reports.customer.page import PAGE, customer_page, customer_picture, summary, title
from recsys.reports.customer.words import Words
from recsys.tracking.report import Report

PICTURE = "timeline.png"


def under_pseudonym(card: CustomerCard, pseudonym: str) -> CustomerCard:
    """The card without any id of the customer.

    It is not anonymous: events, columns of the table of customers and the names of products stay.
    """
    hidden = {name: _without(card.person.linked, why, pseudonym)
              for name, why in card.left_out.items()}  # fmt: skip
    return replace(card, name=pseudonym, links=None, left_out=hidden)


def figures(card: CustomerCard) -> dict[str, float]:
    """Name -> number."""
    strands = card.timeline.strands
    numbers = {
        "events": float(len(card.timeline.events)),
        "strands": float(len(strands)),
        "open_strands": float(sum(strand.is_open for strand in strands)),
    }
    if card.value is not None:
        numbers["expected_purchases"] = card.value.purchases[0]
        if card.value.spending is not None:
            numbers["expected_spending"] = card.value.spending[0]
    if card.leaving is not None:
        numbers["leaving"] = card.leaving.probability
    return numbers


def tracked_card(card: CustomerCard, words: Words, params: Mapping[str, str]) -> Report:
    """What is kept of a card.

    Args:
        card: perhaps `under_pseudonym`.
        words: of the page.
        params: what was set.
    """
    return Report(
        kind="customer",
        name=f"customer {card.name} {card.person.data.name}",
        note=f"{title(card, words)}\n\n{' '.join(summary(card, words))}",
        params={"customer": card.name, **params},
        metrics=figures(card),
        files={
            PAGE: customer_page(card, words).encode(),
            PICTURE: customer_picture(card, words),
        },
    )


def _without(ids: list[str], text: str, pseudonym: str) -> str:
    for each in ids:
        text = text.replace(f"'{each}'", f"'{pseudonym}'")
    return text
