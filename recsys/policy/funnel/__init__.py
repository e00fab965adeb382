"""The funnel: what each rule of a policy takes away, alone and in order, and what it costs."""

from recsys.policy.funnel.costs import Costs
from recsys.policy.funnel.counts import Count, Counts
from recsys.policy.funnel.funnel import Funnel, funnel

__all__ = ["Costs", "Count", "Counts", "Funnel", "funnel"]
