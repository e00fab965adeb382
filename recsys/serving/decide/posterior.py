"""Thompson sampling over the vector of a customer, where a model folds in by a gram matrix.

The least-squares vector x = A^-1 sum w f of a customer, with A = G + sum (w - 1) f f' over the
customer's events (`recsys.ops.fold_in`), is the mean of a normal posterior with covariance
sigma^2 A^-1. A sample of it moves the score of an offer, and so its probability and value.
"""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops.fold_in import normal_matrix
from recsys.policy.exploration import Choice, Draws, GaussianPosterior, Thompson
from recsys.serving.artifact.acceptance_odds import probability
from recsys.serving.artifact.contents import Contents
from recsys.serving.decide.options import Options

_AT_ONCE = 1024
_LEAST = 1e-7
"""Probabilities are kept so far from 0 and 1, whose log-odds are infinite."""


def require_posterior(contents: Contents) -> None:
    """Raises `InputError` where the artifact does not know how sure a customer's vector is."""
    if contents.fold_in is None or contents.fold_in.gram is None:
        model = contents.facts.get("model", "this model")
        raise InputError(
            "policy.exploration.kind: thompson needs a model whose vectors are least-squares "
            f"solutions, such as als, and {model} has none; use epsilon or softmax, or decide with "
            "explore=false"
        )


def chosen_by_samples(
    contents: Contents, options: Options, draws: Draws, k: int, sigma: float
) -> Choice:
    """The best k options of one of 64 samples; arguments as for `exploration.choose`.

    Args:
        contents: with a posterior.
        options: of the customers.
        draws: random numbers of the customers.
        k: slots.
        sigma: standard deviation of the noise of one event of weight 1.
    """
    parts = [
        _chosen(contents, options.part(rows), draws.rows(rows), k, sigma)
        for rows in (
            slice(first, first + _AT_ONCE) for first in range(0, len(options.rows), _AT_ONCE)
        )
    ]
    return Choice(
        actions=np.concatenate([part.actions for part in parts]),
        propensities=np.concatenate([part.propensities for part in parts]),
    )


def _chosen(contents: Contents, options: Options, draws: Draws, k: int, sigma: float) -> Choice:
    part, fold_in = contents.decisions, contents.fold_in
    assert part is not None
    assert fold_in is not None
    posterior = GaussianPosterior(
        means=options.vectors[:, : fold_in.width],
        grams=_precisions(contents, options.rows),
        vectors=contents.offer_vectors[options.offers, : fold_in.width],
        sigma=sigma,
    )
    chance = np.clip(options.probabilities.astype(np.float64), _LEAST, 1 - _LEAST)
    log_odds, slope = np.log(chance) - np.log1p(-chance), float(part.odds.line[1])
    means = np.einsum("bm,bnm->bn", posterior.means, posterior.vectors, dtype=np.float64)
    worth = options.worth

    def worth_of(samples: FloatArray, rows: slice) -> FloatArray:
        moved = probability(log_odds[rows, None] + slope * (samples - means[rows, None]))
        # gain P - cost: what an acceptance earns does not depend on the sample.
        gains = options.values[rows] + options.costs[rows]
        per_unit = np.where(options.mask[rows], gains / chance[rows], 0.0)
        return worth[rows, None] + per_unit[:, None] * (moved - chance[rows, None])

    return Thompson().choose(posterior, draws, k, options.mask, worth_of)


def _precisions(contents: Contents, rows: IntArray) -> FloatArray:
    """[B, m, m] float64 A of each customer."""
    fold_in = contents.fold_in
    assert fold_in is not None
    assert fold_in.gram is not None
    grams = np.repeat(fold_in.gram[None].astype(np.float64), len(rows), axis=0)
    known = np.flatnonzero(rows >= 0)
    owners, events = contents.events_of(rows[known])
    if contents.events is None:
        return grams
    # Events of weight 0 are kept as seen, and made nothing of the vector.
    counted = contents.events.weights[events] != 0
    owners, events = owners[counted], events[counted]
    factors = fold_in.factors[contents.events.products[events]]
    weights = contents.events.weights[events]
    ends = np.searchsorted(owners, np.arange(len(known) + 1))
    for position, first, end in zip(known, ends[:-1], ends[1:], strict=True):
        grams[position] = normal_matrix(weights[first:end], factors[first:end], fold_in.gram)
    return grams
