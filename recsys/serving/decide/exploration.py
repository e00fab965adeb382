"""Exploration as a policy states it: which of the permitted options a customer gets."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys.arrays import IdArray, IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.policy.exploration import Choice, Draws, Epsilon, Softmax
from recsys.serving.artifact.contents import Contents
from recsys.serving.decide.options import Options
from recsys.serving.decide.posterior import chosen_by_samples, require_posterior

_KINDS = ("epsilon", "softmax", "thompson")


def require_explorable(contents: Contents, stated: Mapping[str, Any] | None) -> None:
    """Raises `InputError` unless decisions of the artifact can follow the exploration of a policy.

    Args:
        contents: of the artifact.
        stated: `kind` and its settings; None for no exploration.
    """
    if stated is None:
        return
    if stated.get("kind") not in _KINDS:
        raise InputError(
            f"policy.exploration.kind: expected one of {', '.join(_KINDS)}, got "
            f"{shown(stated.get('kind'))}; export again, or decide with explore=false"
        )
    if stated["kind"] == "thompson":
        require_posterior(contents)


def choose(
    contents: Contents,
    stated: Mapping[str, Any],
    options: Options,
    draws: Draws,
    k: int,
    planned: IntArray | None = None,
) -> Choice:
    """Fills k slots of each customer, with exact propensities.

    Args:
        contents: of the artifact.
        stated: `kind` and its settings, as `DecisionPart.exploration` has them.
        options: of the customers.
        draws: random numbers of the customers.
        k: slots.
        planned: [B] option that a plan chose, which is the best one for epsilon whatever it earns
            by itself; None for the one that is worth most.
    """
    require_explorable(contents, stated)
    if stated["kind"] == "thompson":
        return chosen_by_samples(contents, options, draws, k, sigma=float(stated["scale"]))
    worth = options.worth
    if stated["kind"] == "softmax":
        return Softmax(temperature=stated["temperature"]).choose(worth, draws, k, options.mask)
    if planned is not None:
        best = worth.max(axis=1, where=options.mask, initial=-np.inf)
        worth[np.arange(len(worth)), planned] = best + 1
    return Epsilon(epsilon=stated["epsilon"]).choose(worth, draws, k, options.mask)


def draws_of(stated: Mapping[str, Any], ids: IdArray, moment: int) -> Draws:
    """Random numbers of the customers with these ids [B] at a moment, by the policy's seed."""
    keys = ids if ids.dtype != object else np.array([str(id_) for id_ in ids], dtype=object)
    return Draws.of(
        seed=int(stated.get("seed", 0)), customers=keys, moments=np.full(len(ids), moment)
    )
