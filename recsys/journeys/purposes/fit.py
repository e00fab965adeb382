"""Learns how strands go on from visits alone, by expectation maximisation."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.journeys.purposes.links import Pairs, pairs, starts_expected
from recsys.journeys.purposes.matching import link_probabilities
from recsys.journeys.purposes.odds import link_odds, log_evidence
from recsys.journeys.purposes.renewal import Renewal, estimate
from recsys.journeys.purposes.visits import Visits

REACH = 12
"""A visit continues one of the so many before it of the same customer and purpose."""
_ROUNDS = 30
_SWEEPS_OF_STARTS = 4
_TOLERANCE = 1e-4


def fit_renewal(visits: Visits, cells: int) -> Renewal:
    """The parameters of strands.

    Begins with every visit continuing the one before it of its customer and purpose, the less so
    the longer the gap; then links and parameters in turn, until links no longer move.

    Args:
        visits: of customers.
        cells: pairs of customer and purpose, with those that have no event.
    """
    links = pairs(visits, REACH)
    probability = _first_guess(links)
    for _ in range(_ROUNDS):
        starts = starts_expected(visits, links, probability)
        known = estimate(visits, links, probability, starts, cells)
        evidence = log_evidence(known, visits, links)
        odds = link_odds(known, visits, links, evidence, starts)
        moved = probability
        probability = link_probabilities(odds, links.earlier, links.later, len(visits))
        if np.abs(moved - probability).sum() <= _TOLERANCE * len(probability):
            break
    return known


def infer_links(known: Renewal, visits: Visits) -> tuple[Pairs, FloatArray]:
    """Pairs of visits and the probability of each, under known parameters.

    Args:
        known: parameters.
        visits: of any customers.
    """
    links = pairs(visits, REACH)
    probability = _first_guess(links)
    evidence = log_evidence(known, visits, links)
    for _ in range(_SWEEPS_OF_STARTS):
        starts = starts_expected(visits, links, probability)
        odds = link_odds(known, visits, links, evidence, starts)
        moved = probability
        probability = link_probabilities(odds, links.earlier, links.later, len(visits))
        if np.abs(moved - probability).max(initial=0) < _TOLERANCE:
            break
    return links, probability


def _first_guess(links: Pairs) -> FloatArray:
    is_next = links.later == links.earlier + 1
    usual = np.median(links.gap[is_next]) if is_next.any() else 1.0
    return np.where(is_next, 1 / (1 + links.gap / usual), 0.0)
