"""The firm's own offers, ranked: mean vectors of products, and when and where each may be made."""

import numpy as np

from recsys.arrays import BoolArray, FloatArray
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.offer_table import OfferTable
from recsys.serving.artifact.probability import probabilities
from recsys.serving.artifact.times import spoken, when_of
from recsys.serving.query import ranking
from recsys.serving.query.customer_state import CustomerState, plain
from recsys.serving.query.offers import FirmOffer
from recsys.serving.query.query import Query, in_words
from recsys.serving.query.reasons import at_place, named


def best_offers(
    contents: Contents, table: OfferTable, vectors: FloatArray, person: CustomerState, asked: Query
) -> tuple[list[FirmOffer], str | None]:
    """The k best offers for one person who may be reached, and why they are fewer.

    Scores are (c + t) . o at a touchpoint t that is asked for, else c . o, the maximum over the
    person's vectors; equal ones by the lower row. Of an id with several lines the best one stands.
    An offer goes with the last of its products.

    Args:
        contents: of the artifact.
        table: its offers.
        vectors: [O, d] of `table.pooled`.
        person: who.
        asked: how many, where and when.
    """
    gone = np.zeros(len(contents.products), dtype=bool)
    gone[person.had(contents)] = True
    if asked.barred is not None:
        gone |= asked.barred
    bars = _bars(table, person.permitted, asked, gone)
    scores = (ranking.towards(contents, person.vectors, asked.asked) @ vectors.T).max(axis=0)
    open_ = np.flatnonzero(~np.logical_or.reduce(list(bars.values())))
    places: dict[object, int] = {}
    for place in open_[np.argsort(-scores[open_], kind="stable")]:
        places.setdefault(plain(table.ids[int(place)]), int(place))
        if len(places) == asked.k:
            break
    found = [
        _offer(contents, table, vectors, person, place, float(scores[place]), asked.asked)
        for place in places.values()
    ]
    return found, in_words(bars, "offers") if len(found) < asked.k else None


def _bars(
    table: OfferTable, permitted: BoolArray, asked: Query, gone: BoolArray
) -> dict[str, BoolArray]:
    """Why -> [O] whether that rule bars each offer."""
    when = None if asked.moment is None else when_of("timestamp", asked.moment)
    tied = table.touchpoints >= 0
    reachable = np.append(permitted, True)[table.touchpoints]
    return {
        f"not valid at {spoken(when)}": ~table.valid(asked.moment),
        "for another touchpoint": tied & (table.touchpoints != asked.asked)
        if asked.asked is not None
        else np.zeros(len(table), dtype=bool),
        "at a touchpoint without consent": tied & ~reachable,
        "of products already had or not on offer": ~table.any_of(~gone),
    }


def _offer(
    contents: Contents, table: OfferTable, vectors: FloatArray, person: CustomerState, place: int,
    score: float, asked: int | None,
) -> FirmOffer:  # fmt: skip
    where: int | None = int(table.touchpoints[place])
    if where == -1:
        where = asked
        if asked is None:
            deciding = person.vectors[(person.vectors @ vectors[place]).argmax()]
            (where,) = ranking.best_touchpoints(
                contents, (deciding + vectors[place])[None], person.permitted
            )
    products = table.products[table.starts[place] : table.starts[place + 1]]
    likely = None
    if len(products) == 1:
        likely = probabilities(contents, np.array([score]), asked)[0]
    return FirmOffer(
        offer_id=plain(table.ids[place]),
        products=[plain(contents.products.ids[int(one)]) for one in products],
        variant=at_place(table.variants, place),
        score=score,
        touchpoint=named(contents.touchpoints.names, where),
        probability=likely,
    )
