"""Stages of strands, their next milestone, and how probable it is that they reach it."""

from collections.abc import Sequence

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.journeys.purposes.renewal import Renewal

KNOW, CONSIDER, BOUGHT = "know", "consider", "bought"
_STAGES = {"view": KNOW, "click": KNOW, "cart": CONSIDER}


def stage_of(action: str) -> str:
    """Stage of a strand whose deepest action is this one."""
    return _STAGES.get(action, BOUGHT)


def next_milestones(actions: Sequence[str]) -> IntArray:
    """[A] position of the next milestone of a strand by its deepest action.

    Milestones are the actions that begin a stage; after the last it is that one again.

    Args:
        actions: from shallow to deep.
    """
    stages = [stage_of(action) for action in actions]
    begins = [row for row in range(1, len(actions)) if stages[row] != stages[row - 1]]
    last = begins[-1] if begins else len(actions) - 1
    return np.array(
        [next((row for row in begins if row > depth), last) for depth in range(len(actions))]
    )


def reaches(known: Renewal) -> FloatArray:
    """[A, A] probability that a strand comes to action j or a deeper one after a visit with i.

    Visits are a Markov chain that ends when nobody comes back; these are its probabilities of
    absorption, see Kemeny and Snell: Finite Markov chains (1960), chapter 3.
    """
    count = len(known.returns)
    moves = known.returns[:, None] * known.steps
    reached = np.empty((count, count))
    for target in range(count):
        arrives = moves[:, target:].sum(axis=1)
        before = np.linalg.solve(np.eye(target) - moves[:target, :target], arrives[:target])
        reached[:, target] = arrives + moves[:, :target] @ before
    return reached


def reaches_after_silence(
    known: Renewal, last: IntArray, target: IntArray, silence: FloatArray
) -> FloatArray:
    """[n] probability that strands come to an action or a deeper one, given how long they rest.

    Args:
        known: how strands go on.
        last: [n] deepest action of the last visit.
        target: [n] the action.
        silence: [n] since the last visit.
    """
    back = known.comes_back(last, silence) / known.returns[last]
    return np.asarray(back * reaches(known)[last, target])
