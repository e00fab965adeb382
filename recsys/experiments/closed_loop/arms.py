"""The policies that a closed loop compares."""

from dataclasses import dataclass

from recsys.experiments.closed_loop.learner import Look, looks
from recsys.policy.exploration import Epsilon

ORACLE = "oracle"
EXPLORING = "_exploring"


@dataclass(frozen=True, kw_only=True)
class Arm:
    """A policy that is run on a market of its own.

    Attributes:
        name: as in the log.
        look: what its learner looks at; None for the oracle, which knows the true probabilities.
        exploration: how it chooses among the values.
    """

    name: str
    look: Look | None
    exploration: Epsilon


def arms(epsilon: float) -> list[Arm]:
    """Each learner without and with exploration, and the oracle.

    Args:
        epsilon: share of decisions that are drawn uniformly among what is permitted.
    """
    greedy, curious = Epsilon(0.0), Epsilon(epsilon)
    learning = [
        arm
        for look in looks()
        for arm in (
            Arm(name=look, look=look, exploration=greedy),
            Arm(name=f"{look}{EXPLORING}", look=look, exploration=curious),
        )
    ]
    return [*learning, Arm(name=ORACLE, look=None, exploration=greedy)]
