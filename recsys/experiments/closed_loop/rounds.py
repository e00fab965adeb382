"""The opportunities of a span of time and the truth about them, the same for all arms."""

import numpy as np

from recsys.experiments.closed_loop.deciding import Round
from recsys.experiments.closed_loop.market import LoopData
from recsys.policy.compiled import CompiledRules
from recsys.policy.exploration import Draws


def round_of(loop: LoopData, rules: CompiledRules, seed: int, start: int, end: int) -> Round:
    """The round of [start, end) in UTC seconds.

    Args:
        loop: the market.
        rules: say which offers run when and where.
        seed: of the random numbers.
        start: included.
        end: not included.
    """
    when = loop.opportunities.when
    chances = loop.opportunities.select((when >= start) & (when < end))
    runs = (rules.valid_from < end) & (rules.valid_to > start)
    offers = np.flatnonzero(runs)
    moment = chances.when[:, None]
    allowed = (rules.valid_from[offers] <= moment) & (moment < rules.valid_to[offers])
    allowed &= rules.pairs()[offers][:, chances.touchpoints].T
    rows, columns_ = np.nonzero(allowed)
    truth = np.zeros(allowed.shape)
    truth[rows, columns_] = loop.acceptance(chances.select(rows), offers[columns_])
    return Round(
        chances=chances,
        offers=offers,
        allowed=allowed,
        truth=truth,
        refusal=loop.refusals(chances.touchpoints),
        rewards=loop.offer_rewards[offers],
        draws=Draws.of(
            seed=seed, customers=loop.data.customers.ids[chances.customers], moments=chances.when
        ),
    )
