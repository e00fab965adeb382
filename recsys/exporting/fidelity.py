"""How many of a model's top products the exported vectors keep."""

from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.full_ranking import Score
from recsys.ops.csr import expand_ranges
from recsys.ops.topk import topk
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.precision import Precision, rounded
from recsys.serving.query.ranking import product_scores


def fidelity(
    exact: Score, contents: Contents, precision: Precision, at_most: int, k: int
) -> dict[str, Any]:
    """Overlap of the top k with the model's, and with that of float32 vectors, for the manifest.

    Args:
        exact: score function of the model.
        contents: as exported, in float32.
        precision: number type in which the vectors are to be stored.
        at_most: number of customers that are compared, drawn with a fixed seed.
        k: length of the lists.
    """
    count = len(_first_rows(contents))
    customers = np.random.default_rng(0).permutation(count)[:at_most]
    kept = _scores(rounded(contents, precision))
    return {
        f"overlap@{k}": overlap(exact, kept, customers, k),
        "precision": precision,
        f"overlap@{k} with float32": overlap(_scores(contents), kept, customers, k),
        "customers": len(customers),
    }


def overlap(exact: Score, other: Score, customers: IntArray, k: int) -> float:
    """Share of the top k by a score that is in the top k by the other too, over customers [n]."""
    shared = total = 0
    for rows in np.array_split(customers, max(1, len(customers) // 256)):
        exact_top, other_top = (topk(score(rows), k).columns for score in (exact, other))
        shared += sum(int(np.isin(a, b).sum()) for a, b in zip(exact_top, other_top, strict=True))
        total += exact_top.size
    return shared / total


def _scores(contents: Contents) -> Score:
    """Of customers by their row numbers in the data: the greatest over the rows of each."""
    first = _first_rows(contents)
    last = np.append(first[1:], len(contents.customers))

    def score(customers: IntArray) -> FloatArray:
        query, rows = expand_ranges(first[customers], last[customers])
        starts = np.flatnonzero(np.diff(query, prepend=-1))
        return product_scores(contents, contents.customers.vectors[rows], starts, None)

    return score


def _first_rows(contents: Contents) -> IntArray:
    """[C] the first row of each customer, whose rows follow each other."""
    strands = contents.customers.strands
    if strands is None:
        return np.arange(len(contents.customers))
    return np.flatnonzero(strands == 0)
