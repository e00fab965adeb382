"""What a customer does next, foretold from what is known just before.

Moments at which somebody did one of several things are `steps`; `before` counts what lies strictly
before them; `shares` foretell by what followed in like cases, `Multinomial` by features.
"""

from recsys.models.next_step.before import counts_before, latest_before
from recsys.models.next_step.multinomial import Multinomial
from recsys.models.next_step.steps import Steps, shares

__all__ = ["Multinomial", "Steps", "counts_before", "latest_before", "shares"]
