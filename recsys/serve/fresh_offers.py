"""What to offer somebody as of now, whose vector was folded in from fresh events."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

import numpy as np

from recsys.arrays import BoolArray
from recsys.evaluate.topk import topk
from recsys.serve import ranking
from recsys.serve.contents import Contents
from recsys.serve.fresh import Fresh
from recsys.serve.reasons import named, plain
from recsys.serve.search import first_row
from recsys.serve.shortage import Limits


@dataclass(frozen=True, kw_only=True)
class FreshOffers:
    """What to offer, best first.

    Attributes:
        products: ids.
        scores: higher is better.
        touchpoints: where to make each offer; None where the artifact does not know.
        short_because: why there are fewer than asked for; None where there are not.
    """

    products: Sequence[str | int | UUID]
    scores: Sequence[float]
    touchpoints: Sequence[str | None]
    short_because: str | None


def best_fresh(
    contents: Contents, fresh: Fresh, k: int, asked: int | None, permitted: BoolArray,
    limits: Limits,
) -> FreshOffers:  # fmt: skip
    """The k best products.

    Args:
        contents: of the artifact.
        fresh: the customer.
        k: how many.
        asked: row of the touchpoint, or None for the best of each product.
        permitted: [T] touchpoints that may reach the customer, at least one.
        limits: what is left out.
    """
    (query,) = ranking.towards(contents, fresh.vector[None], asked)
    scores = (contents.products @ query)[None]
    had = fresh.products if contents.masks_seen else fresh.products[:0]
    scores[0, had] = -np.inf
    if limits.barred is not None:
        scores[0, limits.barred] = -np.inf
    columns, values = first_row(topk(scores, k))
    best: list[int | None] = [asked] * len(columns)
    if asked is None:
        known = fresh.vector + contents.products[columns]
        best = ranking.best_touchpoints(contents, known, permitted)
    return FreshOffers(
        products=[plain(contents.product_ids[column]) for column in columns],
        scores=values.tolist(),
        touchpoints=[named(contents.touchpoint_names, one) for one in best],
        short_because=limits.shortage(had) if len(columns) < k else None,
    )
