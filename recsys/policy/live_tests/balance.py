"""Whether the arms of a test have the sizes that they should have (sample-ratio mismatch)."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import gammaln, xlogy

from recsys.errors import InputError

ALARM = 0.01
"""The p-value below which the assignment or the log is broken."""


@dataclass(frozen=True)
class SampleRatio:
    """The customers of each arm against their shares.

    Attributes:
        counts: arm -> customers.
        expected: arm -> customers that its share gives.
        p_value: always valid: it is below a with a probability of at most a, however often and
            whenever it is read.
    """

    counts: Mapping[str, int]
    expected: Mapping[str, float]
    p_value: float

    @property
    def is_off(self) -> bool:
        """Whether the sizes differ by more than chance explains, at the level `ALARM`."""
        return self.p_value < ALARM


def sample_ratio(counts: Mapping[str, int], shares: Mapping[str, float]) -> SampleRatio:
    """Tests the sizes of the arms by the multinomial mixture of Lindon and Malek (2022).

    With counts n, shares q that sum to 1 and a uniform Dirichlet prior over K arms,

        1 / p = (K - 1)! / (n + K - 1)! * prod_k n_k! / q_k^n_k,   at most 1 for p,

    a martingale as customers come in ("Anytime-valid inference for multinomial count data",
    NeurIPS 2022). A mismatch says that the assignment is not what was meant, that a policy changes
    who is in the log, or that rows were lost: no difference between the arms can be trusted then.

    Args:
        counts: arm -> customers in it.
        shares: arm -> share, of the same arms; only their proportions count.

    Raises:
        InputError: the arms of the two differ, or a share is not above 0.
    """
    if set(counts) != set(shares):
        raise InputError(
            f"shares: expected the arms {', '.join(counts)}, got {', '.join(shares)}; name the same"
        )
    if not min(shares.values()) > 0:
        raise InputError(f"shares: expected numbers above 0, got {min(shares.values()):g}")
    n = np.array([counts[arm] for arm in counts], np.float64)
    q = np.array([shares[arm] for arm in counts], np.float64)
    q /= q.sum()
    log_e = gammaln(len(n)) - gammaln(n.sum() + len(n)) + gammaln(n + 1).sum() - xlogy(n, q).sum()
    expected = dict(zip(counts, (n.sum() * q).tolist(), strict=True))
    return SampleRatio(dict(counts), expected, float(np.exp(-max(float(log_e), 0.0))))
