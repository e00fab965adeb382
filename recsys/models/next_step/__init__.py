"""Predicts what a customer does next from what is known just before.

`Steps` are the moments at which customers did one of several things. `counts_before` and
`latest_before` describe what happened strictly before each of them. `shares` predicts by what
followed in similar cases, `Multinomial` by features.
"""

from recsys.models.next_step.before import counts_before, latest_before
from recsys.models.next_step.multinomial import Multinomial
from recsys.models.next_step.steps import Steps, shares

__all__ = ["Multinomial", "Steps", "counts_before", "latest_before", "shares"]
