"""What an artifact decides for one customer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from recsys.ops.result_tables import html_table, text_table
from recsys.serving.query.session_moment import SessionMoment


@dataclass(frozen=True, kw_only=True)
class DecidedOffer:
    """An offer to make, and what is expected of it.

    Attributes:
        offer_id: the offer; a product's id where the artifact has no offers.
        products: ids of its products.
        variant: message or call to action; None where there is none.
        touchpoint: where to make it.
        send_at: UTC, the first permitted moment of the part of the customer's day that suits best.
        probability: of acceptance.
        expected_value: euros: probability x value under levers and weights, less the cost.
        propensity: probability of this choice given those above it; 1 without exploration.
    """

    offer_id: str | int | UUID
    products: Sequence[str | int | UUID]
    variant: str | None
    touchpoint: str
    send_at: datetime
    probability: float
    expected_value: float
    propensity: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Decision:
    """What to offer one customer under all rules of the policy.

    Attributes:
        customer_id: as in the artifact; as it was given where the artifact does not know it.
        offers: best first; empty where nothing may or should be offered.
        refusals: rule -> how many pairs of offer and touchpoint it refuses at the moment, each
            counted under the first rule that refuses it. Quiet hours that end within the day
            refuse nothing, as `send_at` is later then.
        short_because: why there are fewer than k offers; None where there are k.
        policy: name of the policy.
        policy_version: of the artifact, see `Contents.version`.
        rules_version: of the policy's content.
        known: whether the artifact knows the id.
        moment: of the session that the customer is in; None where it was not asked about.
        held_by: rules of the policy that hold offers back in this moment: help comes first.
    """

    customer_id: str | int | UUID
    offers: Sequence[DecidedOffer]
    refusals: Mapping[str, int] = field(default_factory=dict)
    short_because: str | None = None
    policy: str
    policy_version: str
    rules_version: str
    known: bool
    moment: SessionMoment | None = None
    held_by: Sequence[str] = ()

    def __str__(self) -> str:
        return text_table(self._title, _HEADER, self._rows, self._note)

    def _repr_html_(self) -> str:
        return html_table(self._title, _HEADER, self._rows, self._note)

    @property
    def _title(self) -> str:
        known = "" if self.known else " (unknown)"
        return f"{self.customer_id}{known}, by policy {self.policy}"

    @property
    def _note(self) -> str:
        said = [] if self.moment is None else [f"moment: {self.moment}"]
        if self.held_by:
            said.append(f"help comes first: offers are held back by {', '.join(self.held_by)}")
        return "; ".join([*said, *([self.short_because] if self.short_because else [])])

    @property
    def _rows(self) -> list[tuple[str, ...]]:
        return [
            (
                str(offer.offer_id), offer.variant or "", offer.touchpoint,
                f"{offer.send_at:%Y-%m-%d %H:%M}", f"{offer.probability:.2%}",
                f"{offer.expected_value:.2f}", f"{offer.propensity:.3g}",
            )
            for offer in self.offers
        ]  # fmt: skip


_HEADER = (
    "offer", "variant", "touchpoint", "send at (UTC)", "probability", "expected value",
    "propensity",
)  # fmt: skip
