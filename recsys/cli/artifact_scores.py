"""Scores of an artifact for the customers and products of a data set."""

from pathlib import Path

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.evaluation.full_ranking import Score
from recsys.serving import load
from recsys.serving.query.default_vector import default_vector
from recsys.serving.query.ranking import product_scores


def artifact_score(folder: Path, data: Dataset) -> Score:
    """A function from customers [Q] of a data set to scores [Q, P] of its products.

    A customer whom the artifact does not know has its default vector; a product that it does not
    know is -inf.

    Args:
        folder: of the artifact.
        data: whose ids are looked up.

    Raises:
        InputError: the artifact cannot be read, or has none of the products.
    """
    artifact = load(folder)
    contents = artifact.contents
    columns = artifact.products.first_rows(data.products.ids)
    if (columns < 0).all():
        raise InputError(
            f"artifact={folder}: expected products of {data.name}, got none of them; use an "
            "artifact of the same data"
        )
    starts, ends = artifact.customers.find(data.customers.ids)
    unknown = default_vector(contents)
    fallback = np.zeros(contents.dim, np.float32) if unknown is None else unknown

    def score(customers: IntArray) -> FloatArray:
        vectors = [
            contents.customers.vectors[artifact.customers.rows[start:end]]
            if end > start
            else fallback[None]
            for start, end in zip(starts[customers], ends[customers], strict=True)
        ]
        sizes = np.array([len(part) for part in vectors])
        ranked = product_scores(contents, np.concatenate(vectors), np.cumsum(sizes) - sizes, None)
        return np.where(columns >= 0, ranked[:, np.maximum(columns, 0)], -np.inf)

    return score
