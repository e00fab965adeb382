"""Who probably leaves, as factors on the value of the offers that keep customers."""

import numpy as np

from recsys.arrays import FloatArray

MOST = 10.0
"""The largest factor: nobody takes all places."""


def retention_factors(leaving: FloatArray) -> FloatArray:
    """[n] max(1, P(leaves) / mean P(leaves)), at most `MOST`; no offer is lowered.

    Args:
        leaving: [n] probability of leaving, nan where unknown, which counts as 1.
    """
    if not np.isfinite(leaving).any():
        return np.ones(len(leaving))
    ratio: FloatArray = np.nan_to_num(leaving, nan=0.0) / np.nanmean(leaving)
    return np.clip(ratio, 1.0, MOST)
