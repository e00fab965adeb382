"""Recommending from a loaded artifact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Self

from recsys.arrays import FloatArray
from recsys.ops.topk import TopK
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.index import ApproximateIndex
from recsys.serving.artifact.new_products import NewProduct, grown
from recsys.serving.artifact.text_ids import TextIds
from recsys.serving.artifact.times import Moment
from recsys.serving.query.customer_state import CustomerState
from recsys.serving.query.firm_offers import best_offers
from recsys.serving.query.format_offers import format_offers
from recsys.serving.query.fresh_events import FreshEvent
from recsys.serving.query.offers import FirmOffer, FirmOffers, Offer, Recommendation
from recsys.serving.query.query import Id, Ids, Query, question, require_whole
from recsys.serving.query.search import best_of_many, best_products
from recsys.serving.query.who import who, with_events


@dataclass(frozen=True, kw_only=True, eq=False)
class Artifact:
    """Vectors, ids and rules, ready to answer; made by `recsys.serving.load`.

    Attributes:
        contents: what was exported, the events sorted by customer.
        customers, products: the ids, sorted.
        index: of products, for questions about one customer; None where all are scored.
    """

    contents: Contents
    customers: SortedIds
    products: SortedIds
    index: ApproximateIndex | None = None

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
        """What the exporter said about model, data and metrics."""
        return self.contents.facts

    @property
    def explains(self) -> bool:
        """Whether the artifact keeps what reasons are made from."""
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
        product goes to the permitted one with the highest (c + p) . t.

        Whom the artifact does not know, or knows nothing of, gets what is popular among what may be
        offered; `known` and `basis` of the answer say so.

        Args:
            customer_id: as in the tables; a number may be given as text.
            k: how many, at least 1.
            touchpoint: name of the only touchpoint in question, or None for the best of each.
            at: when the offer is made, a `times.Moment`; None for now. "as_of" is the
                cut-off of what was learned, with which an answer does not change from day to day.
            exclude: product ids to leave out.
            explain: how many reasons an offer, 0 for none.
            allow: the only product ids in question; None for all.
            strict: whether an unknown customer is refused.

        Raises:
            InputError: the touchpoint or a product in `exclude` or `allow` is unknown; k, at,
                explain or the customer's id are not usable; or the customer is unknown and refused,
                or the artifact does not say what is popular.
        """
        asked = question(self.contents, self.products, k, touchpoint, at, exclude, allow)
        return self.answer(self.person(customer_id, strict=strict), asked, explain)

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
        """As `recommend`, for somebody with these fresh events; nothing is trained.

        Consent binds known customers, and ids that are unknown as those who never gave any; without
        an id none is known, so who asks answers for it.

        Args:
            events: as of `fold_in`.
            k: as of `recommend`, as what follows.
            touchpoint: likewise.
            at: likewise.
            exclude: likewise.
            explain: likewise; what was done just now is a reason too.
            allow: likewise.
            customer_id: to whose own events they are added; None for somebody unseen.
            strict: as of `recommend`.

        Raises:
            InputError: as `fold_in` and `recommend`.
        """
        asked = question(self.contents, self.products, k, touchpoint, at, exclude, allow)
        return self.answer(self.person(customer_id, events, strict), asked, explain)

    def fold_in(self, events: Sequence[FreshEvent], customer_id: Id | None = None) -> FloatArray:
        """[d] float32 vector of somebody with these fresh events, without training anything.

        Without any event that counts it is the one that ranks by popularity, where there is one.

        Args:
            events: product ids, or pairs of product id and action (or weight, a number).
            customer_id: to whose own events they are added, those of the last strand where there
                are several; None for somebody unseen.

        Raises:
            InputError: the customer, a product or an action is unknown, or the model cannot be
                folded into.
        """
        folded_in = with_events(self.contents, self.customers, self.products, customer_id, events)
        vector: FloatArray = folded_in.vectors[-1]
        return vector

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
        """The k best of the firm's offers that hold at this moment and at this touchpoint.

        An offer's vector is the mean of its products'. It is left out where it is tied to another
        touchpoint, or to one that may not reach the customer, and where none of its products may
        be offered. Where the artifact has no offers, each product is its own.

        Raises:
            InputError: as `recommend`.
        """
        contents, table = self.contents, self.contents.offers
        if table is None:
            answer = self.recommend(customer_id, k, touchpoint, at, exclude, 0, allow, strict)
            return FirmOffers(
                customer_id=answer.customer_id,
                offers=[_as_firm_offer(one) for one in answer.offers],
                short_because=answer.short_because,
                known=answer.known,
                basis=answer.basis,
            )
        asked = question(contents, self.products, k, touchpoint, at, exclude, allow)
        person = self.person(customer_id, strict=strict)
        found: list[FirmOffer] = []
        missing = asked.refusal(person.permitted)
        if missing is None:
            found, missing = best_offers(contents, table, self._offer_vectors, person, asked)
        return FirmOffers(
            customer_id=person.id,
            offers=found,
            short_because=missing,
            known=person.known,
            basis=person.basis,
        )

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

        Scores of one matrix product for many customers round differently from those for one, so
        that products closer than about 1e-6 may change places between the two. Unknown ids are
        refused, because nothing in the answer could mark them.

        Args:
            customer_ids: [n], as for `recommend`.
            k: how many, at least 1.
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
        asked = question(self.contents, self.products, k, touchpoint, at, exclude, allow)
        starts, ends = self.customers.find_known(customer_ids)
        return best_of_many(self.contents, self.customers, starts, ends, asked)

    def with_products(self, products: Sequence[NewProduct]) -> "Artifact":
        """An artifact that offers these products too, by their features, without training.

        They stand behind the others, whose scores stay as they are. `recsys.serving.write` keeps
        what comes back, until a training has seen the products.

        Raises:
            InputError: the artifact keeps no features, or a product does not fit; see `NewProduct`.
        """
        contents, ids = grown(self.contents, self.products, products)
        return replace(self, contents=contents, products=ids)

    def person(
        self,
        customer_id: Id | None,
        events: Sequence[FreshEvent] | None = None,
        strict: bool = False,
    ) -> CustomerState:
        """Who is asked about, for `answer`; arguments as of `recommend_events`.

        Raises:
            InputError: as `fold_in`; or nothing is known, and the artifact does not say what is
                popular.
        """
        return who(self.contents, self.customers, self.products, customer_id, events, strict)

    def answer(self, person: CustomerState, asked: Query, explain: int) -> Recommendation:
        """What `recommend` says of a person and a `recsys.serving.query.query.Query`."""
        require_whole("explain", explain, 0)
        columns, scores = best_products(self.contents, self.index, person, asked)
        missing = None
        if len(columns) < asked.k:
            missing = asked.refusal(person.permitted)
            missing = missing or asked.shortage(person.had(self.contents))
        return Recommendation(
            customer_id=person.id,
            offers=format_offers(self.contents, person, columns, scores, asked.asked, explain),
            short_because=missing,
            own_events=len(person.seen),
            known=person.known,
            basis=person.basis,
        )

    @cached_property
    def _offer_vectors(self) -> FloatArray:
        assert self.contents.offers is not None
        return self.contents.offers.pooled(self.contents.products.vectors)


def _as_firm_offer(offer: Offer) -> FirmOffer:
    return FirmOffer(
        offer_id=offer.product_id,
        products=[offer.product_id],
        variant=None,
        score=offer.score,
        touchpoint=offer.touchpoint,
        probability=offer.probability,
    )
