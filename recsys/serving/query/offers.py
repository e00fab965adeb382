"""What an artifact returns: offers and their reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias
from uuid import UUID

from recsys.ops.result_tables import html_table, text_table

Basis: TypeAlias = Literal["events", "vector", "popularity"]
"""What offers follow: the customer's events, stored or fresh; the vector that the model gave to a
customer without events, from other data; or popularity, where nothing is known of the customer."""


@dataclass(frozen=True, kw_only=True)
class Reason:
    """An event of the customer that raises the score of an offer.

    Attributes:
        product_id: the product of the event.
        name: of that product; None where it has none.
        action: what happened; None where unknown.
        touchpoint: where it happened; None where unknown, as for a fresh event.
        when: UTC, or the position in the order; None where unknown, as for a fresh event.
        share: its share of all positive contributions to the score, above 0 and at most 1.
    """

    product_id: str | int | UUID
    name: str | None
    action: str | None
    touchpoint: str | None
    when: datetime | int | None
    share: float

    def __str__(self) -> str:
        where = f" at {self.touchpoint}" if self.touchpoint else ""
        return f"{self.action or 'event'} of {_label(self)}{where}"


@dataclass(frozen=True, kw_only=True)
class Offer:
    """A product put to a customer at a touchpoint.

    Attributes:
        product_id: the product.
        name: of the product; None where it has none.
        category: of the product; None where it has none.
        score: higher is better; comparable among the offers of one recommendation.
        touchpoint: where to make the offer; None where the artifact does not know.
        reasons: the customer's events that contribute most, largest share first.
        probability: the calibrated score; None where the artifact has no calibrator, or a
            touchpoint was given whose scores are not calibrated.
    """

    product_id: str | int | UUID
    name: str | None
    category: str | None
    score: float
    touchpoint: str | None
    reasons: Sequence[Reason]
    probability: float | None = None


@dataclass(frozen=True, kw_only=True)
class Recommendation:
    """What to offer one customer.

    Attributes:
        customer_id: as in the artifact; as it was given where the artifact does not know it; None
            where none was given.
        offers: best first.
        short_because: why there are fewer than k offers; None where there are k.
        own_events: number of products that the customer has events with, fresh ones included.
        known: whether the artifact knows the id.
        basis: what the offers follow.
    """

    customer_id: str | int | UUID | None
    offers: Sequence[Offer]
    short_because: str | None
    own_events: int
    known: bool
    basis: Basis

    def __str__(self) -> str:
        return text_table(self._title, _HEADER, self._rows, self.short_because or "")

    def _repr_html_(self) -> str:
        return html_table(self._title, _HEADER, self._rows, self.short_because or "")

    @property
    def _title(self) -> str:
        customer = "a customer without id" if self.customer_id is None else self.customer_id
        known = "" if self.known or self.customer_id is None else " (unknown)"
        return f"{customer}{known}, by {self.basis}"

    @property
    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                _label(offer), offer.touchpoint or "", f"{offer.score:.4g}",
                "; ".join(map(str, offer.reasons)),
            )
            for offer in self.offers
        ]  # fmt: skip


_HEADER = ("offer", "touchpoint", "score", "reasons")


def _label(part: "Offer | Reason") -> str:
    return str(part.product_id) if part.name is None else part.name


@dataclass(frozen=True, kw_only=True)
class FirmOffer:
    """One of the firm's offers, which may be of several products.

    Attributes:
        offer_id: the offer; a product's id where the artifact has no offers.
        products: ids of its products.
        variant: message or call to action; None where there is none.
        score: of the mean vector of its products; comparable among those of one answer.
        touchpoint: where to make it; None where the artifact does not know.
        probability: as for `Offer`; None for an offer of several products, because calibrators are
            fitted on products.
    """

    offer_id: str | int | UUID
    products: Sequence[str | int | UUID]
    variant: str | None
    score: float
    touchpoint: str | None
    probability: float | None = None


@dataclass(frozen=True, kw_only=True)
class FirmOffers:
    """Which of the firm's offers to make one customer.

    Attributes:
        customer_id: as for `Recommendation`.
        offers: best first.
        short_because: why there are fewer than k; None where there are k.
        known: as for `Recommendation`.
        basis: as for `Recommendation`.
    """

    customer_id: str | int | UUID | None
    offers: Sequence[FirmOffer]
    short_because: str | None
    known: bool
    basis: Basis
