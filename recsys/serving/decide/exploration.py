"""Exploration as a policy states it."""

from collections.abc import Mapping
from typing import Any

from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.policy.exploration import Epsilon, Softmax

SlotPolicy = Epsilon | Softmax


def explorer(stated: Mapping[str, Any] | None) -> SlotPolicy | None:
    """The rule that chooses among permitted candidates; None for the best of them.

    Args:
        stated: `kind` and its settings, as `DecisionPart.exploration` has them; None for none.

    Raises:
        InputError: the kind needs more than an artifact has, or a setting is out of range.
    """
    if stated is None:
        return None
    if stated.get("kind") == "epsilon":
        return Epsilon(epsilon=stated["epsilon"])
    if stated.get("kind") == "softmax":
        return Softmax(temperature=stated["temperature"])
    raise InputError(
        f"policy.exploration.kind: expected epsilon or softmax, which decisions of an artifact can "
        f"follow, got {shown(stated.get('kind'))}; change it, or decide with explore=false"
    )


def seed_of(stated: Mapping[str, Any]) -> int:
    """The seed by which equal decisions are replayed."""
    return int(stated.get("seed", 0))
