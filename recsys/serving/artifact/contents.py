"""What an artifact holds: tables of plain arrays, each checked in its own file."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.calibrator import calibrator_of
from recsys.ops.filter_seen import FilterSeen
from recsys.serving.artifact import checks
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.artifact.event_table import EventTable
from recsys.serving.artifact.facts import checked_facts
from recsys.serving.artifact.fold_in_arrays import FoldInArrays
from recsys.serving.artifact.moment_part import MomentPart
from recsys.serving.artifact.offer_table import OfferTable
from recsys.serving.artifact.product_features import ProductFeatures
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.text_ids import TextIds
from recsys.serving.artifact.times import Clock, Moment, moment_of
from recsys.serving.artifact.touchpoint_table import TouchpointTable


@dataclass(frozen=True, kw_only=True, eq=False)
class Contents:
    """Everything that serving needs.

    Attributes:
        customers: vectors, ids and consent.
        products: vectors, ids, names, categories and dates.
        touchpoints: names and vectors.
        action_names: of events, at most 127.
        filter_seen: which products that a customer has seen are left out of the ranking, of stored
            events as `events.until` says; True for all, False for none.
        events: of the customers in the table; None where none are kept.
        fold_in: how events become a vector; None where they do not add up to one, and then nothing
            is explained.
        offers: the firm's offers, each of one or more products; None where products are offered.
        features: how features of a new product become its vector; None where they do not.
        calibrator: plain float64 arrays of a `recsys.ops.calibrator`, which turns the log-odds
            that a score is read as (see `probability`) into the probability that `facts` describe
            as `calibration`; None where scores are no probabilities.
        decisions: a policy's compiled rules, values and acceptance odds; None where there is no
            policy, and then nothing is decided.
        moments: how the moment of a session is told; None where it is not.
        facts: JSON-able, for the manifest. `clock` says what `as_of` and the events' times count,
            "timestamp" (UTC seconds) or "order" (positions); nothing at or after `as_of` was
            learned from; both may be absent or None. The model card also shows `model`, `settings`,
            `data` {name, fingerprint}, `split`, `trained_on` {what: count}, `fitted_on`, `metrics`
            {part: {metric: {mean, low, high, customers}}}, `fidelity`, `git_commit`, `versions`,
            `mlflow_run_id` and `created`.

    Raises:
        InputError: the parts do not fit together; the message names the field.
    """

    customers: CustomerTable
    products: ProductTable
    touchpoints: TouchpointTable = field(default_factory=TouchpointTable)
    action_names: Sequence[str] = ()
    filter_seen: FilterSeen | bool = True
    events: EventTable | None = None
    fold_in: FoldInArrays | None = None
    offers: OfferTable | None = None
    features: ProductFeatures | None = None
    calibrator: Mapping[str, FloatArray] | None = None
    decisions: DecisionPart | None = None
    moments: MomentPart | None = None
    facts: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "facts", checked_facts(self.facts))
        object.__setattr__(self, "filter_seen", FilterSeen.of(self.filter_seen))
        customers, products = len(self.customers), len(self.products)
        touchpoints, actions = len(self.touchpoints), len(self.action_names)
        self.customers.require_fits(self.dim, touchpoints)
        self.touchpoints.require_fits(self.dim)
        checks.names("action_names", self.action_names)
        by_action = FilterSeen.of(self.filter_seen).ages
        if by_action and self.events is not None and self.events.until is None:
            raise InputError("contents.events.until: expected beside filter_seen by action")
        if self.events is not None:
            self.events.require_fits(customers, products, touchpoints, actions, self.clock)
        if self.fold_in is not None:
            self.fold_in.require_fits(customers, products, self.dim, actions)
        if self.offers is not None:
            self.offers.require_fits(products, touchpoints)
        if self.features is not None:
            width = None if self.fold_in is None else self.fold_in.width
            has_scale = self.fold_in is not None and self.fold_in.scale is not None
            self.features.require_fits(self.dim, width, has_scale)
        if self.calibrator is not None:
            calibrator_of(self.calibrator)
        if self.decisions is not None:
            self.decisions.require_fits(
                customers, len(self.offer_ids), touchpoints, self.customers.strands
            )
        if self.moments is not None:
            self.moments.require_fits(customers, products, touchpoints)

    @property
    def dim(self) -> int:
        """d: the length of the vectors."""
        return int(self.products.vectors.shape[1])

    @property
    def offer_ids(self) -> IdArray | TextIds:
        """[O] ids of the offers; of the products where there is no table of offers."""
        return self.products.ids if self.offers is None else self.offers.ids

    @cached_property
    def offer_vectors(self) -> FloatArray:
        """[O, d] float32 vectors of what `offer_ids` names."""
        vectors = self.products.vectors
        return vectors if self.offers is None else self.offers.pooled(vectors)

    @cached_property
    def version(self) -> str:
        """12 digits of a SHA-256 over the facts: which model, data and moment of export it is."""
        return hashlib.sha256(json.dumps(self.facts, sort_keys=True).encode()).hexdigest()[:12]

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

    def moment(self, at: Moment | None) -> int | None:
        """UTC seconds at which an offer is to be valid; None where dates are not checked.

        Products and offers that ended after the training are not offered. Set `at="as_of"` or a
        date for an answer that stays the same from day to day.

        Args:
            at: as for `times.moment_of`; None for now.

        Raises:
            InputError: a datetime without a time zone, or something else.
        """
        return moment_of(at, self.clock, self.as_of)

    @property
    def counts(self) -> dict[str, int]:
        """How many rows there are of each kind, and the length of the vectors."""
        return {
            "customer_rows": len(self.customers),
            "products": len(self.products),
            "touchpoints": len(self.touchpoints),
            "offers": 0 if self.offers is None else len(self.offers),
            "features": 0 if self.features is None else len(self.features),
            "events": 0 if self.events is None else len(self.events),
            "dim": self.dim,
        }

    def with_sorted_events(self) -> "Contents":
        """The same contents with events as `EventTable.by_customer` orders them.

        Raises:
            InputError: a pair of customer row and product has two events.
        """
        return self if self.events is None else replace(self, events=self.events.by_customer())

    def events_of(self, rows: IntArray) -> tuple[IntArray, IntArray]:
        """As `EventTable.of_rows`; nothing where no events are kept."""
        if self.events is None:
            return np.zeros(0, np.int64), np.zeros(0, np.int64)
        return self.events.of_rows(rows)
