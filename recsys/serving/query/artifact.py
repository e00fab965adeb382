"""Recommending from a loaded artifact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

import numpy as np

from recsys.arrays import FloatArray
from recsys.ops.topk import TopK
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.index import ApproximateIndex
from recsys.serving.artifact.new_product import NewProduct
from recsys.serving.artifact.new_products import grown
from recsys.serving.artifact.text_ids import TextIds
from recsys.serving.artifact.times import Moment
from recsys.serving.decide.decision import Decision
from recsys.serving.decide.inbound import find_inbound, require_policy
from recsys.serving.decide.logits import Logits
from recsys.serving.decide.one import decide
from recsys.serving.decide.prices import PricesLike, prices_of
from recsys.serving.decide.recent_contacts import RecentContact
from recsys.serving.query.customer_state import CustomerState
from recsys.serving.query.firm_offers import firm_offers, products_as_offers
from recsys.serving.query.format_offers import format_offers
from recsys.serving.query.fresh_events import FreshEvent
from recsys.serving.query.lookup import find_customer, fold_in_customer
from recsys.serving.query.offers import FirmOffers, Recommendation
from recsys.serving.query.query import (
    Id,
    Ids,
    Query,
    build_query,
    require_whole,
    touchpoint_row,
)
from recsys.serving.query.search import best_of_many, best_products
from recsys.serving.query.session_moment import SessionEvent, SessionMoment, moment_of_session
from recsys.serving.query.similar import CustomerSpace, SimilarCustomers


@dataclass(frozen=True, kw_only=True, eq=False)
class Artifact:
    """Vectors, ids and rules, ready for queries; made by `recsys.serving.load`.

    Attributes:
        contents: what was exported, with events sorted by customer.
        customers: ids of customers, sorted.
        products: ids of products, sorted.
        index: approximate index of products, for queries of one customer; None where all products
            are scored.
        digest: SHA-256 of its manifest, which names it exactly; "" for one in memory.
    """

    contents: Contents
    customers: SortedIds
    products: SortedIds
    index: ApproximateIndex | None = None
    digest: str = ""

    def __repr__(self) -> str:
        model = self.contents.facts.get("model", "a model")
        counts = (
            f"{len(self.contents.customers):,} customers x {len(self.contents.products):,} products"
        )
        return f"Artifact of {model}: {counts}"

    @classmethod
    def of(cls, contents: Contents) -> Self:
        """The artifact of contents in memory, with ids and events sorted.

        Raises:
            InputError: an id, or a pair of customer and product among the events, appears twice.
        """
        customers = contents.customers
        return cls(
            contents=contents.with_sorted_events(),
            customers=SortedIds.build("customer", customers.ids, customers.strands),
            products=SortedIds.build("product", contents.products.ids),
        )

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the exporter stated about model, data and metrics."""
        return self.contents.facts

    @property
    def explains(self) -> bool:
        """Whether the artifact can give reasons."""
        return self.contents.fold_in is not None and self.contents.events is not None

    def recommend(
        self,
        customer_id: Id,
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Ids = (),
        explain: int = 3,
        allow: Ids | None = None,
        strict: bool = False,
    ) -> Recommendation:
        """The k best offers for one customer, each with its touchpoint and its reasons.

        Products are ranked by (c + t) . p at a given touchpoint t, else by c . p, the maximum over
        the customer's rows; equal scores by the lower row number. Without a given touchpoint each
        product gets the permitted one with the highest (c + p) . t.

        Customers that the artifact does not know, or of whom it knows nothing, get the most popular
        of the products that may be offered; `known` and `basis` of the answer show this.

        Args:
            customer_id: as in the tables; a number may be given as text.
            k: how many offers, at least 1.
            touchpoint: name of the only touchpoint to use; None for the best one of each product.
            at: when the offer is made: a datetime with a time zone, UTC seconds, or a date as text;
                None for now. With "as_of", the cut-off of the training, an answer does not change
                from day to day.
            exclude: product ids to leave out.
            explain: most reasons for each offer, 0 for none.
            allow: the only product ids to rank; None for all.
            strict: whether an unknown customer is refused.

        Raises:
            InputError: the touchpoint or a product in `exclude` or `allow` is unknown; k, at,
                explain or the customer's id are not usable; the customer is unknown and refused; or
                the artifact has no default vector for unknown customers.
        """
        query = self.query(k, touchpoint, at, exclude, allow)
        return self.rank(self.customer_state(customer_id, strict=strict), query, explain)

    def recommend_events(
        self,
        events: Sequence[FreshEvent],
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Ids = (),
        explain: int = 3,
        allow: Ids | None = None,
        customer_id: Id | None = None,
        strict: bool = False,
    ) -> Recommendation:
        """As `recommend`, with fresh events folded in; nothing is trained.

        Consent is checked for known customers. An unknown id is treated as a customer who has given
        none. Without an id all touchpoints are open, and the caller must check consent.

        Args:
            events: as for `fold_in`.
            k: as for `recommend`.
            touchpoint: as for `recommend`.
            at: as for `recommend`.
            exclude: as for `recommend`.
            explain: as for `recommend`; fresh events are reasons too.
            allow: as for `recommend`.
            customer_id: whose stored events the fresh ones are added to; None for a new customer.
            strict: as for `recommend`.

        Raises:
            InputError: as for `fold_in` and `recommend`.
        """
        query = self.query(k, touchpoint, at, exclude, allow)
        return self.rank(self.customer_state(customer_id, events, strict), query, explain)

    def fold_in(self, events: Sequence[FreshEvent], customer_id: Id | None = None) -> FloatArray:
        """The vector of a customer with these fresh events; nothing is trained.

        Without any event that counts it is the default vector, where the artifact has one.

        Args:
            events: product ids, or pairs of product id and action (or weight, a number).
            customer_id: whose stored events the fresh ones are added to, those of the last strand
                where there are several; None for a new customer.

        Returns:
            [d] float32.

        Raises:
            InputError: the customer, a product or an action is unknown, or the model cannot fold
                in events.
        """
        state = fold_in_customer(self.contents, self.customers, self.products, customer_id, events)
        return np.asarray(state.vectors[-1])

    def recommend_offers(
        self,
        customer_id: Id,
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Ids = (),
        allow: Ids | None = None,
        strict: bool = False,
    ) -> FirmOffers:
        """The k best of the firm's offers that are valid at this moment and touchpoint.

        The vector of an offer is the mean of the vectors of its products. Left out are offers for
        another touchpoint, or for one that may not contact the customer, and offers of which no
        product may be offered. Where the artifact has no offers, each product is one.

        Args:
            customer_id: as for `recommend`.
            k: as for `recommend`.
            touchpoint: as for `recommend`.
            at: as for `recommend`.
            exclude: as for `recommend`.
            allow: as for `recommend`.
            strict: as for `recommend`.

        Raises:
            InputError: as for `recommend`.
        """
        query = self.query(k, touchpoint, at, exclude, allow)
        customer = self.customer_state(customer_id, strict=strict)
        if self.contents.offers is None:
            return products_as_offers(self.rank(customer, query, 0))
        return firm_offers(self.contents, self.contents.offers, customer, query)

    def recommend_many(
        self,
        customer_ids: Ids | TextIds,
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Ids = (),
        allow: Ids | None = None,
    ) -> TopK:
        """The k best products of many customers, by the same scores and rules as `recommend`.

        The matrix product for many customers rounds differently from that for one, so that products
        with scores closer than about 1e-6 may change places between the two. Unknown ids are
        refused, because the answer has no place to mark them.

        Args:
            customer_ids: [n], as for `recommend`.
            k: as for `recommend`.
            touchpoint: as for `recommend`.
            at: as for `recommend`.
            exclude: as for `recommend`.
            allow: as for `recommend`.

        Returns:
            Product rows (of `contents.products.ids`) [n, min(k, P)] int32, -1 where there is no
            further offer, and float32 scores, -inf there.

        Raises:
            InputError: as for `recommend`, or a customer is unknown.
        """
        query = self.query(k, touchpoint, at, exclude, allow)
        starts, ends = self.customers.find_known(customer_ids)
        return best_of_many(self.contents, self.customers, starts, ends, query)

    def similar_customers(self, customer_id: Id, k: int = 10) -> SimilarCustomers:
        """The k customers whose taste in products is most like that of one, by cosine.

        Of a customer with several vectors the one nearest to the other customer counts. Similarity
        counts to six decimals; equal ones are ordered by id. Customers of whom nothing is known are
        left out, and the answer says how many; see `CustomerSpace` for the columns that count.

        Args:
            customer_id: as for `recommend`.
            k: how many, at least 1.

        Raises:
            InputError: the customer is unknown or has no events, or there are fewer than k others.
        """
        return self.customer_space.similar_to(customer_id, k)

    def similar_customers_many(self, customer_ids: Ids | TextIds, k: int = 10) -> TopK:
        """As `similar_customers`, of many customers.

        Args:
            customer_ids: [n], as for `recommend`.
            k: as for `similar_customers`.

        Returns:
            Customer rows (of `contents.customers.ids`, the first of several of a customer) [n, k]
            int32 and cosines float32.

        Raises:
            InputError: as for `similar_customers`.
        """
        return self.customer_space.nearest(customer_ids, k)

    @cached_property
    def customer_space(self) -> CustomerSpace:
        """The directions of all customers' vectors, a copy of them; made at the first question."""
        return CustomerSpace.of(self.contents, self.customers)

    def decide(
        self,
        customer_id: Id,
        touchpoint: str | None = None,
        at: Moment | None = None,
        k: int = 1,
        prices: PricesLike | None = None,
        explore: bool = False,
        contacts: Sequence[RecentContact] = (),
        session: Sequence[SessionEvent] | str | None = None,
    ) -> Decision:
        """What to offer a customer now, under all rules of the policy that was exported.

        Offers are ranked by probability of acceptance x value, less the cost and the prices of a
        plan; those that earn nothing are not made. An unknown customer is decided for by
        popularity, at touchpoints that may contact customers who have given no consent.

        Args:
            customer_id: as for `recommend`.
            touchpoint: name of the touchpoint where the customer is; None for the best one.
            at: as for `recommend`.
            k: most offers, at least 1.
            prices: the file of a day's plan, or its prices: what a decision is charged at a scarce
                touchpoint; None for nothing.
            explore: whether to choose by the policy's exploration; the same customer at the same
                moment gets the same choice again.
            contacts: contacts with the customer since the export.
            session: as for `moment`, for the policy's rules `moments`; None where the customer is
                in no session, and then they do not hold.

        Raises:
            InputError: as for `moment`; or the artifact has no policy; the touchpoint is unknown;
                `at`, `k`, prices or contacts are not usable; or the artifact has no vector for an
                unknown customer.
        """
        contents = self.contents
        part = require_policy(contents)
        require_whole("k", k, 1)
        row, moment = touchpoint_row(contents, touchpoint), contents.moment(at)
        inbound = find_inbound(contents, self.customers, customer_id, moment, contacts)
        names, given = list(contents.touchpoints.names), prices_of(prices)
        told = None
        if session is not None:
            told = self.moment(customer_id, session, touchpoint, inbound.moment)
        return decide(
            contents,
            self.decision_logits,
            inbound,
            np.arange(len(names)) if row is None else np.array([row]),
            np.zeros(len(names)) if given is None else given.of_touchpoints(names, part.costs),
            k,
            explore,
            told,
        )

    def moment(
        self,
        customer_id: Id,
        session: Sequence[SessionEvent] | str = (),
        touchpoint: str | None = None,
        at: Moment | None = None,
    ) -> SessionMoment:
        """Whether a session is to know, to buy or to get something done, with probabilities.

        Args:
            customer_id: as for `recommend`; of an unknown customer only the events count.
            session: what the customer did in it, oldest first; or the name of its moment, where the
                firm knows it. Without events: a session that begins now.
            touchpoint: name of the touchpoint where it is; None where unknown.
            at: as for `recommend`.

        Raises:
            InputError: the artifact has no moments, an event is not usable, or a product,
                touchpoint or name is unknown.
        """
        row, moment = touchpoint_row(self.contents, touchpoint), self.contents.moment(at)
        return moment_of_session(
            self.contents, self.customers, self.products, customer_id, session, row, moment
        )

    def with_products(self, products: Sequence[NewProduct]) -> "Artifact":
        """An artifact that also offers these products, by their features; nothing is trained.

        Their rows follow those of the other products, whose scores do not change. Keep the result
        with `recsys.serving.write` until a training has seen the products.

        Args:
            products: new products, with ids that the artifact does not have.

        Raises:
            InputError: the artifact keeps no features, or a product does not fit it.
        """
        contents, ids = grown(self.contents, self.products, products)
        return replace(self, contents=contents, products=ids)

    def query(
        self,
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Ids = (),
        allow: Ids | None = None,
    ) -> Query:
        """A checked query for `rank`, for any number of customers; arguments as for `recommend`.

        Raises:
            InputError: as for `recommend`.
        """
        return build_query(self.contents, self.products, k, touchpoint, at, exclude, allow)

    def customer_state(
        self,
        customer_id: Id | None,
        events: Sequence[FreshEvent] | None = None,
        strict: bool = False,
    ) -> CustomerState:
        """The customer to `rank` for; arguments as for `recommend_events`.

        Raises:
            InputError: as for `recommend_events`.
        """
        return find_customer(
            self.contents, self.customers, self.products, customer_id, events, strict
        )

    def rank(self, customer: CustomerState, query: Query, explain: int) -> Recommendation:
        """As `recommend`, for a customer and a query that were looked up before."""
        require_whole("explain", explain, 0)
        products, scores = best_products(self.contents, self.index, customer, query)
        shortage = None
        if len(products) < query.k:
            shortage = query.refusal(customer.permitted)
            shortage = shortage or query.shortage(customer.filtered(self.contents, query.moment))
        return Recommendation(
            customer_id=customer.id,
            offers=format_offers(
                self.contents, customer, products, scores, query.touchpoint, explain
            ),
            short_because=shortage,
            own_events=len(customer.seen),
            known=customer.known,
            basis=customer.basis,
        )

    @cached_property
    def decision_logits(self) -> Logits:
        """The parts of acceptance odds that are the same for all customers."""
        return Logits.of(self.contents)
