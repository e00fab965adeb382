"""A map from features of products to vectors, so that an artifact can take new products."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.seen_products import seen_products
from recsys.exporting.feature_ridge import mapped
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.features import feature_terms
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.product_features import ProductFeatures

MOST_CATEGORIES, FEWEST_A_CATEGORY = 512, 2
"""A text column with more values than this, or with a smaller mean number of products with events
for each value, is taken for ids. A graph takes fewer values: with the 290 categories of The
Complete Journey Recall@10 among hidden products is .047 with als and .044 with graph_filter,
without them .035 each (three tenths of the products hidden). Solving takes the cube of the number
of terms."""

_MOST_QUERIES = 50_000
"""Customers whose vectors score the products in the fit; more change little, and take memory."""


def with_features(contents: Contents, data: Dataset) -> Contents:
    """The contents with a map from features to vectors, and in their facts how well it predicts.

    Products weigh by log(1 + customers with an event): the vector of a product with few customers
    is mostly chance, while plain counts would let a few best-sellers decide for all.

    Args:
        contents: of a model fitted on `data`.
        data: its products table has the features, as known at the cut-off. The use of its columns
            is in the facts as `product_columns`; without a usable column nothing else changes.
    """
    history = interaction_matrix(data)
    customers = history.astype(bool).sum(axis=0)
    known = np.flatnonzero(customers)
    matrix, terms, columns_used = feature_terms(
        data.side_tables.get("products"),
        columns.PRODUCT,
        data.products,
        data.as_of_seconds,
        min(MOST_CATEGORIES, len(known) // FEWEST_A_CATEGORY),
        frequent=False,
        # An artifact does not know the age of a new product on the day of a query.
        ages=False,
    )
    # Values without products with events, and flags of missing numbers, predict nothing.
    occurs = np.bincount(matrix[known].indices, minlength=len(terms)) > 0
    kept = [term for term in np.flatnonzero(occurs) if not terms[term].flags_missing]
    if len(known) < 2 or not kept:
        return replace(contents, facts={**contents.facts, "product_columns": columns_used})
    matrix, terms = csr_array(matrix[known][:, kept]), [terms[term] for term in kept]
    weights = np.log1p(customers[known])
    weights /= weights.mean()
    every = slice(None, None, -(-len(contents.customers) // _MOST_QUERIES))
    met = csr_array(history[every][:, known])
    fit = mapped(
        matrix, contents.products.vectors[known], weights, contents.customers.vectors[every],
        met=met, masked=_masked(data, met, every, known),
    )  # fmt: skip
    features = ProductFeatures(
        columns=[term.column for term in terms],
        values=[term.value for term in terms],
        means=np.array([term.mean for term in terms], np.float32),
        scales=np.array([term.scale for term in terms], np.float32),
        vectors=fit.coefficients.astype(np.float32),
        **_folding(contents, known, matrix, weights),
    )
    about = {
        "columns": list(features.terms),
        "terms": len(terms),
        "products": len(known),
        "explained": round(fit.explained, 4),
        "stretch": round(fit.stretch, 4),
    }
    facts = {**contents.facts, "features": about, "product_columns": columns_used}
    return replace(contents, features=features, facts=facts)


def _masked(data: Dataset, met: csr_array, every: slice, known: IntArray) -> csr_array | None:
    """[c, n] the products that are off the lists of customers [c] at the end of the data."""
    if data.filter_seen.ages is None:
        return met
    seen = seen_products(data, data.as_of_seconds)
    return None if seen is None else csr_array(seen[every][:, known])


def _folding(
    contents: Contents, known: IntArray, matrix: csr_array, weights: FloatArray
) -> dict[str, Any]:
    """The arrays that fold in events of new products; empty where events are not folded in."""
    fold_in = contents.fold_in
    if fold_in is None:
        return {}
    queries = contents.products.vectors[:, : fold_in.width]
    fit = mapped(matrix, fold_in.factors[known], weights, queries)
    arrays: dict[str, Any] = {"factors": fit.coefficients.astype(np.float32)}
    if fold_in.scale is not None:
        # It depends on a product's number of events: events of a new product count as a typical's.
        logs = np.log(np.maximum(fold_in.scale[known], np.finfo(np.float32).tiny))
        typical = np.exp(weights @ logs / weights.sum())
        arrays["fold_in_scale"] = np.array([typical], np.float32)
    return arrays
