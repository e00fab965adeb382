"""Refuses a policy whose rules contradict each other, as far as the file alone shows it."""

import numpy as np

from recsys.errors import InputError
from recsys.policy.compiled.fits import OF_A_DAY
from recsys.policy.compiled.rules import CONSENT, OFFER_TOUCHPOINT, VALIDITY
from recsys.policy.compiled.times import DAY
from recsys.policy.rules.contact_rules import quiet_hours
from recsys.policy.rules.policy import ONE_PRODUCT, Policy

_WEEK = np.arange(0, 7 * DAY, 60)
"""The minutes of a week, in seconds."""
BUILT_IN = (CONSENT, VALIDITY, OFFER_TOUCHPOINT, ONE_PRODUCT, *OF_A_DAY)
"""Names of refusals without a rule of the file."""


def refuse_contradictions(policy: Policy) -> None:
    """Checks the rules of a policy against each other.

    Raises:
        InputError: two rules have one name, or quiet hours leave no moment of the week.
    """
    _refuse_repeated_names(policy)
    _refuse_always_quiet(policy)


def _refuse_repeated_names(policy: Policy) -> None:
    seen = dict.fromkeys(BUILT_IN, "a built-in rule")
    for path, name in policy.rules():
        if name in seen:
            raise InputError(
                f"{path}.name: expected a name of its own, got '{name}', which is that of "
                f"{seen[name]}; refusals and the funnel name rules: rename one"
            )
        seen[name] = path


def _refuse_always_quiet(policy: Policy) -> None:
    """Of each touchpoint that a rule names, and of all others."""
    named = {name for rule in policy.quiet_hours for name in rule.touchpoints or ()}
    for touchpoint in (None, *sorted(named)):
        rules = [
            rule
            for rule in policy.quiet_hours
            if rule.touchpoints is None or touchpoint in rule.touchpoints
        ]
        quiet = [quiet_hours(rule, np.ones(1, dtype=bool)).holds(_WEEK) for rule in rules]
        if quiet and np.logical_or.reduce(quiet).all():
            where = "every outbound touchpoint" if touchpoint is None else f"'{touchpoint}'"
            raise InputError(
                f"policy.quiet_hours: {', '.join(rule.name for rule in rules)} leave no minute of "
                f"the week for {where}; shorten one, or set the capacity of the touchpoint to 0"
            )
