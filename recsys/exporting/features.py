"""How features of products become their vectors, as an artifact keeps it for new products."""

from dataclasses import replace
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.exporting.feature_ridge import mapped
from recsys.graph.bipartite import interaction_matrix
from recsys.graph.features import feature_terms
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.product_features import ProductFeatures

MOST_CATEGORIES, FEWEST_A_CATEGORY = 512, 2
"""A text column with more values than this, or with fewer products with events a value in the mean
than this, holds ids. A graph takes fewer values: with the 290 categories of The Complete Journey
Recall@10 among hidden products is .047 with als and .044 with graph_filter, without them .035 each
(three tenths of the products hidden). Solving takes the cube of the number of terms."""

_MOST_ASKING = 50_000
"""Customers who say what products are scored with: more say the same, and take memory."""


def with_features(contents: Contents, data: Dataset) -> Contents:
    """The contents with what makes vectors of new products, and in their facts how well it does.

    Products weigh by log(1 + customers with an event): the vector of one that hardly anybody had is
    mostly chance, while bare counts would let a few best-sellers speak for all.

    Args:
        contents: of a model fitted on `data`.
        data: whose products table has the features, as known at its cut-off. What became of its
            columns is in the facts as `product_columns`; without a usable one nothing else changes.
    """
    had = interaction_matrix(data)
    customers = had.astype(bool).sum(axis=0)
    known = np.flatnonzero(customers)
    matrix, terms, said = feature_terms(
        data.side_tables.get("products"),
        columns.PRODUCT,
        data.products,
        data.as_of_seconds,
        min(MOST_CATEGORIES, len(known) // FEWEST_A_CATEGORY),
        frequent=False,
        # How old a new product is on the day it is asked about, an artifact cannot say.
        ages=False,
    )
    # A value that nobody learned anything about, or a flag that a number is missing, says nothing.
    there = np.bincount(matrix[known].indices, minlength=len(terms)) > 0
    kept = [place for place in np.flatnonzero(there) if not terms[place].flags_missing]
    if len(known) < 2 or not kept:
        return replace(contents, facts={**contents.facts, "product_columns": said})
    matrix, terms = csr_array(matrix[known][:, kept]), [terms[place] for place in kept]
    weights = np.log1p(customers[known])
    weights /= weights.mean()
    every = slice(None, None, -(-len(contents.customers) // _MOST_ASKING))
    fit = mapped(
        matrix, contents.products.vectors[known], weights, contents.customers.vectors[every],
        met=csr_array(had[every][:, known]), masks_met=data.filter_seen,
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
        "columns": list(features.places),
        "terms": len(terms),
        "products": len(known),
        "explained": round(fit.explained, 4),
        "stretch": round(fit.stretch, 4),
    }
    facts = {**contents.facts, "features": about, "product_columns": said}
    return replace(contents, features=features, facts=facts)


def _folding(
    contents: Contents, known: IntArray, matrix: csr_array, weights: FloatArray
) -> dict[str, Any]:
    """What new products need where events are folded in; empty where they are not."""
    found: dict[str, Any] = {}
    fold_in = contents.fold_in
    if fold_in is None:
        return found
    asking = contents.products.vectors[:, : fold_in.width]
    fit = mapped(matrix, fold_in.factors[known], weights, asking)
    found["factors"] = fit.coefficients.astype(np.float32)
    if fold_in.scale is not None:
        # The formula makes it of a product's number of events: a new one is to count as others do.
        logs = np.log(np.maximum(fold_in.scale[known], np.finfo(np.float32).tiny))
        typical = np.exp(weights @ logs / weights.sum())
        found["fold_in_scale"] = np.array([typical], np.float32)
    return found
