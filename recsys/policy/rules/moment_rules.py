"""The rules `moments` of a policy: which offers each of them leaves to a customer."""

import numpy as np

from recsys.policy.compiled.moment_rules import MomentHold
from recsys.policy.rules.eligibility import condition_grid
from recsys.policy.rules.evaluate import Bounds
from recsys.policy.rules.policy import OFFER_SIDE, Policy
from recsys.policy.rules.sides import Sides


def moment_holds(policy: Policy, sides: Sides, bounds: Bounds) -> list[MomentHold]:
    """The rules in order; an offer of several products is allowed if one of them is.

    Raises:
        InputError: a condition names an unknown column, or cannot be computed.
    """
    starts = sides.offers.starts
    made = []
    for position, rule in enumerate(policy.moments):
        allowed = np.zeros(len(sides.offers), dtype=bool)
        if rule.allow is not None:
            path = f"policy.moments[{position}].allow"
            grid = condition_grid(path, rule.allow, sides, bounds, tables=OFFER_SIDE)
            grid = grid.over_offers(path, starts)
            allowed = grid.allowed[0][grid.products]
        made.append(
            MomentHold(name=rule.name, moment=rule.moment, at_least=rule.at_least, allowed=allowed)
        )
    return made
