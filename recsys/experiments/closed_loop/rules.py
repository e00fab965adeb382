"""The rules of a closed loop: those of a policy, but for capacities and budgets."""

from dataclasses import replace

import numpy as np

from recsys.data.interactions import SECOND
from recsys.experiments.closed_loop.market import LoopData
from recsys.policy.compiled import CompiledRules
from recsys.policy.rules.compile import compile_rules
from recsys.policy.rules.policy import Policy


def loop_rules(policy: Policy, loop: LoopData) -> CompiledRules:
    """The rules of a policy as of the start of a loop, with the contacts before it.

    What leaves a customer's list (`leave_out`) is compiled once, from what happened before the
    start. Capacity and budget do not hold: at which opportunities an offer is made is given.

    Args:
        policy: of the rules.
        loop: the market.

    Raises:
        InputError: the policy does not fit the market's tables.
    """
    data = loop.data
    assert data.interactions.when is not None
    before = loop.start * SECOND
    rules = compile_rules(policy, data.select(data.interactions.when < before, as_of=before))
    return replace(rules, capacity=np.full(len(data.touchpoints), np.inf), budget=np.inf)


def longest_window(rules: CompiledRules) -> int:
    """Seconds after which a contact no longer matters to any of the rules."""
    windows = [limit.seconds for limit in rules.limits]
    windows += [rule.seconds for rule in (rules.pause, rules.one_campaign) if rule is not None]
    return max(windows, default=0)
