r"""How a customer's events become a vector, and what each event contributes to a score.

Events of product j that count :math:`r_j` together have the weight

.. math:: w_j = b + s_j r_j \left(\sum_i r_i\right)^{-a}

with an offset b, a scale :math:`s_j` and an exponent a. With the rows :math:`f_j` of products the
vector is the sum :math:`\sum_j w_j f_j`, or with a gram matrix G the least-squares solution

.. math:: x = A^{-1} \sum_j w_j f_j, \qquad A = G + \sum_j (w_j - 1) f_j f_j'

of alternating least squares (Hu, Koren and Volinsky, 2008), whose scores split over the events
exactly, because :math:`x \cdot v = \sum_j w_j f_j' A^{-1} v`: their section 5 on explanations.

Models, export and serving all compute these formulas here, with NumPy alone.
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray

_SHORTEST = 1e-30
"""A vector of length 0 stays 0 where vectors are brought to length 1."""


def weights_of_counts(
    counts: FloatArray,
    totals: FloatArray | IntArray | float,
    scale: FloatArray | float = 1.0,
    offset: float = 0.0,
    exponent: float = 0.0,
) -> FloatArray:
    """The weights w [n] of products whose events count r [n] together.

    Args:
        counts: [n] r, above 0.
        totals: sum of r over the customer's products, [n] where there are several customers.
        scale: [n] s, or one number for all products.
        offset: b.
        exponent: a.

    >>> weights_of_counts(np.array([1.0, 3.0]), 4.0, scale=10.0, offset=1.0, exponent=0.5)
    array([ 6., 16.])
    """
    if not len(counts):
        return np.zeros(0, counts.dtype)
    weights: FloatArray = offset + scale * counts * totals**-exponent
    return weights


def counts_of_weights(
    weights: FloatArray,
    total: float,
    scale: FloatArray | float = 1.0,
    offset: float = 0.0,
    exponent: float = 0.0,
) -> FloatArray:
    """The counts r [n] float64 that `weights_of_counts` makes these weights of.

    Args:
        weights: [n] w of one customer.
        total: sum of the customer's counts; of no effect where the exponent is 0.
        scale: [n] s, or one number for all products.
        offset: b.
        exponent: a.
    """
    counts: FloatArray = (weights.astype(np.float64) - offset) / scale * total**exponent
    return counts


def customer_vector(
    weights: FloatArray, factors: FloatArray, gram: FloatArray | None = None, unit: bool = False
) -> FloatArray:
    """The vector [d] float64 of a customer; zero where there are no events.

    Args:
        weights: [n] w of the customer's products.
        factors: [n, d] rows f of these products.
        gram: [d, d], symmetric; None where events add up linearly.
        unit: whether the vector is brought to length 1.
    """
    vector: FloatArray = weights.astype(np.float64) @ factors.astype(np.float64)
    if gram is not None:
        vector = np.linalg.solve(normal_matrix(weights, factors, gram), vector)
    if unit:
        vector = vector / max(float(np.linalg.norm(vector)), _SHORTEST)
    return vector


def contributions(
    weights: FloatArray, factors: FloatArray, products: FloatArray, gram: FloatArray | None = None
) -> FloatArray:
    """What each event adds to each score: [q, n] float64, rows sum to `customer_vector @ product`.

    Args:
        weights: [n] w of the customer's products.
        factors: [n, d] rows f of these products.
        products: [q, d] vectors of the products that are scored.
        gram: [d, d], symmetric; None where events add up linearly.
    """
    directions: FloatArray = products.T.astype(np.float64)
    if gram is not None:
        directions = np.linalg.solve(normal_matrix(weights, factors, gram), directions)
    shares: FloatArray = (factors.astype(np.float64) @ directions).T * weights.astype(np.float64)
    return shares


def normal_matrix(weights: FloatArray, factors: FloatArray, gram: FloatArray) -> FloatArray:
    """A [d, d] float64 of the least-squares vector of a customer, see above.

    Args:
        weights: [n] w of the customer's products.
        factors: [n, d] rows f of these products.
        gram: [d, d], symmetric.
    """
    # Scores of a long history are differences of large terms: float32 would lose them.
    rows = factors.astype(np.float64)
    matrix: FloatArray = gram + (rows.T * (weights.astype(np.float64) - 1)) @ rows
    return matrix
