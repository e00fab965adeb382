"""Removal effect: the conversions that would be missing without a channel."""

from functools import partial

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.attribution.attribution import Attribution
from recsys.evaluation.attribution.journeys import Journeys


def removal_effect(journeys: Journeys) -> Attribution:
    """Shares of the removal effects in the first-order Markov graph of journeys.

        effect of c = 1 - P(conversion | journeys that reach c are lost) / P(conversion)
        share of c = effect of c / sum of all effects

    (Anderl, Becker, von Wangenheim and Schumann, Mapping the Customer Journey, 2016.) States are
    the start, the channels, and the two ends, conversion and none; the probability of a step is its
    frequency. Exact, by one inverse: with N = (I - Q)^-1 of the channels' steps Q, v = N q the
    probability of a conversion from each channel and u = s N the expected visits from the start,

        P(conversion) = s.v,    what passes through c = u_c / N_cc * v_c,

    as u_c / N_cc is the probability of coming to c at all. Journeys without contacts take no part.

    Args:
        journeys: of at most some hundred channels: a resample solves T equations.
    """
    width, owner, channels = journeys.width, journeys.owner, journeys.channels
    first = np.roll(journeys.is_last, 1)
    ends = np.where(journeys.converted[owner], width, width + 1)
    following = np.where(journeys.is_last, ends, np.roll(channels, -1))
    sources = np.concatenate([np.full(first.sum(), width), channels])
    targets = np.concatenate([channels[first], following])
    steps, step = np.unique(sources * (width + 2) + targets, return_inverse=True)
    people, person = np.unique(journeys.customers, return_inverse=True)
    walker = person[np.concatenate([owner[first], owner])]
    counts = csr_array((np.ones(len(step)), (walker, step)), shape=(len(people), len(steps)))
    return Attribution(amounts=counts.toarray(), read=partial(_shares, steps=steps, width=width))


def _shares(counts: FloatArray, *, steps: IntArray, width: int) -> FloatArray:
    """[R, T] shares from how often each step was taken.

    Args:
        counts: [R, K].
        steps: [K] code of each step: source * (T + 2) + target.
        width: T.
    """
    flat = np.zeros((len(counts), (width + 1) * (width + 2)))
    flat[:, steps] = counts
    taken = flat.reshape(-1, width + 1, width + 2)
    # A channel that nobody used has no steps, and leads nowhere.
    chances = taken / np.maximum(taken.sum(axis=2, keepdims=True), np.finfo(float).tiny)
    visits = np.linalg.inv(np.eye(width) - chances[:, :width, :width])
    start, converts = chances[:, width, :width], chances[:, :width, width]
    onwards = np.einsum("rij,rj->ri", visits, converts)
    reached = np.einsum("ri,rij->rj", start, visits) / np.einsum("rii->ri", visits)
    through = reached * onwards
    # All effects are over the same P(conversion), so it cancels from the shares.
    with np.errstate(invalid="ignore"):
        return np.asarray(through / through.sum(axis=1, keepdims=True))
