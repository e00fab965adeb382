r"""How a customer's events become a vector, and what each event contributes to a score.

With weights :math:`w_j` and rows :math:`f_j`, the vector is the sum :math:`\sum_j w_j f_j`, or with
a gram matrix G the least-squares solution

.. math:: x = A^{-1} \sum_j w_j f_j, \qquad A = G + \sum_j (w_j - 1) f_j f_j'

of alternating least squares (Hu, Koren and Volinsky, 2008), whose scores split over the events
exactly, because :math:`x \cdot v = \sum_j w_j f_j' A^{-1} v`: their section 5 on explanations.
"""

import numpy as np

from recsys.arrays import FloatArray


def customer_vector(
    weights: FloatArray, factors: FloatArray, gram: FloatArray | None = None
) -> FloatArray:
    """The vector [d] float64 of a customer with events of these weights [n] and factors [n, d].

    Args:
        weights: [n] w.
        factors: [n, d] rows f.
        gram: [d, d], or None where events add up linearly.
    """
    total: FloatArray = weights.astype(np.float64) @ factors.astype(np.float64)
    return total if gram is None else np.linalg.solve(_normal_matrix(weights, factors, gram), total)


def contributions(
    weights: FloatArray, factors: FloatArray, products: FloatArray, gram: FloatArray | None = None
) -> FloatArray:
    """What each event adds to each score: [q, n] float64, rows sum to `customer_vector @ product`.

    Args:
        weights: [n] w.
        factors: [n, d] rows f.
        products: [q, d] vectors of the products asked about.
        gram: [d, d], or None where events add up linearly.
    """
    asked: FloatArray = products.T.astype(np.float64)
    if gram is not None:
        asked = np.linalg.solve(_normal_matrix(weights, factors, gram), asked)
    shares: FloatArray = (factors.astype(np.float64) @ asked).T * weights.astype(np.float64)
    return shares


def _normal_matrix(weights: FloatArray, factors: FloatArray, gram: FloatArray) -> FloatArray:
    # Scores of a long history are differences of large terms: float32 would lose them.
    rows = factors.astype(np.float64)
    matrix: FloatArray = gram + (rows.T * (weights.astype(np.float64) - 1)) @ rows
    return matrix
