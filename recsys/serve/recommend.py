"""Recommending from a loaded artifact."""

import os
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, TypeAlias
from uuid import UUID

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.evaluate.topk import TopK, topk
from recsys.serve import events, ranking, rules
from recsys.serve.contents import Contents
from recsys.serve.firm_offers import best_offers
from recsys.serve.fresh import Fresh, FreshEvent, folded
from recsys.serve.fresh_offers import FreshOffers, best_fresh
from recsys.serve.ids import SortedIds
from recsys.serve.index import ApproximateIndex
from recsys.serve.offers import FirmOffer, FirmOffers, Offer, Recommendation
from recsys.serve.probability import probabilities
from recsys.serve.reasons import at_place, named, plain, reasons
from recsys.serve.search import ONLY, first_row, had, scores_of, searched
from recsys.serve.shortage import Limits, refusal
from recsys.serve.text_ids import TextIds

Id: TypeAlias = str | int | UUID

_TILE_CUSTOMERS, _TILE_SCORES = 256, 2**24
"""Customers scored at once, fewer where that many rows of scores would take over 64 MiB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Artifact:
    """Vectors, ids and rules, ready to answer; made by `recsys.serve.load`.

    Attributes:
        contents: what was exported, the events sorted by customer.
        customers, products: the ids, sorted.
        index: of products, for questions about one customer; None where all are scored.
    """

    contents: Contents
    customers: SortedIds
    products: SortedIds
    index: ApproximateIndex | None = None

    @property
    def facts(self) -> Mapping[str, Any]:
        """What the exporter said about model, data and metrics."""
        return self.contents.facts

    @property
    def explains(self) -> bool:
        """Whether the artifact keeps what reasons are made from."""
        kept = self.contents.fold_in_products, self.contents.event_products
        return all(part is not None for part in kept)

    def recommend(
        self,
        customer_id: Id,
        k: int = 10,
        touchpoint: str | None = None,
        at: datetime | int | None = None,
        exclude: Sequence[Id] | IdArray = (),
        explain: int = 3,
        allow: Sequence[Id] | IdArray | None = None,
    ) -> Recommendation:
        """The k best offers for one customer, each with its touchpoint and its reasons.

        Products are ranked by (c + t) . p at a given touchpoint t, else by c . p, the maximum over
        the customer's rows; equal scores by the lower row number. Without a given touchpoint each
        product goes to the permitted one with the highest (c + p) . t.

        Args:
            customer_id: as in the tables; a number may be given as text.
            k: how many, at least 1.
            touchpoint: name of the only touchpoint in question, or None for the best of each.
            at: when the offer is made, with a time zone, or in UTC seconds; None for the artifact's
                cut-off, so that an answer does not change with the day of the question.
            exclude: product ids to leave out; those unknown are ignored.
            explain: how many reasons an offer, 0 for none.
            allow: the only product ids in question, those unknown ignored; None for all.

        Raises:
            InputError: the customer or the touchpoint is unknown, or k, at, explain are not usable.
        """
        _require_whole("k", k, 1)
        _require_whole("explain", explain, 0)
        contents, asked = self.contents, self._touchpoint_row(touchpoint)
        rows = self.customers.rows_of(customer_id)
        permitted = rules.permitted(contents, rows, ONLY)[0]
        limits = self._limits(at, exclude, allow)
        found = None
        if self.index is not None and limits.allowed is None:
            found = searched(contents, self.index, rows, asked, permitted, limits, k)
        if found is None:
            found = first_row(topk(scores_of(contents, rows, ONLY, asked, limits.barred), k))
        columns, values = found
        missing = None
        if len(columns) < k:
            missing = refusal(touchpoint, asked, permitted)
            missing = missing or limits.shortage(had(contents, rows))
        return Recommendation(
            customer_id=plain(contents.customer_ids[rows[0]]),
            offers=self._offers(rows, columns, values, asked, permitted, explain),
            short_because=missing,
            own_events=len(events.of_rows(contents, rows)[1]),
        )

    def recommend_offers(
        self,
        customer_id: Id,
        k: int = 10,
        touchpoint: str | None = None,
        at: datetime | int | None = None,
    ) -> FirmOffers:
        """The k best of the firm's offers that hold at this moment and at this touchpoint.

        An offer's vector is the mean of its products'. It is left out where it is tied to another
        touchpoint, or to one that may not reach the customer, and where none of its products may
        be offered. Where the artifact has no offers, each product is its own.

        Raises:
            InputError: as `recommend`.
        """
        table, contents = self.contents.offers, self.contents
        if table is None:
            answer = self.recommend(customer_id, k, touchpoint, at, explain=0)
            return FirmOffers(
                customer_id=answer.customer_id,
                offers=[_as_firm_offer(one) for one in answer.offers],
                short_because=answer.short_because,
            )
        _require_whole("k", k, 1)
        asked, rows = self._touchpoint_row(touchpoint), self.customers.rows_of(customer_id)
        permitted = rules.permitted(contents, rows, ONLY)[0]
        limits = self._limits(at, (), None)
        gone = np.zeros(len(contents.products), dtype=bool)
        gone[had(contents, rows)] = True
        if limits.closed is not None:
            gone |= limits.closed
        found: list[FirmOffer] = []
        missing = refusal(touchpoint, asked, permitted)
        if missing is None:
            found, missing = best_offers(
                contents, table, self._offer_vectors, rows, k, asked, permitted, limits.moment, gone
            )
        return FirmOffers(
            customer_id=plain(contents.customer_ids[rows[0]]), offers=found, short_because=missing
        )

    @cached_property
    def _offer_vectors(self) -> FloatArray:
        assert self.contents.offers is not None
        return self.contents.offers.pooled(self.contents.products)

    def recommend_many(
        self,
        customer_ids: Sequence[Id] | IdArray | TextIds,
        k: int = 10,
        touchpoint: str | None = None,
        at: datetime | int | None = None,
    ) -> TopK:
        """The k best products of many customers, by the same scores and rules as `recommend`.

        Scores of one matrix product for many customers round differently from those for one, so
        that products closer than about 1e-6 may change places between the two.

        Args:
            customer_ids: [n], as for `recommend`.
            k: how many, at least 1.
            touchpoint: as for `recommend`.
            at: as for `recommend`.

        Returns:
            Product rows (of `contents.product_ids`) [n, min(k, P)] int32, -1 where there is no
            further offer, and float32 scores, -inf there.

        Raises:
            InputError: as for `recommend`.
        """
        _require_whole("k", k, 1)
        return self.best_of(*self.customers.find_known(customer_ids), k, touchpoint, at)

    def fold_in(self, events: Sequence[FreshEvent], customer_id: Id | None = None) -> FloatArray:
        """[d] float32 vector of somebody with these fresh events, without training anything.

        Args:
            events: product ids, or pairs of product id and action (or weight, a number).
            customer_id: to whose own events they are added; None for somebody unseen.

        Raises:
            InputError: a product or action is unknown, or the model cannot be folded into.
        """
        return self._fresh(events, customer_id).vector

    def recommend_events(
        self,
        events: Sequence[FreshEvent],
        k: int = 10,
        touchpoint: str | None = None,
        at: datetime | int | None = None,
        exclude: Sequence[Id] | IdArray = (),
        allow: Sequence[Id] | IdArray | None = None,
        customer_id: Id | None = None,
    ) -> FreshOffers:
        """The k best products for `fold_in(events, customer_id)`, by the rules of `recommend`.

        Consent binds known customers; of somebody unseen none is known, so who asks answers for it.

        Raises:
            InputError: as `fold_in` and `recommend`.
        """
        _require_whole("k", k, 1)
        asked, contents = self._touchpoint_row(touchpoint), self.contents
        fresh = self._fresh(events, customer_id)
        limits = self._limits(at, exclude, allow)
        permitted = np.ones(len(contents.touchpoint_names), dtype=bool)
        if fresh.row is not None:
            permitted = rules.permitted(contents, np.array([fresh.row]), ONLY)[0]
        refused = refusal(touchpoint, asked, permitted)
        if refused:
            return FreshOffers(products=[], scores=[], touchpoints=[], short_because=refused)
        return best_fresh(contents, fresh, k, asked, permitted, limits)

    def _fresh(self, events: Sequence[FreshEvent], customer_id: Id | None) -> Fresh:
        row = None if customer_id is None else int(self.customers.rows_of(customer_id)[-1])
        return folded(self.contents, self.products, events, row)

    def best_of(
        self,
        starts: IntArray,
        ends: IntArray,
        k: int,
        touchpoint: str | None = None,
        at: datetime | int | None = None,
    ) -> TopK:
        """As `recommend_many`, for customers by where their rows lie in `customers.rows`."""
        asked, width = self._touchpoint_row(touchpoint), len(self.contents.products)
        barred = self._limits(at, (), None).barred
        found = TopK(
            np.empty((len(starts), min(k, width)), np.int32),
            np.empty((len(starts), min(k, width)), np.float32),
        )
        step = max(1, min(_TILE_CUSTOMERS, _TILE_SCORES // width))

        def rank(first: int) -> None:
            tile = slice(first, first + step)
            owners, places = events.spread(starts[tile], ends[tile])
            begins = np.searchsorted(owners, np.arange(owners[-1] + 1))
            best = topk(
                scores_of(self.contents, self.customers.rows[places], begins, asked, barred), k
            )
            found.columns[tile], found.scores[tile] = best.columns, best.scores

        # Picking the best of a tile takes one thread, while the next tile is multiplied.
        with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
            deque(threads.map(rank, range(0, len(starts), step)), maxlen=0)
        return found

    def _limits(
        self,
        at: datetime | int | None,
        exclude: Sequence[Id] | IdArray,
        allow: Sequence[Id] | IdArray | None,
    ) -> Limits:
        moment = rules.moment(self.contents, at)
        dated = any(getattr(self.contents, name) is not None for name in rules.DATES)
        return Limits(
            products=len(self.contents.products),
            moment=moment,
            closed=~rules.on_offer(self.contents, moment) if dated and moment is not None else None,
            excluded=self._product_rows("exclude", exclude),
            allowed=None if allow is None else self._product_rows("allow", allow),
        )

    def _offers(
        self, rows: IntArray, products: IntArray, scores: FloatArray, asked: int | None,
        permitted: BoolArray, explain: int,
    ) -> list[Offer]:  # fmt: skip
        contents = self.contents
        deciding = ranking.deciding_rows(contents, rows, products, asked)
        best: list[int | None] = [asked] * len(products)
        if asked is None:
            known = contents.customers[deciding] + contents.products[products]
            best = ranking.best_touchpoints(contents, known, permitted)
        why = reasons(contents, deciding, products, explain)
        likely = probabilities(contents, scores, asked)
        return [
            Offer(
                product_id=plain(contents.product_ids[product]),
                name=at_place(contents.product_names, product),
                category=at_place(contents.product_categories, product),
                score=float(score),
                touchpoint=named(contents.touchpoint_names, place),
                reasons=because,
                probability=chance,
            )
            for product, score, place, because, chance in zip(
                products, scores, best, why, likely, strict=True
            )
        ]

    def _touchpoint_row(self, name: str | None) -> int | None:
        known = list(self.contents.touchpoint_names)
        if name is None:
            return None
        if name not in known:
            raise InputError(
                f"touchpoint '{name}' is not known; the artifact has {', '.join(known) or 'none'}"
            )
        return known.index(name)

    def _product_rows(self, name: str, product_ids: Sequence[Id] | IdArray) -> IntArray:
        if isinstance(product_ids, str | int | UUID):
            raise InputError(f"{name}: expected a sequence of product ids, got {product_ids!r}")
        return self.products.rows[events.spread(*self.products.find(product_ids))[1]]


def _as_firm_offer(offer: Offer) -> FirmOffer:
    return FirmOffer(
        offer_id=offer.product_id,
        products=[offer.product_id],
        variant=None,
        score=offer.score,
        touchpoint=offer.touchpoint,
        probability=offer.probability,
    )


def _require_whole(name: str, value: Any, low: int) -> None:
    usable = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= low
    if not usable:
        raise InputError(f"{name}: expected a whole number of at least {low}, got {value!r}")
