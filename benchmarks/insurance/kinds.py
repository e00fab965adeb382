"""The second question: of which kind the next touchpoint of a journey is.

There are two kinds, so that the log loss of all is that of one, and the mean over kinds of the area
under the curve of one against the rest is that of either.
"""

from collections.abc import Iterator, Mapping

import numpy as np
from scipy.special import softmax

from benchmarks.insurance.known import ARMS, Known, arm_of
from recsys.arrays import FloatArray, IntArray
from recsys.models.acceptance import Boosting
from recsys.models.next_step import Steps, shares
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.training.objectives import Softmax

KIND = 1
"""Whose probability is read: `web`, in the order of names."""


def kind_probabilities(
    steps: Steps,
    known: Known,
    queries: IntArray,
    learned: IntArray,
    boosting: Boosting,
    networks: Mapping[str, TouchpointGNN],
    prior: float,
) -> Iterator[tuple[str, FloatArray]]:
    """Name and probability [n] that the next touchpoint is of `KIND`.

    The rate of the kind and a Markov chain of the last three count anew at every step. The network
    knows a customer as of its fit, and not what went before in the journey.

    Args:
        steps: [N] all of them.
        known: [N] at each.
        queries: [n] steps.
        learned: [L] steps to learn from.
        boosting: on `Known.features`.
        networks: by arm; fitted.
        prior: weight of the rate in a cell of the chain, in touchpoints.
    """
    rate = shares(steps, np.zeros(len(steps), np.int64), queries, 1.0, 1 / 2)
    yield "kind_rate", rate[:, KIND]
    chain = np.zeros(len(steps), np.int64)
    for kind in known.latest.T:
        chain = chain * (steps.answers.shape[1] + 1) + kind + 1
    yield "markov", shares(steps, chain, queries, prior, rate)[:, KIND]
    network, customers = networks["with"], steps.customers[queries]
    scores = network.score_touchpoints(customers, np.full(len(queries), -1))
    assert isinstance(network.objective, Softmax)
    yield (
        arm_of("touchpoint_gnn", "with"),
        softmax(scores / network.objective.temperature, 1)[:, KIND],
    )
    for arm, touchpoints in ARMS.items():
        features = known.features(touchpoints)
        boosting.fit(features.select(learned), steps.answers[learned, KIND].astype(np.int64))
        yield arm_of("boosting", arm), boosting.probability(features.select(queries))
