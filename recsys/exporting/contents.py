"""From a fitted model and its data to the contents of an artifact."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.events import events_of, fold_in_arrays, fresh_events
from recsys.exporting.exportable import refuse_unexportable
from recsys.exporting.features import with_features
from recsys.exporting.offers import moments, offer_table
from recsys.exporting.strands import with_strands
from recsys.models import factorise
from recsys.models.base import (
    Embeddings,
    FoldIn,
    HasStrands,
    Recommender,
    WeighsEvents,
)
from recsys.models.touchpoint_preference import with_touchpoints
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.policy.consent import consent_mask, consent_of_unknown
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.event_table import EventTable
from recsys.serving.artifact.fold_in_arrays import FoldInArrays
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.touchpoint_table import TouchpointTable


def contents_of(
    model: Recommender,
    vectors: Embeddings,
    fold_in: FoldIn | None,
    data: Dataset,
    about: Mapping[str, Any],
) -> Contents:
    """What serving needs of a fitted model, its vectors and its data.

    Args:
        model: fitted on `data`.
        vectors: of the model, see `vectors_of`.
        fold_in: of the model, see `vectors_of`.
        data: the data set.
        about: facts for the manifest. `fresh_events` is added: whether the artifact takes events
            that happen after the export, and if not, why.
    """
    event_weights = model.event_weights if isinstance(model, WeighsEvents) else None
    actions = None if event_weights is None else event_weights.actions
    fresh = fresh_events(event_weights, vectors, fold_in, data)
    contents = _contents(
        data,
        with_touchpoints(vectors, data),
        events_of(data, fold_in, actions),
        fold_in_arrays(fold_in, fresh),
        {**about, "fresh_events": fresh.fact},
    )
    strands = model.strand_vectors if isinstance(model, HasStrands) else None
    return with_strands(with_features(contents, data), strands)


def vectors_of(model: Recommender, dim: int) -> tuple[Embeddings, FoldIn | None]:
    """The vectors of a fitted model, and the rule that makes them from events.

    Args:
        model: fitted.
        dim: columns kept of a model, or a part of one, with a filter, which is factorised; without
            effect on a model that has vectors.

    Raises:
        InputError: the model lacks a method, see `exportable.refuse_unexportable`, or its fit did
            not set an attribute that it declares.
    """
    refuse_unexportable(model)
    found = factorise.vectors_of(model, dim)
    if found is not None:
        return found
    raise InputError(
        f"{type(model).__name__} cannot be exported: its fit has to set 'history' and 'bias', "
        "which a model with a filter needs"
    )


def _contents(
    data: Dataset,
    vectors: Embeddings,
    events: EventTable,
    fold_in: FoldInArrays | None,
    facts: Mapping[str, Any],
) -> Contents:
    return Contents(
        customers=CustomerTable(
            vectors=vectors.customers,
            ids=data.customers.ids,
            consent=consent_mask(data) if len(data.touchpoints) else None,
            default_vector=vectors.default_customer,
            default_consent=consent_of_unknown(data) if len(data.touchpoints) else None,
        ),
        products=product_table(data, vectors.products),
        touchpoints=TouchpointTable(
            names=[str(name) for name in data.touchpoints.ids], vectors=vectors.touchpoints
        ),
        action_names=list(columns.ACTIONS),
        filter_seen=data.filter_seen,
        events=events,
        fold_in=fold_in,
        offers=offer_table(data),
        facts=facts,
    )


def product_table(data: Dataset, vectors: FloatArray) -> ProductTable:
    """Names, categories and dates of the products of a data set beside their vectors [P, d]."""
    catalogue = _products(data)
    return ProductTable(
        vectors=vectors,
        ids=data.products.ids,
        names=_texts(catalogue, columns.NAME),
        categories=_texts(catalogue, columns.CATEGORY),
        valid_from=moments(catalogue, columns.VALID_FROM, OPEN_START),
        valid_to=moments(catalogue, columns.VALID_TO, OPEN_END),
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
