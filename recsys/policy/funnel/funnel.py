"""The funnel of a policy: exact counts for all customers, costs on a sample of them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.times import DAY
from recsys.policy.funnel.costs import SAMPLE, Costs, Values, costs
from recsys.policy.funnel.counts import Counts, Masks, counts


@dataclass(frozen=True)
class Funnel:
    """What the rules of a policy take away.

    Attributes:
        policy: its name.
        version: of its rules.
        at: moment, UTC seconds.
        horizon: seconds from then in which contacts may be made.
        counts: of triples, pairs, customers and offers.
        costs: in expected value; None without values.
        touchpoints: names of the only ones that are looked at; None for all.
    """

    policy: str
    version: str
    at: int
    horizon: int
    counts: Counts
    costs: Costs | None
    touchpoints: tuple[str, ...] | None = None


def funnel(
    rules: CompiledRules,
    rows: IntArray | None = None,
    *,
    at: int,
    horizon: int = DAY,
    values: Values | None = None,
    sample: int = SAMPLE,
    seed: int = 0,
    touchpoints: Mapping[str, int] | None = None,
) -> Funnel:
    """What each rule takes away, by itself and in order, and what it costs.

    1,000,000 customers x 1,000 offers x 8 touchpoints are counted in tiles, with memory for one.

    Args:
        rules: of a policy.
        rows: [Q] customer rows, one a customer; None for all.
        at: moment, UTC seconds.
        horizon: seconds from then in which contacts may be made; 1 for that moment alone.
        values: customer rows [B] -> expected values [B, O] or [B, O, T]; None for no costs.
        sample: customers on whom costs are measured.
        seed: of the sample and of the intervals.
        touchpoints: name -> row of the only ones to look at; None for all T. Contacts at the others
            still count for the rules.

    Raises:
        InputError: no customers, or values of another shape.
    """
    columns = None if touchpoints is None else np.sort(np.array(list(touchpoints.values()), int))
    masks = Masks(rules, at, horizon, columns)
    chosen = np.arange(rules.shape[0]) if rows is None else rows
    if not len(chosen):
        raise InputError("rows: expected at least one customer, got none")
    return Funnel(
        policy=rules.name,
        version=rules.version,
        at=at,
        horizon=horizon,
        counts=counts(masks, chosen),
        costs=None if values is None else costs(masks, chosen, values, sample=sample, seed=seed),
        touchpoints=None if touchpoints is None else tuple(touchpoints),
    )
