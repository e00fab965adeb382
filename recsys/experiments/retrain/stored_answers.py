"""The champion's artifact, as it was, on the test window of newer data."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.evaluation.config import MeasureConfig
from recsys.evaluation.evaluate import measure
from recsys.evaluation.full_ranking import Score
from recsys.evaluation.per_query import PerQuery
from recsys.serving import Artifact
from recsys.serving.query.default_vector import default_vector, fill_default
from recsys.serving.query.ranking import product_scores


def stored_answers(artifact: Artifact, window: Window, config: MeasureConfig) -> PerQuery:
    """Metrics of an artifact's answers to the queries of a window that is later than its data.

    Queries, products on offer and products left out as seen are those of the window, so that the
    values pair with those of a model that was fitted on the window's past.

    Args:
        artifact: as it was exported.
        window: of newer data.
        config: what is measured.
    """
    return measure(artifact_scores(artifact, window.past), window, config).per_query


def artifact_scores(artifact: Artifact, data: Dataset) -> Score:
    """Scores of an artifact in the row numbers of other data, as serving would rank.

    A customer that the artifact does not know, or of whom it knows nothing, is ranked by popularity
    (nothing is ranked where it has no default vector); a product that it does not know, last.

    Args:
        artifact: that answers.
        data: whose row numbers of customers and products count.
    """
    contents = artifact.contents
    starts, ends = artifact.customers.find(data.customers.ids.tolist())
    products = artifact.products.first_rows(data.products.ids.tolist())
    default = default_vector(contents)

    def score(customers: IntArray) -> FloatArray:
        known = ends[customers] > starts[customers]
        scores = np.full((len(customers), len(products)), -np.inf, np.float32)
        if default is not None:
            scores[~known] = _of_products(contents.products.vectors @ default, products)
        if known.any():
            first, last = starts[customers[known]], ends[customers[known]]
            sizes = last - first
            begins = np.cumsum(sizes) - sizes
            positions = np.repeat(first - begins, sizes) + np.arange(sizes.sum())
            vectors = contents.customers.vectors[artifact.customers.rows[positions]]
            filled, _ = fill_default(contents, np.asarray(vectors), begins)
            scores[known] = _of_products(product_scores(contents, filled, begins, None), products)
        return scores

    return score


def _of_products(scores: FloatArray, products: IntArray) -> FloatArray:
    """[..., P] scores in the order of other row numbers [P], -1 for products without any."""
    chosen = scores[..., np.maximum(products, 0)]
    chosen[..., products < 0] = -np.inf
    return np.asarray(chosen, np.float32)
