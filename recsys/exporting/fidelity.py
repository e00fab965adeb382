"""How much of a model's lists survives in the vectors that are exported."""

from typing import Any

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.full_ranking import Score
from recsys.ops.topk import topk
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.precision import Precision, rounded


def fidelity(
    exact: Score, contents: Contents, precision: Precision, at_most: int, k: int
) -> dict[str, Any]:
    """Overlaps of the first k, for the manifest: with the model's lists, and with float32's.

    Args:
        exact: of the model.
        contents: as exported, in float32.
        precision: in what numbers they are to be kept.
        at_most: customer rows asked, seeded.
        k: length of the lists.
    """
    count = len(contents.customers)
    customers = np.random.default_rng(0).permutation(count)[:at_most]
    kept = _scores(rounded(contents, precision))
    return {
        f"overlap@{k}": overlap(exact, kept, customers, k),
        "precision": precision,
        f"overlap@{k} with float32": overlap(_scores(contents), kept, customers, k),
        "customers": len(customers),
    }


def overlap(exact: Score, other: Score, customers: IntArray, k: int) -> float:
    """Mean share of the top k by one score that the other gives too, over customers [n]."""
    shared = total = 0
    for rows in np.array_split(customers, max(1, len(customers) // 256)):
        wanted, found = topk(exact(rows), k).columns, topk(other(rows), k).columns
        shared += sum(int(np.isin(a, b).sum()) for a, b in zip(wanted, found, strict=True))
        total += wanted.size
    return shared / total


def _scores(contents: Contents) -> Score:
    def score(customers: IntArray) -> FloatArray:
        found: FloatArray = contents.customers.vectors[customers] @ contents.products.vectors.T
        return found

    return score
