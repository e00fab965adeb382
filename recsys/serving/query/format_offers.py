"""Product rows and scores as `Offer` objects."""

from recsys.arrays import FloatArray, IntArray
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.probability import probabilities
from recsys.serving.query import ranking
from recsys.serving.query.customer_state import CustomerState, plain
from recsys.serving.query.offers import Offer
from recsys.serving.query.reasons import item_or_none, name_of, reasons


def format_offers(
    contents: Contents, customer: CustomerState, products: IntArray, scores: FloatArray,
    touchpoint: int | None, explain: int,
) -> list[Offer]:  # fmt: skip
    """Offers of ranked products, each with its touchpoint and its reasons.

    Args:
        contents: of the artifact.
        customer: to whom they are made.
        products: [n] rows, best first.
        scores: [n] of the products.
        touchpoint: row of the given touchpoint; None for the best permitted one of each product.
        explain: most reasons for each offer.
    """
    vectors = ranking.best_vectors(contents, customer.vectors, products, touchpoint)
    touchpoints: list[int | None] = [touchpoint] * len(products)
    if touchpoint is None:
        sums = customer.vectors[vectors] + contents.products.vectors[products]
        touchpoints = ranking.best_touchpoints(contents, sums, customer.permitted)
    all_reasons = reasons(contents, customer.histories, vectors, products, explain)
    all_probabilities = probabilities(contents, scores, touchpoint)
    return [
        Offer(
            product_id=plain(contents.products.ids[product]),
            name=item_or_none(contents.products.names, product),
            category=item_or_none(contents.products.categories, product),
            score=float(score),
            touchpoint=name_of(contents.touchpoints.names, row),
            reasons=reasons_of_offer,
            probability=probability,
        )
        for product, score, row, reasons_of_offer, probability in zip(
            products, scores, touchpoints, all_reasons, all_probabilities, strict=True
        )
    ]
