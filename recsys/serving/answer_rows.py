"""Answers as rows of the table `decisions`: one row an offer, before anything came of it.

Columns: decision_id, customer_id, offer_id (a product's id for answers of `recommend`), touchpoint
(`none` where the artifact knows none), timestamp (UTC: of the answer, of a decision when to send),
policy, propensity (1 where nothing was left to chance), slate_id and position of the answer's
offers, variant, policy_version (of the artifact), rules_version, probability and expected_value
where the artifact states them, score, model_version, known (whether the artifact knew the
customer), fallback (whether the answer followed popularity). All ids are texts.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeAlias

import pyarrow as pa

from recsys.ops.keyed_hash import pseudonym
from recsys.serving.decide.decision import Decision
from recsys.serving.query.offers import FirmOffer, FirmOffers, Offer, Recommendation

Answer: TypeAlias = Recommendation | FirmOffers | Decision

NO_TOUCHPOINT = "none"
ANONYMOUS = "anonymous-"
"""Begins the id of a customer who gave none; what follows is the slate's id."""

POPULARITY = "popularity"

SCHEMA = pa.schema(
    {
        "decision_id": pa.string(),
        "customer_id": pa.string(),
        "offer_id": pa.string(),
        "touchpoint": pa.string(),
        "timestamp": pa.timestamp("us", "UTC"),
        "policy": pa.string(),
        "propensity": pa.float64(),
        "slate_id": pa.string(),
        "position": pa.float64(),
        "variant": pa.string(),
        "policy_version": pa.string(),
        "rules_version": pa.string(),
        "probability": pa.float64(),
        "expected_value": pa.float64(),
        "score": pa.float64(),
        "model_version": pa.string(),
        "known": pa.bool_(),
        "fallback": pa.bool_(),
    }
)


@dataclass(frozen=True, kw_only=True, eq=False)
class Logged:
    """An answer that waits to be written.

    Attributes:
        answer: with at least one offer.
        slate_id: of its offers; no other answer has it.
        moment: UTC, when it was given.
        policy: who answered, of answers that do not say it.
        model_version: which model.
        customer_id: to whom, where it is not the id in the answer.
    """

    answer: Answer
    slate_id: str
    moment: datetime
    policy: str
    model_version: str
    customer_id: object = None

    def rows(self, key: bytes | None) -> list[dict[str, Any]]:
        """One row an offer, best first.

        Args:
            key: of the hash that replaces customer ids; None for ids as they are.
        """
        answer = self.answer
        made = _of_decision(answer) if isinstance(answer, Decision) else _of_ranking(answer)
        shared = {
            "customer_id": self._customer(key),
            "timestamp": self.moment,
            "policy": self.policy,
            "propensity": 1.0,
            "slate_id": self.slate_id,
            "model_version": self.model_version,
            "known": answer.known,
        }
        return [
            {**shared, **row, "decision_id": f"{self.slate_id}-{place}", "position": float(place)}
            for place, row in enumerate(made)
        ]

    def _customer(self, key: bytes | None) -> str:
        given = self.answer.customer_id if self.customer_id is None else self.customer_id
        if given is None:
            return f"{ANONYMOUS}{self.slate_id}"
        return str(given) if key is None else pseudonym(key, given)


def as_table(logged: Sequence[Logged], key: bytes | None) -> pa.Table:
    """The rows of answers as a table with the columns of `SCHEMA`; arguments as for `rows`."""
    return pa.Table.from_pylist([row for one in logged for row in one.rows(key)], SCHEMA)


def _of_ranking(answer: Recommendation | FirmOffers) -> list[dict[str, Any]]:
    return [
        {
            **_offered(offer),
            "touchpoint": offer.touchpoint or NO_TOUCHPOINT,
            "probability": offer.probability,
            "score": offer.score,
            "fallback": answer.basis == POPULARITY,
        }
        for offer in answer.offers
    ]


def _offered(offer: Offer | FirmOffer) -> dict[str, Any]:
    if isinstance(offer, Offer):
        return {"offer_id": str(offer.product_id)}
    return {"offer_id": str(offer.offer_id), "variant": offer.variant}


def _of_decision(answer: Decision) -> list[dict[str, Any]]:
    return [
        {
            "offer_id": str(offer.offer_id),
            "touchpoint": offer.touchpoint,
            "timestamp": offer.send_at,
            "policy": answer.policy,
            "propensity": offer.propensity,
            "variant": offer.variant,
            "policy_version": answer.policy_version,
            "rules_version": answer.rules_version,
            "probability": offer.probability,
            "expected_value": offer.expected_value,
            # A decision does not state its basis: what is known of an unknown customer is nothing.
            "fallback": not answer.known,
        }
        for offer in answer.offers
    ]
