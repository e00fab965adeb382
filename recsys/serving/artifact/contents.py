"""What an artifact holds: plain arrays, checked once, whoever made them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.serving.artifact.consistency import require_consistent
from recsys.serving.artifact.offer_table import OfferTable
from recsys.serving.artifact.product_features import ProductFeatures
from recsys.serving.artifact.times import Clock

RESERVED_FACTS = frozenset({"artifact", "format_version", "counts", "files", "index", "sha256"})
"""Keys of the manifest that the writer fills itself."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Contents:
    """Everything that serving needs. C customer rows, P products, T touchpoints, E events, size d.

    A customer may have several rows, one a strand of intent: the id is repeated, the strand
    differs. Events belong to a row; there is one a (row, product) pair, the latest, in any order.
    Those whose weight is 0 are known but were not learned from: they count as seen and explain
    nothing.

    Attributes:
        customers: [C, d] float32 vectors.
        products: [P, d] float32 vectors.
        touchpoints: [T, d] float32 vectors; None where the model does not know touchpoints.
        default_customer: [d] float32 vector of a customer of whom nothing is known, which ranks by
            popularity; None where the artifact does not say, as those before version 0.2.
        customer_ids: [C] integers, str or `uuid.UUID`. Loaded texts are a `TextIds`, which reads
            like an array and makes no object before it is asked.
        product_ids: [P] likewise, unique.
        touchpoint_names: [T] names, unique; may be known where their vectors are not.
        customer_strands: [C] integers; None where every customer has one row.
        product_names: [P] for people to read, None where a product has no name.
        product_categories: [P] likewise.
        product_valid_from: [P] int64 UTC seconds from which a product is on offer, `OPEN_START`
            where always; None where no start is known.
        product_valid_to: [P] int64 UTC seconds at which the offer has ended, `OPEN_END` where
            never; None where no end is known.
        consent: [C, T] bool, whether a touchpoint may contact the customer; touchpoints that the
            customer starts are True. None where all may.
        default_consent: [T] bool, the same of a customer of whom nothing is known; None for those
            that may contact every customer.
        filter_seen: whether products that a customer already had leave the ranking.
        offers: the firm's offers, each of products; None where each product is its own.
        features: how features of a new product become its vector; None where it cannot be told.
        calibrator: plain float64 arrays of a `recsys.ops.calibrator`, which makes of the
            log-odds that a score is read as (see `probability`) the probability that
            `facts` describe as `calibration`; None where scores are scores alone.
        event_customers: [E] integers, rows of `customers`; None where no events are kept.
        event_products: [E] integers, rows of `products`.
        event_weights: [E] float32, the weight that the model gave the pair.
        event_actions: [E] integers, positions in `event_action_names`; None where unknown.
        event_action_names: at most 127 names.
        event_touchpoints: [E] integers, positions in `touchpoint_names`, -1 where unknown; or None.
        event_when: [E] int64 in units of the clock, `OPEN_END` where unknown; or None.
        fold_in_products: [P, m] float32 rows f, m <= d, that make up the first m columns of a
            customer's vector, see `recsys.ops.fold_in`; None where events do not add up to a
            vector, and then nothing is explained.
        fold_in_gram: [m, m] float32, symmetric and positive definite; None where events add up
            linearly.
        fold_in_actions: [event_action_names] float32, what a fresh event of each action counts.
        fold_in_rule: [3] float32 offset b, exponent a, and 1 where vectors are brought to length
            1, else 0: fresh events that count r_j together
            weigh `b + scale_j r_j (sum r)^-a`; None where fresh events cannot be weighed.
        fold_in_scale: [P] float32 of that formula; None for 1.
        fold_in_rest: [d - m] float32 columns of a customer without any event; None where unknown.
        fold_in_degrees: [C] float32, sum r of the customers' own events; where a is not 0.
        facts: JSON-able, for the manifest. `clock` says what `as_of` and `event_when` count,
            "timestamp" (UTC seconds) or "order" (positions); nothing at or after `as_of` was
            learned from; both may be absent or None. The model card also shows `model`, `settings`,
            `data` {name, fingerprint}, `split`, `trained_on` {what: count}, `fitted_on`, `metrics`
            {part: {metric: {mean, low, high, customers}}}, `fidelity`, `git_commit`, `versions`,
            `mlflow_run_id` and `created`.

    Raises:
        InputError: shapes, types, ranges or facts do not fit together; the message names the field.
    """

    customers: FloatArray
    products: FloatArray
    touchpoints: FloatArray | None = None
    default_customer: FloatArray | None = None
    customer_ids: IdArray
    product_ids: IdArray
    touchpoint_names: Sequence[str] = ()
    customer_strands: IntArray | None = None
    product_names: Sequence[str | None] | None = None
    product_categories: Sequence[str | None] | None = None
    product_valid_from: IntArray | None = None
    product_valid_to: IntArray | None = None
    consent: BoolArray | None = None
    default_consent: BoolArray | None = None
    filter_seen: bool = True
    offers: OfferTable | None = None
    features: ProductFeatures | None = None
    calibrator: Mapping[str, FloatArray] | None = None
    event_customers: IntArray | None = None
    event_products: IntArray | None = None
    event_weights: FloatArray | None = None
    event_actions: IntArray | None = None
    event_action_names: Sequence[str] = ()
    event_touchpoints: IntArray | None = None
    event_when: IntArray | None = None
    fold_in_products: FloatArray | None = None
    fold_in_gram: FloatArray | None = None
    fold_in_actions: FloatArray | None = None
    fold_in_rule: FloatArray | None = None
    fold_in_scale: FloatArray | None = None
    fold_in_rest: FloatArray | None = None
    fold_in_degrees: FloatArray | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", _plain_facts(self.facts))
        require_consistent(self)

    @property
    def clock(self) -> Clock | None:
        """What times count; None where there is no order."""
        clock: Clock | None = self.facts.get("clock")
        return clock

    @property
    def as_of(self) -> int | None:
        """The cut-off in units of the clock; None without one."""
        cut_off: int | None = self.facts.get("as_of")
        return cut_off

    @cached_property
    def ordering_columns(self) -> BoolArray:
        """[d] columns in which products differ: only they decide the order of products."""
        if len(self.products) == 1:
            return np.ones(self.products.shape[1], dtype=bool)
        differ: BoolArray = self.products.max(axis=0) != self.products.min(axis=0)
        return differ

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind, and the length of the vectors."""
        return {
            "customer_rows": len(self.customers),
            "products": len(self.products),
            "touchpoints": len(self.touchpoint_names),
            "offers": 0 if self.offers is None else len(self.offers),
            "features": 0 if self.features is None else len(self.features),
            "events": 0 if self.event_customers is None else len(self.event_customers),
            "dim": self.products.shape[1],
        }


def _plain_facts(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts as JSON keeps them, so that what is loaded equals what was written."""
    taken = sorted(RESERVED_FACTS & set(facts))
    if taken:
        raise InputError(f"contents.facts: {', '.join(taken)} are written by the artifact itself")
    try:
        plain: dict[str, Any] = json.loads(json.dumps(dict(facts), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise InputError(f"contents.facts: expected values that JSON can hold: {error}") from None
    return plain
