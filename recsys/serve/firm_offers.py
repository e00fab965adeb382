"""The firm's own offers, ranked: mean vectors of products, and when and where each may be made."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serve import ranking, rules
from recsys.serve.contents import Contents
from recsys.serve.offer_table import OfferTable
from recsys.serve.offers import FirmOffer
from recsys.serve.probability import probabilities
from recsys.serve.reasons import at_place, named, plain
from recsys.serve.shortage import in_words


def best_offers(
    contents: Contents,
    table: OfferTable,
    vectors: FloatArray,
    rows: IntArray,
    k: int,
    asked: int | None,
    permitted: BoolArray,
    moment: int | None,
    gone: BoolArray,
) -> tuple[list[FirmOffer], str | None]:
    """The k best offers for one customer, and why they are fewer.

    Scores are (c + t) . o at a touchpoint t that is asked for, else c . o, the maximum over the
    customer's rows; equal ones by the lower row. Of an id with several lines the best one stands.

    Args:
        contents: of the artifact.
        table: its offers.
        vectors: [O, d] of `table.pooled`.
        rows: [R] of the customer.
        k: how many.
        asked: row of the touchpoint, or None for the best of each offer.
        permitted: [T] touchpoints that may reach the customer.
        moment: UTC seconds at which the offer is made; None for any.
        gone: [P] products that may not be offered; an offer goes with the last of its products.
    """
    bars = _bars(table, asked, permitted, moment, gone)
    scores = (ranking.queries(contents, rows, asked) @ vectors.T).max(axis=0)
    open_ = np.flatnonzero(~np.logical_or.reduce(list(bars.values())))
    places: dict[object, int] = {}
    for place in open_[np.argsort(-scores[open_], kind="stable")]:
        places.setdefault(plain(table.ids[int(place)]), int(place))
        if len(places) == k:
            break
    best = np.array(list(places.values()), np.int64)
    found = [
        _offer(contents, table, vectors, rows, place, float(scores[place]), asked, permitted)
        for place in best
    ]
    return found, in_words(bars, "offers") if len(found) < k else None


def _bars(
    table: OfferTable, asked: int | None, permitted: BoolArray, moment: int | None, gone: BoolArray
) -> dict[str, BoolArray]:
    """Why -> [O] whether that rule bars each offer."""
    when = None if moment is None else rules.when_of("timestamp", moment)
    tied = table.touchpoints >= 0
    reachable = np.append(permitted, True)[table.touchpoints]
    return {
        f"not valid at {rules.spoken(when)}": ~table.valid(moment),
        "for another touchpoint": tied & (table.touchpoints != asked)
        if asked is not None
        else np.zeros(len(table), dtype=bool),
        "at a touchpoint without consent": tied & ~reachable,
        "of products already had or not on offer": ~table.any_of(~gone),
    }


def _offer(
    contents: Contents, table: OfferTable, vectors: FloatArray, rows: IntArray, place: int,
    score: float, asked: int | None, permitted: BoolArray,
) -> FirmOffer:  # fmt: skip
    where: int | None = int(table.touchpoints[place])
    if where == -1:
        where = asked
        if asked is None:
            people = contents.customers[rows]
            deciding = people[(people @ vectors[place]).argmax()]
            (where,) = ranking.best_touchpoints(
                contents, (deciding + vectors[place])[None], permitted
            )
    products = table.products[table.starts[place] : table.starts[place + 1]]
    likely = None
    if len(products) == 1:
        likely = probabilities(contents, np.array([score]), asked)[0]
    return FirmOffer(
        offer_id=plain(table.ids[place]),
        products=[plain(contents.product_ids[int(one)]) for one in products],
        variant=at_place(table.variants, place),
        score=score,
        touchpoint=named(contents.touchpoint_names, where),
        probability=likely,
    )
