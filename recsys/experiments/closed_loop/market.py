"""What a closed loop needs to know of a market, and one market as arrays of row numbers."""

from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.data import columns
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.frames import Frames
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.interactions import seconds
from recsys.data.tables import Tables


class Market(Protocol):
    """A market that can be asked what a customer would have done, as `SimulatedMarket`."""

    def load(self) -> Tables:
        """All tables of a year."""

    def opportunities(self) -> pd.DataFrame:
        """customer_id, touchpoint, timestamp of chances to make an offer, in order of time."""

    def acceptance_probability(
        self, customers: IdArray, offers: IdArray, touchpoints: IdArray, when: object
    ) -> FloatArray:
        """The true probability that an offer is accepted; the arguments broadcast."""

    def refusal_probability(self, touchpoints: IdArray) -> FloatArray:
        """[n] true probability that an offer that is not accepted is rejected."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Opportunities:
    """N chances to make an offer, in order of time.

    Attributes:
        customers: [N] row numbers; touchpoints: [N] row numbers; when: [N] UTC seconds.
    """

    customers: IntArray
    touchpoints: IntArray
    when: IntArray

    def __len__(self) -> int:
        return len(self.when)

    def select(self, keep: BoolArray | IntArray | slice) -> "Opportunities":
        """Some of them."""
        return Opportunities(
            customers=self.customers[keep],
            touchpoints=self.touchpoints[keep],
            when=self.when[keep],
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class LoopData:
    """A market for a closed loop.

    Attributes:
        market: answers.
        tables: checked, identities merged; interactions without answers to offers, so that they do
            not depend on any policy; decisions are `logged`.
        logged: the market's own decisions before the loop starts, with outcomes.
        data: `tables` and `logged`, coded; gives row numbers.
        start: UTC seconds at which the loop starts.
        opportunities: of the loop.
        offer_ids: [O]; offer_products: [O] row numbers; offer_rewards: [O] euros.
    """

    market: Market
    tables: Tables
    logged: pd.DataFrame
    data: Dataset
    start: int
    opportunities: Opportunities
    offer_ids: IdArray
    offer_products: IntArray
    offer_rewards: FloatArray

    def acceptance(self, chances: Opportunities, offers: IntArray) -> FloatArray:
        """[n] true acceptance probability of offers [n], one an opportunity."""
        return self.market.acceptance_probability(
            self.data.customers.ids[chances.customers],
            self.offer_ids[offers],
            self.data.touchpoints.ids[chances.touchpoints],
            chances.when.astype("datetime64[s]"),
        )

    def refusals(self, touchpoints: IntArray) -> FloatArray:
        """[n] probability that an offer that is not accepted there is rejected."""
        return self.market.refusal_probability(self.data.touchpoints.ids[touchpoints])


def loop_data(market: Market, start: pd.Timestamp, end: pd.Timestamp) -> LoopData:
    """Loads a market for a loop over [start, end).

    Args:
        market: with offers of one product each, with rewards, and a log of decisions.
        start: UTC; the loop's policies start with the market's decisions before it.
        end: UTC.
    """
    checked = merge_identities(check_tables(market.load()), IdentityRules())
    decisions, offers = checked.decisions, checked.offers
    assert decisions is not None
    assert offers is not None
    logged = decisions[decisions[columns.TIMESTAMP] < start]
    events = _without_answers(checked.interactions)
    tables = replace(checked, interactions=events, decisions=logged, identities=None)
    source = Frames(
        tables=tables, targets=("accept", "purchase"), filter_seen=False, name="closed_loop"
    )
    data = build(source, tables)
    chances = market.opportunities()
    moment = chances[columns.TIMESTAMP]
    chances = chances[(moment >= start) & (moment < end)]
    return LoopData(
        market=market,
        tables=tables,
        logged=logged,
        data=data,
        start=int(start.timestamp()),
        opportunities=Opportunities(
            customers=data.customers.rows(chances[columns.CUSTOMER]).astype(np.int64),
            touchpoints=data.touchpoints.rows(chances[columns.TOUCHPOINT]).astype(np.int64),
            when=seconds(chances[columns.TIMESTAMP]),
        ),
        offer_ids=offers[columns.OFFER].to_numpy(object),
        offer_products=data.products.rows(offers[columns.PRODUCT]),
        offer_rewards=offers[columns.REWARD].to_numpy(np.float64),
    )


def _without_answers(events: pd.DataFrame) -> pd.DataFrame:
    """Events that no policy changed: answers to offers are left out."""
    return events[~events[columns.ACTION].isin(columns.OUTCOMES)].reset_index(drop=True)
