"""The odds that a visit continues another one, against an end of that and a start of its own."""

import numpy as np
from scipy.special import digamma

from recsys.arrays import FloatArray
from recsys.journeys.purposes.links import Pairs
from recsys.journeys.purposes.renewal import Renewal
from recsys.journeys.purposes.visits import Visits

_BOUND = 30.0
"""Logarithms of odds are kept within +-30, so that their exponentials are finite."""


def log_evidence(known: Renewal, visits: Visits, links: Pairs) -> FloatArray:
    """[L] log odds of a link against an end of the earlier visit and a start of the later one.

    But for the rate of the start, see `link_odds`.

    Args:
        known: parameters.
        visits: of customers.
        links: pairs of visits.
    """
    before, after = visits.depth[links.earlier], visits.depth[links.later]
    open_end = visits.horizon - visits.end[links.earlier]
    same, other = known.same
    product = np.where(links.same, np.log(same / other), np.log((1 - same) / (1 - other)))
    return np.asarray(
        np.log(known.returns[before])
        + known.gap.log_density(links.gap, after)
        + np.log(known.steps[before, after])
        + product
        - np.log(1 - known.returns[before] * known.has_returned_by(open_end))
        - np.log(known.starts[after])
    )


def link_odds(
    known: Renewal, visits: Visits, links: Pairs, evidence: FloatArray, starts: FloatArray
) -> FloatArray:
    """[L] odds of a link against an end of the earlier visit and a start of the later one.

    Args:
        known: parameters.
        visits: of customers.
        links: pairs of visits.
        evidence: [L] from `log_evidence`.
        starts: [V] probability that a visit begins a strand, from which the rates of customers
            follow: exp E[log rate] under the gamma posterior (variational Bayes).
    """
    begun = np.bincount(visits.cell, starts, visits.cells)
    log_rate = digamma(begun + known.rate_shape) - np.log(visits.horizon + known.rate_time)
    odds = evidence - log_rate[visits.cell[links.later]]
    return np.asarray(np.exp(np.clip(odds, -_BOUND, _BOUND)))
