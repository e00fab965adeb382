"""Vectors of several models side by side, so that inner products are the weighted sum of theirs."""

from collections.abc import Mapping

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.models.base import Embeddings, Recommender
from recsys.models.factorise import vectors_of


def blended(models: Mapping[str, Recommender], scales: Mapping[str, float], dim: int) -> Embeddings:
    """Embeddings whose scores are the sum of those of the models, each times its scale.

    Customers, products and touchpoints are multiplied by the root of the scale, so that each pair
    of the three has it once. A model without touchpoints has zeros for them.

    Args:
        models: name -> fitted model.
        scales: name -> number above 0.
        dim: columns of a model with a filter, which is factorised.

    Raises:
        InputError: a model has neither vectors nor a filter.
    """
    parts = [_scaled(_vectors(name, model, dim), scales[name]) for name, model in models.items()]
    places = {len(part.touchpoints) for part in parts if part.touchpoints is not None}
    return Embeddings(
        customers=np.hstack([part.customers for part in parts]),
        products=np.hstack([part.products for part in parts]),
        touchpoints=np.hstack([_touchpoints(part, max(places)) for part in parts])
        if places
        else None,
        default_customer=np.concatenate([_default(part) for part in parts]),
    )


def _vectors(name: str, model: Recommender, dim: int) -> Embeddings:
    found = vectors_of(model, dim)
    if found is not None:
        return found[0]
    raise InputError(
        f"model.models.{name}: {type(model).__name__} has neither vectors nor a filter, so the "
        "blend cannot be exported; leave it out of model.models"
    )


def _scaled(vectors: Embeddings, scale: float) -> Embeddings:
    root = np.float32(np.sqrt(scale))
    return Embeddings(
        customers=vectors.customers * root,
        products=vectors.products * root,
        touchpoints=None if vectors.touchpoints is None else vectors.touchpoints * root,
        default_customer=None
        if vectors.default_customer is None
        else vectors.default_customer * root,
    )


def _touchpoints(vectors: Embeddings, count: int) -> FloatArray:
    if vectors.touchpoints is not None:
        return vectors.touchpoints
    return np.zeros((count, vectors.products.shape[1]), np.float32)


def _default(vectors: Embeddings) -> FloatArray:
    if vectors.default_customer is not None:
        return vectors.default_customer
    return np.zeros(vectors.products.shape[1], np.float32)
