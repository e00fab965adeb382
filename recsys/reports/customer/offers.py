"""The next best offers to a customer, by touchpoint and part of the day, with their reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd

from recsys.exporting.in_memory import ByScores
from recsys.policy.compiled.times import DAYPARTS
from recsys.reports.customer.artifact_end import other_end, require_earlier
from recsys.reports.customer.person import NothingKnownError, Person
from recsys.reports.customer.strands import Strand
from recsys.serving import Artifact, Offer, Reason

_REASONS = 2
Ranker = Artifact | ByScores


@dataclass(frozen=True, kw_only=True)
class NextOffer:
    """An offer, where and when to make it, and why.

    Attributes:
        touchpoint: where; "" where that is not known.
        daypart: the part of the customer's own day; "" where that is not known.
        name: of the product, or of the firm's offer.
        category: of the product; "" for none.
        probability: of acceptance; None where it is not known.
        value: euros that are expected of it; None without a policy.
        basis: what it follows: events, vector or popularity.
        reasons: the customer's events that speak for it, the strongest first.
    """

    touchpoint: str
    daypart: str
    name: str
    category: str
    probability: float | None
    value: float | None
    basis: str
    reasons: Sequence[Reason]


@dataclass(frozen=True, kw_only=True)
class NextOffers:
    """What to offer.

    Attributes:
        source: of the scores, as "ALS".
        as_of: end of what it was learned from, in words; "" where that is the cut-off.
        policy: name of the policy that decides; "" without one.
        offers: of each touchpoint; those at the best one come first.
        closed: touchpoint -> why nothing is offered there.
        of_strands: number of a strand -> the offer that moves it.
    """

    source: str
    as_of: str
    policy: str
    offers: Sequence[NextOffer]
    closed: Mapping[str, str] = field(default_factory=dict)
    of_strands: Mapping[int, NextOffer] = field(default_factory=dict)


def next_offers_of(
    person: Person, ranker: Ranker, k: int, strands: Sequence[Strand] = ()
) -> NextOffers:
    """The k best offers at each touchpoint, and one for each strand.

    With a policy it decides which offers, and in which part of the day; without one the part of the
    day is that in which the customer comes most often, and only consent is asked about.

    Args:
        person: whose.
        ranker: a model or an artifact, of events before the cut-off.
        k: how many at each touchpoint.
        strands: of the customer.

    Raises:
        InputError: the artifact has learned from later events, or on another clock.
        NothingKnownError: the artifact does not know the customer.
    """
    artifact = ranker if isinstance(ranker, Artifact) else ranker.artifact
    require_earlier(artifact, person)
    if not artifact.customers.first_rows([person.id])[0] >= 0:
        raise NothingKnownError(f"offers: the artifact does not know customer '{person.id}'")
    names = [str(name) for name in artifact.contents.touchpoints.names]
    part = artifact.contents.decisions
    offers_at = _ranked if part is None else _decided
    first, _ = offers_at(person, ranker, None, 1 if names else k)
    lead = first[0].touchpoint if first else ""
    offers = [] if names else first
    closed: dict[str, str] = {}
    for name in names:
        made, why = offers_at(person, ranker, name, k)
        offers += made
        if not made:
            closed[name] = why
    return NextOffers(
        source=str(artifact.facts.get("model", "")),
        as_of=other_end(artifact, person),
        policy="" if part is None else part.rules.name,
        offers=sorted(offers, key=lambda each: (each.touchpoint != lead, -(each.value or 0.0))),
        closed=closed,
        of_strands=_of_strands(person, ranker, strands),
    )


def _ranked(
    person: Person, ranker: Ranker, touchpoint: str | None, k: int
) -> tuple[list[NextOffer], str]:
    answer = ranker.recommend(
        person.id, k=k, touchpoint=touchpoint, at=_at(person), explain=_REASONS
    )
    offers = [
        _of(offer, answer.basis, _usual_daypart(person, offer.touchpoint))
        for offer in answer.offers
    ]
    return offers, answer.short_because or ""


def _decided(
    person: Person, ranker: Ranker, touchpoint: str | None, k: int
) -> tuple[list[NextOffer], str]:
    assert isinstance(ranker, Artifact)  # only what was exported has a policy
    decision = ranker.decide(person.id, touchpoint=touchpoint, at=_at(person), k=k)
    offers = []
    for each in decision.offers:
        answer = ranker.recommend(
            person.id, k=1, touchpoint=touchpoint, at=_at(person), allow=list(each.products),
            explain=_REASONS,
        )  # fmt: skip
        best = answer.offers[0] if answer.offers else None
        offers.append(
            NextOffer(
                touchpoint=each.touchpoint,
                daypart=_daypart(each.send_at, person.time_zone),
                name=str(each.offer_id) if best is None else best.name or str(best.product_id),
                category="" if best is None else best.category or "",
                probability=each.probability,
                value=each.expected_value,
                basis=answer.basis,
                reasons=() if best is None else best.reasons,
            )
        )
    return offers, decision.short_because or ""


def _of_strands(person: Person, ranker: Ranker, strands: Sequence[Strand]) -> dict[int, NextOffer]:
    """The best product of the purpose of each strand that may be offered to the customer."""
    artifact = ranker if isinstance(ranker, Artifact) else ranker.artifact
    made = {}
    for strand in strands:
        known = artifact.products.first_rows(np.array(strand.products)) >= 0
        allow = [each for each, is_known in zip(strand.products, known, strict=True) if is_known]
        if allow:
            answer = ranker.recommend(person.id, k=1, at=_at(person), allow=allow, explain=_REASONS)
            for offer in answer.offers:
                made[strand.number] = _of(offer, answer.basis, "")
    return made


def _of(offer: Offer, basis: str, daypart: str) -> NextOffer:
    return NextOffer(
        touchpoint=offer.touchpoint or "",
        daypart=daypart,
        name=offer.name or str(offer.product_id),
        category=offer.category or "",
        probability=offer.probability,
        value=None,
        basis=basis,
        reasons=offer.reasons,
    )


def _usual_daypart(person: Person, touchpoint: str | None) -> str:
    """When the customer comes most often; at any touchpoint where he never came to this one."""
    own = person.own
    when = own.interactions.when
    if person.moment is None or when is None or not len(when):
        return ""
    at = own.touchpoints.ids[own.interactions.touchpoints].astype(str) == touchpoint
    moments = pd.to_datetime(when[at] if at.any() else when, unit="us", utc=True)
    hours = moments.tz_convert(person.time_zone).hour.to_numpy()
    return DAYPARTS[int(np.bincount(hours * len(DAYPARTS) // 24, minlength=len(DAYPARTS)).argmax())]


def _daypart(moment: datetime, time_zone: str) -> str:
    return DAYPARTS[moment.astimezone(ZoneInfo(time_zone)).hour * len(DAYPARTS) // 24]


def _at(person: Person) -> int | str | None:
    """The moment of the offers: the cut-off."""
    return "as_of" if person.moment is None else person.data.as_of_seconds
