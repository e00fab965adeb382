"""What an arm has decided so far: as arrays for its learner, as a table on the disk."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import IdArray, IntArray
from recsys.data import columns
from recsys.data.interactions import seconds
from recsys.experiments.closed_loop.deciding import ACCEPTED, Made, Round
from recsys.experiments.closed_loop.market import LoopData, Opportunities
from recsys.policy.decision_log.table import decision_table


@dataclass(frozen=True, kw_only=True, eq=False)
class Logged:
    """Decisions with outcomes.

    Attributes:
        chances: where and when; offers: [D] rows; outcomes: [D] positions in `columns.OUTCOMES`.
    """

    chances: Opportunities
    offers: IntArray
    outcomes: IntArray

    def and_then(self, other: "Logged") -> "Logged":
        """Both, one after the other."""
        pairs = zip(_arrays(self), _arrays(other), strict=True)
        customers, touchpoints, when, offers, outcomes = (np.concatenate(pair) for pair in pairs)
        return Logged(
            chances=Opportunities(customers=customers, touchpoints=touchpoints, when=when),
            offers=offers,
            outcomes=outcomes,
        )


def read_log(loop: LoopData, table: pd.DataFrame) -> Logged:
    """The rows of a table `decisions` as row numbers."""
    data = loop.data
    return Logged(
        chances=Opportunities(
            customers=data.customers.rows(table[columns.CUSTOMER]).astype(np.int64),
            touchpoints=data.touchpoints.rows(table[columns.TOUCHPOINT]).astype(np.int64),
            when=seconds(table[columns.TIMESTAMP]),
        ),
        offers=_positions(loop.offer_ids, table[columns.OFFER]),
        outcomes=_positions(columns.OUTCOMES, table[columns.OUTCOME]),
    )


def table_of(
    loop: LoopData, now: Round, made: Made, *, policy: str, version: str, rules_version: str
) -> pd.DataFrame:
    """The decisions of a round as the table `decisions`, with outcomes and rewards."""
    data, chances = loop.data, now.chances.select(made.chance)
    offers = now.offers[made.column]
    about = loop.tables.offers
    assert about is not None
    table = decision_table(
        customers=data.customers.ids[chances.customers],
        touchpoints=data.touchpoints.ids[chances.touchpoints],
        seconds=chances.when,
        offers=loop.offer_ids[offers],
        propensities=made.propensity,
        policy=policy,
        policy_version=version,
        rules_version=rules_version,
        variants=about[columns.VARIANT].to_numpy(object)[offers],
    )
    accepted = made.outcome == ACCEPTED
    return table.assign(
        **{
            columns.OUTCOME: np.array(columns.OUTCOMES)[made.outcome],
            columns.REWARD: np.where(accepted, now.rewards[made.column], 0.0),
        }
    )


def _positions(names: Sequence[str] | IdArray, values: pd.Series) -> IntArray:
    return pd.Index(names).get_indexer(pd.Index(values.astype(object)))


def _arrays(log: Logged) -> tuple[IntArray, ...]:
    chances = log.chances
    return chances.customers, chances.touchpoints, chances.when, log.offers, log.outcomes
