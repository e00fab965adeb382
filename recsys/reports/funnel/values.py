"""What the offers of an artifact are worth to each customer, whether permitted or not."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.policy.funnel.costs import Values
from recsys.serving import Artifact
from recsys.serving.artifact.acceptance_odds import probability
from recsys.serving.decide.inbound import require_policy
from recsys.serving.decide.logits import customer_vectors


def expected_values(artifact: Artifact) -> Values:
    """Probability of acceptance x value - cost, under the levers and weights of the policy.

    In the part of the customer's day that suits best, whether it is open or not.

    Args:
        artifact: with a policy.

    Returns:
        A function of customer rows [B] that returns float32 [B, O, T].

    Raises:
        InputError: the artifact has no policy.
    """
    contents, part = artifact.contents, require_policy(artifact.contents)
    logits = artifact.decision_logits
    # As `logits.pairs`, but also where an offer is not made.
    pairs = np.einsum(
        "od,tpd->tpo", contents.offer_vectors, logits.touchpoints, dtype=np.float32, optimize=True
    )

    def values(rows: IntArray) -> FloatArray:
        of_offers, of_touchpoints = logits.of_customers(customer_vectors(contents, rows))
        gains = part.gains(rows)
        worth = np.empty((len(rows), *pairs.shape[::-2]), np.float32)
        for touchpoint, of_pairs in enumerate(pairs):
            here = of_touchpoints[:, touchpoint]
            best = np.full(of_offers.shape, -np.inf, np.float32)
            for daypart, of_offer in enumerate(of_pairs):
                np.maximum(best, here[:, daypart, None] + of_offer, out=best)
            chance = probability(of_offers + best)
            worth[:, :, touchpoint] = gains * chance - part.costs[touchpoint]
        return worth

    return values
