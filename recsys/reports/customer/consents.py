"""At which touchpoints a customer may be contacted, and why."""

from dataclasses import dataclass
from typing import Literal

from recsys.data import columns
from recsys.errors import InputError
from recsys.policy.consent import consent_mask
from recsys.policy.touchpoints import outbound_names
from recsys.reports.customer.person import Person

Answer = Literal["yes", "no", "not_asked", "comes"]
"""What the customer said; `comes` at a touchpoint that customers start themselves."""


@dataclass(frozen=True)
class Consent:
    """One touchpoint.

    Attributes:
        touchpoint: its name.
        is_open: whether it may be used.
        answer: why.
    """

    touchpoint: str
    is_open: bool
    answer: Answer


def consents_of(person: Person) -> list[Consent]:
    """All touchpoints, as `recsys.policy.consent.consent_mask` opens and closes them.

    Raises:
        InputError: the data have no touchpoints.
    """
    if not len(person.data.touchpoints):
        raise InputError("touchpoints: expected a column touchpoint of interactions, got none")
    is_open = consent_mask(person.own)[person.row]
    outbound = outbound_names(person.data)
    return [
        Consent(str(name), bool(permitted), _answer(person, str(name), outbound))
        for name, permitted in zip(person.data.touchpoints.ids, is_open, strict=True)
    ]


def _answer(person: Person, touchpoint: str, outbound: set[str]) -> Answer:
    said = person.about.get(f"{columns.CONSENT_PREFIX}{touchpoint}")
    if said is not None:
        return "yes" if said else "no"
    return "not_asked" if touchpoint in outbound else "comes"
