"""A fitted model and its data as what an artifact holds."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pandas as pd

from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.events import events_of, fold_in_rule
from recsys.exporting.exportable import refuse_unexportable
from recsys.exporting.features import with_features
from recsys.exporting.offers import moments, offer_table
from recsys.models.base import (
    EmbeddingRecommender,
    Embeddings,
    FilterRecommender,
    FoldIn,
    Recommender,
)
from recsys.models.factorise import factorise
from recsys.models.touchpoint_preference import with_touchpoints
from recsys.policy.consent import consent_mask, consent_of_unknown
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.times import OPEN_END, OPEN_START


def contents_of(
    model: Recommender,
    vectors: Embeddings,
    fold_in: FoldIn | None,
    data: Dataset,
    about: Mapping[str, Any],
) -> Contents:
    """What serving needs of a fitted model, its vectors and its data."""
    own = events_of(data, fold_in, getattr(model, "actions", None))
    contents = _contents(data, with_touchpoints(vectors, data), own, about)
    contents = replace(contents, **fold_in_rule(model, vectors, fold_in, data))
    return with_features(contents, data)


def vectors_of(model: Recommender, dim: int) -> tuple[Embeddings, FoldIn | None]:
    """The vectors, of at most `dim` columns where a filter is factorised, and how to fold in.

    Raises:
        InputError: the model lacks a method; see `exportable.refuse_unexportable`.
    """
    refuse_unexportable(model)
    if isinstance(model, EmbeddingRecommender):
        return model.embeddings(), model.fold_in()
    if isinstance(model, FilterRecommender):
        factors = factorise(model, dim)
        return factors.embeddings, factors.fold_in
    raise InputError(
        f"{type(model).__name__} cannot be exported: a model with a filter also needs 'history' "
        "and 'bias' after its fit"
    )


def _contents(
    data: Dataset, vectors: Embeddings, own: Mapping[str, Any], about: Mapping[str, Any]
) -> Contents:
    catalogue = _products(data)
    return Contents(
        customers=vectors.customers,
        products=vectors.products,
        touchpoints=vectors.touchpoints,
        default_customer=vectors.default_customer,
        customer_ids=data.customers.ids,
        product_ids=data.products.ids,
        touchpoint_names=[str(name) for name in data.touchpoints.ids],
        product_names=_texts(catalogue, "name"),
        product_categories=_texts(catalogue, columns.CATEGORY),
        product_valid_from=moments(catalogue, columns.VALID_FROM, OPEN_START),
        product_valid_to=moments(catalogue, columns.VALID_TO, OPEN_END),
        consent=consent_mask(data) if len(data.touchpoints) else None,
        default_consent=consent_of_unknown(data) if len(data.touchpoints) else None,
        filter_seen=data.filter_seen,
        offers=offer_table(data),
        **own,
        facts=about,
    )


def _products(data: Dataset) -> pd.DataFrame:
    table = data.side_tables.get("products")
    if table is None:
        return pd.DataFrame(index=pd.Index(data.products.ids))
    return table.set_index(columns.PRODUCT).reindex(data.products.ids)


def _texts(about: pd.DataFrame, column: str) -> list[str] | None:
    if column not in about:
        return None
    return [str(value) for value in about[column].astype(object).where(about[column].notna(), "")]
