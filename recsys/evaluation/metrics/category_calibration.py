"""Calibration of categories: whether a list mixes them as the customer's history does."""

import numpy as np
from scipy.sparse import csr_array
from scipy.special import rel_entr

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.metrics.lists import as_matrix
from recsys.evaluation.metrics.ratio import ratio

ALPHA = 0.01
"""Share of the history mixed into the list, as in the paper: a missing category costs finitely."""


def category_calibration(
    products: IntArray, history: csr_array, categories: IntArray
) -> FloatArray:
    """Kullback-Leibler divergence of the list's categories from the history's; 0 is calibrated.

    With p(g) the share of category g in the history and q(g) in the list (Steck, 2018),

        calibration = sum_g p(g) ln(p(g) / q'(g)),   q' = (1 - alpha) q + alpha p,   alpha = 0.01

    Lower is better. All places of the list weigh the same.

    Args:
        products: [Q, k] row numbers, -1 for none.
        history: [Q, P] CSR, how much the customer had of each product, not negative.
        categories: [P] codes from 0 on, -1 for a product without category, which is left out.

    Returns:
        [Q] float64 between 0 and ln(1 / alpha) = 4.61; nan where the list or the history has no
        product with a category.
    """
    coded = np.flatnonzero(categories >= 0)
    member = csr_array(
        (np.ones(len(coded)), (coded, categories[coded])),
        shape=(len(categories), int(categories.max(initial=0)) + 1),
    )
    wanted = _shares(history.astype(np.float64) @ member)
    given = _shares(as_matrix(products, len(categories)) @ member)
    found: FloatArray = rel_entr(wanted, (1 - ALPHA) * given + ALPHA * wanted).sum(axis=1)
    return found


def _shares(amounts: csr_array) -> FloatArray:
    total = amounts.sum(axis=1)[:, None]
    return ratio(amounts.toarray(), np.broadcast_to(total, amounts.shape))
