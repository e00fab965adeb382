"""Ranking the firm's own offers by the mean vectors of their products."""

import numpy as np

from recsys.arrays import BoolArray
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.offer_table import OfferTable
from recsys.serving.artifact.probability import probabilities
from recsys.serving.artifact.times import spoken, when_of
from recsys.serving.query import ranking
from recsys.serving.query.customer_state import CustomerState, plain
from recsys.serving.query.offers import FirmOffer, FirmOffers, Offer, Recommendation
from recsys.serving.query.query import Query, count_remaining
from recsys.serving.query.reasons import item_or_none, name_of


def firm_offers(
    contents: Contents, table: OfferTable, customer: CustomerState, query: Query
) -> FirmOffers:
    """The answer of `Artifact.recommend_offers`; arguments as for `_best`."""
    offers: list[FirmOffer] = []
    shortage = query.refusal(customer.permitted)
    if shortage is None:
        offers, shortage = _best(contents, table, customer, query)
    return FirmOffers(
        customer_id=customer.id,
        offers=offers,
        short_because=shortage,
        known=customer.known,
        basis=customer.basis,
    )


def products_as_offers(answer: Recommendation) -> FirmOffers:
    """The same where the firm has no table of offers: each product is one."""
    return FirmOffers(
        customer_id=answer.customer_id,
        offers=[_product_as_offer(offer) for offer in answer.offers],
        short_because=answer.short_because,
        known=answer.known,
        basis=answer.basis,
    )


def _best(
    contents: Contents, table: OfferTable, customer: CustomerState, query: Query
) -> tuple[list[FirmOffer], str | None]:
    """The k best offers for a customer who may be contacted, and why they are fewer than k.

    Scores are (c + t) . o at a given touchpoint t, else c . o, the maximum over the customer's
    vectors; of equal scores the lower row comes first. Of an id with several rows the best one is
    kept. An offer is left out when none of its products may be offered.

    Args:
        contents: of the artifact.
        table: its offers.
        customer: to rank for.
        query: how many, where and when.

    Returns:
        The offers, best first, and a text; None where there are k.
    """
    gone = np.zeros(len(contents.products), dtype=bool)
    gone[customer.filtered(contents, query.moment)] = True
    if query.blocked is not None:
        gone |= query.blocked
    removed = _removed(table, customer.permitted, query, gone)
    queries = ranking.query_vectors(contents, customer.vectors, query.touchpoint)
    scores = (queries @ contents.offer_vectors.T).max(axis=0)
    remaining = np.flatnonzero(~np.logical_or.reduce(list(removed.values())))
    ranked = remaining[np.argsort(-scores[remaining], kind="stable")]
    offers = [
        _offer(contents, table, customer, row, float(scores[row]), query.touchpoint)
        for row in table.one_of_each_id(ranked, query.k).tolist()
    ]
    return offers, count_remaining(removed, "offers") if len(offers) < query.k else None


def _removed(
    table: OfferTable, permitted: BoolArray, query: Query, gone: BoolArray
) -> dict[str, BoolArray]:
    """Name of each rule -> [O] whether it removes each offer."""
    when = None if query.moment is None else when_of("timestamp", query.moment)
    has_touchpoint = table.touchpoints >= 0
    reachable = np.append(permitted, True)[table.touchpoints]
    return {
        f"not valid at {spoken(when)}": ~table.valid(query.moment),
        "for another touchpoint": has_touchpoint & (table.touchpoints != query.touchpoint)
        if query.touchpoint is not None
        else np.zeros(len(table), dtype=bool),
        "at a touchpoint without consent": has_touchpoint & ~reachable,
        "of products already had or not on offer": ~table.any_of(~gone),
    }


def _offer(
    contents: Contents, table: OfferTable, customer: CustomerState, row: int,
    score: float, given: int | None,
) -> FirmOffer:  # fmt: skip
    touchpoint: int | None = int(table.touchpoints[row])
    if touchpoint == -1:
        touchpoint = given
        if given is None:
            vector = contents.offer_vectors[row]
            best = customer.vectors[(customer.vectors @ vector).argmax()]
            (touchpoint,) = ranking.best_touchpoints(
                contents, (best + vector)[None], customer.permitted
            )
    products = table.products[table.starts[row] : table.starts[row + 1]]
    probability = None
    if len(products) == 1:
        (probability,) = probabilities(contents, np.array([score]), given)
    return FirmOffer(
        offer_id=plain(table.ids[row]),
        products=[plain(contents.products.ids[int(product)]) for product in products],
        variant=item_or_none(table.variants, row),
        score=score,
        touchpoint=name_of(contents.touchpoints.names, touchpoint),
        probability=probability,
    )


def _product_as_offer(offer: Offer) -> FirmOffer:
    return FirmOffer(
        offer_id=offer.product_id,
        products=[offer.product_id],
        variant=None,
        score=offer.score,
        touchpoint=offer.touchpoint,
        probability=offer.probability,
    )
