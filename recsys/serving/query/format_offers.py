"""Rows and scores as offers that people and programs read."""

from recsys.arrays import FloatArray, IntArray
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.probability import probabilities
from recsys.serving.query import ranking
from recsys.serving.query.customer_state import CustomerState, plain
from recsys.serving.query.offers import Offer
from recsys.serving.query.reasons import at_place, named, reasons


def format_offers(
    contents: Contents, person: CustomerState, products: IntArray, scores: FloatArray,
    asked: int | None, explain: int,
) -> list[Offer]:  # fmt: skip
    """Offers of products [n] with scores [n], each with its touchpoint and its reasons.

    Args:
        contents: of the artifact.
        person: to whom.
        products: [n] rows.
        scores: [n] of them.
        asked: row of the touchpoint, or None for the best permitted one of each product.
        explain: how many reasons an offer.
    """
    deciding = ranking.deciding(contents, person.vectors, products, asked)
    best: list[int | None] = [asked] * len(products)
    if asked is None:
        known = person.vectors[deciding] + contents.products.vectors[products]
        best = ranking.best_touchpoints(contents, known, person.permitted)
    why = reasons(contents, person.histories, deciding, products, explain)
    likely = probabilities(contents, scores, asked)
    return [
        Offer(
            product_id=plain(contents.products.ids[product]),
            name=at_place(contents.products.names, product),
            category=at_place(contents.products.categories, product),
            score=float(score),
            touchpoint=named(contents.touchpoints.names, place),
            reasons=because,
            probability=chance,
        )
        for product, score, place, because, chance in zip(
            products, scores, best, why, likely, strict=True
        )
    ]
