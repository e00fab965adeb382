"""Recommending from a loaded artifact."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.evaluate.topk import TopK, topk
from recsys.serve import events, ranking, rules
from recsys.serve.contents import Contents
from recsys.serve.ids import SortedIds
from recsys.serve.offers import Offer, Recommendation
from recsys.serve.reasons import at_place, named, plain, reasons
from recsys.serve.shortage import refusal, shortage

_TILE_CUSTOMERS, _TILE_SCORES = 256, 2**24
"""Customers scored at once, fewer where that many rows of scores would take over 64 MiB."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Artifact:
    """Vectors, ids and rules, ready to answer; made by `recsys.serve.load`.

    Attributes:
        contents: what was exported, the events sorted by customer.
        customers, products: the ids, sorted.
    """

    contents: Contents
    customers: SortedIds
    products: SortedIds

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
        customer_id: str | int,
        k: int = 10,
        touchpoint: str | None = None,
        at: datetime | int | None = None,
        exclude: Sequence[str | int] | IdArray = (),
        explain: int = 3,
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

        Raises:
            InputError: the customer or the touchpoint is unknown, or k, at, explain are not usable.
        """
        _require_whole("k", k, 1)
        _require_whole("explain", explain, 0)
        contents, asked = self.contents, self._touchpoint_row(touchpoint)
        rows, only = self.customers.rows_of(customer_id), np.zeros(1, np.int64)
        permitted = rules.permitted(contents, rows, only)[0]
        moment = rules.moment(contents, at)
        closed, excluded = ~rules.on_offer(contents, moment), self._excluded(exclude)
        scores = self._scores(rows, only, asked, closed | excluded)
        columns, values = _first_row(topk(scores, k))
        missing = None
        if len(columns) < k:
            had = np.zeros(len(closed), dtype=bool)
            if contents.masks_seen:
                had[ranking.seen(contents, rows, only)[1]] = True
            missing = refusal(touchpoint, asked, permitted)
            missing = missing or shortage(closed, had, excluded, moment)
        return Recommendation(
            customer_id=plain(contents.customer_ids[rows[0]]),
            offers=self._offers(rows, columns, values, asked, permitted, explain),
            short_because=missing,
            own_events=len(events.of_rows(contents, rows)[1]),
        )

    def recommend_many(
        self,
        customer_ids: Sequence[str | int] | IdArray,
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
        asked, width = self._touchpoint_row(touchpoint), len(self.contents.products)
        closed = ~rules.on_offer(self.contents, rules.moment(self.contents, at))
        starts, ends = self.customers.find_known(customer_ids)
        found = TopK(
            np.empty((len(starts), min(k, width)), np.int32),
            np.empty((len(starts), min(k, width)), np.float32),
        )
        step = max(1, min(_TILE_CUSTOMERS, _TILE_SCORES // width))
        for first in range(0, len(starts), step):
            tile = slice(first, first + step)
            owners, places = events.spread(starts[tile], ends[tile])
            begins = np.searchsorted(owners, np.arange(owners[-1] + 1))
            best = topk(self._scores(self.customers.rows[places], begins, asked, closed), k)
            found.columns[tile], found.scores[tile] = best.columns, best.scores
        return found

    def _scores(
        self, rows: IntArray, starts: IntArray, asked: int | None, barred: BoolArray
    ) -> FloatArray:
        """[B, P] scores, -inf where a rule forbids the offer; arguments as in `ranking`."""
        contents = self.contents
        scores = ranking.product_scores(contents, rows, starts, asked)
        scores[:, barred] = -np.inf
        if contents.masks_seen:
            scores[ranking.seen(contents, rows, starts)] = -np.inf
        if contents.consent is not None:
            permitted = rules.permitted(contents, rows, starts)
            reachable = permitted.any(axis=1) if asked is None else permitted[:, asked]
            scores[~reachable] = -np.inf
        return scores

    def _offers(
        self, rows: IntArray, products: IntArray, scores: FloatArray, asked: int | None,
        permitted: BoolArray, explain: int,
    ) -> list[Offer]:  # fmt: skip
        contents = self.contents
        deciding = ranking.deciding_rows(contents, rows, products, asked)
        best: list[int | None] = [asked] * len(products)
        if asked is None:
            best = ranking.best_touchpoints(contents, deciding, products, permitted)
        why = reasons(contents, deciding, products, explain)
        return [
            Offer(
                product_id=plain(contents.product_ids[product]),
                name=at_place(contents.product_names, product),
                category=at_place(contents.product_categories, product),
                score=float(score),
                touchpoint=named(contents.touchpoint_names, place),
                reasons=because,
            )
            for product, score, place, because in zip(products, scores, best, why, strict=True)
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

    def _excluded(self, product_ids: Sequence[str | int] | IdArray) -> BoolArray:
        if isinstance(product_ids, str | int):
            raise InputError(f"exclude: expected a sequence of product ids, got {product_ids!r}")
        mask = np.zeros(len(self.contents.products), dtype=bool)
        places = events.spread(*self.products.find(product_ids))[1]
        mask[self.products.rows[places]] = True
        return mask


def _first_row(found: TopK) -> tuple[IntArray, FloatArray]:
    kept = found.columns[0] >= 0
    return found.columns[0][kept], found.scores[0][kept]


def _require_whole(name: str, value: Any, low: int) -> None:
    usable = isinstance(value, int | np.integer) and not isinstance(value, bool) and value >= low
    if not usable:
        raise InputError(f"{name}: expected a whole number of at least {low}, got {value!r}")
