"""Division where the divisor may be nothing."""

import numpy as np

from recsys.arrays import FloatArray, IntArray


def ratio(part: FloatArray | IntArray, whole: FloatArray | IntArray) -> FloatArray:
    """[n] part / whole in float64, nan where whole is 0: no value, and no warning about it."""
    nothing = np.full(np.shape(whole), np.nan)
    found: FloatArray = np.divide(part, whole, out=nothing, where=np.not_equal(whole, 0))
    return found
