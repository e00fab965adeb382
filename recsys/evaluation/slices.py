"""Ways to cut the queries, or their relevant products, into slices. Arrays in, arrays out.

A cut of queries shows whom a model serves: each query is in one slice. A cut of relevant products
shows what it finds: in each slice only its relevant products count, the lists stay the same, and a
query takes part in each slice that has one of its products.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.csr import entry_rows

MOST = 10
"""Most slices of a cut by labels; the rarer labels together are one more, `OTHER`."""

OTHER = "all others"


@dataclass(frozen=True, eq=False)
class Cut:
    """Slices of one dimension.

    Attributes:
        names: of the slices.
        codes: [Q] positions in `names` of the queries, or [N] of the relevant products in the
            order of the CSR matrix; -1 for no slice.
        of_relevant: whether relevant products are cut, not queries.
    """

    names: tuple[str, ...]
    codes: IntArray
    of_relevant: bool = False


def by_history(history: IntArray, warm_from: int, hot_from: int) -> Cut:
    """Cold, warm and hot by the customer's events [Q] before the window."""
    return Cut(("cold", "warm", "hot"), np.digitize(history, [warm_from, hot_from]))


def by_thirds(measure: FloatArray, base: FloatArray, prefix: str) -> Cut:
    """Low, middle and high by the terciles of a measure over all customers.

    Args:
        measure: [Q] of the queries' customers; nan for none.
        base: [any] of all customers who have one; equal values are never separated.
        prefix: of the names, as "value" in "value_low".
    """
    cuts = np.quantile(base, [1 / 3, 2 / 3])
    codes = np.where(np.isnan(measure), -1, np.searchsorted(cuts, measure, side="left"))
    return Cut(tuple(f"{prefix}_{third}" for third in ("low", "middle", "high")), codes)


def by_label(labels: IntArray, names: Sequence[str], of_relevant: bool = False) -> Cut:
    """One slice a label, the `MOST` frequent ones first, and all others as `OTHER`.

    Args:
        labels: [Q] or [N] positions in `names`; -1 for none.
        names: of the labels.
        of_relevant: as in `Cut`.
    """
    counts = np.bincount(labels[labels >= 0], minlength=len(names))
    order = np.argsort(-counts, kind="stable")
    order = order[counts[order] > 0]
    code_of = np.full(len(names) + 1, -1)  # the last is for a label of -1
    code_of[order] = np.minimum(np.arange(len(order)), MOST)
    kept = tuple(names[label] for label in order[:MOST])
    return Cut((*kept, OTHER) if len(order) > MOST else kept, code_of[labels], of_relevant)


def by_popularity(events: IntArray, relevant: csr_array) -> Cut:
    """Head, torso and tail: products that carry the first, second and last third of events [P].

    The slice depends on the share of events that strictly more popular products have, so that
    equally popular ones are never separated. The most popular product is always head, one without
    events always tail.
    """
    levels, level = np.unique(-events, return_inverse=True)
    mass = np.bincount(level, weights=events)
    before = (np.cumsum(mass) - mass) / max(mass.sum(), 1)
    codes = np.where(levels == 0, 2, np.minimum(3 * before, 2).astype(np.int64))
    return Cut(("head", "torso", "tail"), codes[level][relevant.indices], of_relevant=True)


def by_novelty(history: csr_array, relevant: csr_array) -> Cut:
    """New where the customer never had the relevant product [Q, P], repeat where they did."""
    repeated = _is_known(history, relevant, np.arange(relevant.shape[1]))
    return Cut(("new", "repeat"), repeated.astype(np.int64), of_relevant=True)


def by_category(history: csr_array, relevant: csr_array, categories: IntArray) -> Cut:
    """Cross-sell where the relevant product's category is new to the customer, else up-sell.

    Neither where the product has no category, or the customer no history.

    Args:
        history: [Q, P] CSR, not 0 where the customer had the product.
        relevant: [Q, P] CSR.
        categories: [P] codes, -1 for none.
    """
    known = _is_known(history, relevant, categories).astype(np.int64)
    without_history = np.repeat(np.diff(history.indptr) == 0, np.diff(relevant.indptr))
    neither = without_history | (categories[relevant.indices] < 0)
    return Cut(("cross_sell", "up_sell"), np.where(neither, -1, known), of_relevant=True)


def members(cut: Cut) -> dict[str, BoolArray]:
    """Name of each slice that is not empty -> mask over what is cut."""
    masks = {name: cut.codes == code for code, name in enumerate(cut.names)}
    return {name: mask for name, mask in masks.items() if mask.any()}


def _is_known(history: csr_array, relevant: csr_array, labels: IntArray) -> BoolArray:
    """[N] whether the customer had any product with the label [P] of the relevant product."""
    width = int(labels.max(initial=0)) + 1
    known, wanted = (
        entry_rows(matrix.indptr) * width + labels[matrix.indices] for matrix in (history, relevant)
    )
    return np.isin(wanted, known)
