"""Sends of real sets whose places are few: kept by what is expected, counted by what came."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from benchmarks.acceptance.coupon_tasks import CouponTasks
from benchmarks.acceptance.reading import OURS, Task, read
from benchmarks.acceptance.starbucks import TEST, VALID, labelled, offer_task
from benchmarks.coupon_orders import coupons_of_an_acceptance, redeemed_coupons, within
from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.levers import worth_factors
from recsys.customers.lifetime_value.forecast import forecast
from recsys.customers.lifetime_value.observe import observe
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import NEVER, SECOND, microseconds
from recsys.data.sources.complete_journey_coupons import read_coupons
from recsys.data.sources.starbucks import Starbucks
from recsys.data.sources.starbucks_labels import LONGEST_HOURS
from recsys.models.acceptance import Acceptance
from recsys.ops.temporal_counts import EventHistory

_PURCHASE = ("purchase",)


@dataclass(frozen=True, kw_only=True, eq=False)
class Replay:
    """S sends of a window.

    Attributes:
        customers: [S] row numbers.
        groups: [S] the campaign or wave within which places are given.
        expected: [S] probability x what an acceptance of the offer earns.
        worth: [S] what the customer was expected to spend, as known at the send.
        earned: measure -> [S] what came of each, money first. It is what those who accepted spent,
            not what the offer added to it, which no set tells.
    """

    customers: IntArray
    groups: IntArray
    expected: FloatArray
    worth: FloatArray
    earned: dict[str, FloatArray]

    def select(self, keep: BoolArray) -> "Replay":
        """Some of the sends."""
        return Replay(
            customers=self.customers[keep],
            groups=self.groups[keep],
            expected=self.expected[keep],
            worth=self.worth[keep],
            earned={name: values[keep] for name, values in self.earned.items()},
        )

    def kept(self, share: float, strength: float) -> FloatArray:
        """[S] share of each send that is kept within its group, by expected value x lever."""
        levers = np.ones(len(self.worth))
        for group in np.unique(self.groups):
            inside = self.groups == group
            levers[inside] = worth_factors(self.worth[inside], strength)
        return within(self.expected * levers, self.groups, share)


def coupons(root: str, start: int, model: Acceptance) -> tuple[Replay, IntArray]:
    """Mailings of the Complete Journey, and when each was sent.

    Earned is what households that redeemed any coupon spent during the campaign (in the published
    sample of transactions), and the redeemed coupons.

    Args:
        root: folder of the data set.
        start: UTC microseconds; campaigns from here on.
        model: of acceptance.
    """
    tables = read_coupons(root)
    tasks = CouponTasks(tables, frozen=start)
    task, redeemed = tasks.campaigns(), redeemed_coupons(tasks)
    chosen = task.sends.when >= start
    chance = read(task, "replay", chosen, {OURS: model}).probabilities[OURS]
    expected = chance * coupons_of_an_acceptance(task.sends, redeemed)[chosen]
    sends = task.sends.select(chosen)
    bought = tables.purchases
    spending = EventHistory(
        tasks.customers.rows(bought[columns.CUSTOMER]).astype(np.int64),
        microseconds(bought[columns.TIMESTAMP]),
        bought[columns.VALUE].to_numpy(float),
    )
    known = tables.campaigns.set_index(columns.OFFER).loc[list(tasks.campaign_ids.ids)]
    until = microseconds(known[columns.VALID_TO])[sends.offers]
    spent = spending.total(sends.customers, until) - spending.total(sends.customers, sends.when)
    events = bought[[columns.CUSTOMER, columns.PRODUCT, columns.TIMESTAMP, columns.VALUE]]
    data = Dataset.from_frames(events.assign(**{columns.ACTION: _PURCHASE[0]}))
    rows = data.customers.rows(pd.Series(tasks.customers.ids)).astype(np.int64)
    replay = Replay(
        customers=sends.customers,
        groups=sends.offers,
        expected=expected,
        worth=_worth(data, rows[sends.customers], sends.when, 91.0),
        earned={"spending": sends.outcome * spent, "coupons": redeemed[chosen]},
    )
    return replay, sends.when


def starbucks(root: str, model: Acceptance) -> Replay:
    """Sends of the last two waves of Starbucks.

    Earned is what customers who completed an offer spent while it ran, less its reward; and what an
    offer asks for at least, less its reward, if it was completed.
    """
    data, labels = labelled(Starbucks(root=root))
    task = offer_task(data, labels, "completed")
    chosen = (task.sends.when == VALID) | (task.sends.when == TEST)
    chance = np.concatenate([
        read(task, "replay", task.sends.when == wave, {OURS: model}).probabilities[OURS]
        for wave in (VALID, TEST)
    ])  # fmt: skip
    assert (np.diff(task.sends.when[chosen]) >= 0).all()
    assert task.value is not None
    sends, least = task.sends.select(chosen), task.value[chosen]
    return Replay(
        customers=sends.customers,
        groups=(sends.when == TEST).astype(np.int64),
        expected=chance * least,
        worth=_worth(data, sends.customers, sends.when, 7.0),
        earned={
            "spending": sends.outcome * _net_spending(data, task, chosen),
            "least_spend": sends.outcome * least,
        },
    )


def _net_spending(data: Dataset, task: Task, chosen: BoolArray) -> FloatArray:
    """[S] what was spent while an offer ran, less its reward."""
    sends = task.sends.select(chosen)
    bought = data.interactions.select(data.interactions.has_action(_PURCHASE))
    assert bought.when is not None
    assert bought.values is not None
    spending = EventHistory(bought.customers.astype(np.int64), bought.when, bought.values)
    table = data.side_tables["products"].set_index(columns.PRODUCT).loc[list(data.products.ids)]
    hours = np.minimum(table["valid_days"].to_numpy(float) * 24, LONGEST_HOURS)[sends.offers]
    until = np.minimum(sends.when + (hours * 3600).astype(np.int64) * SECOND, NEVER)
    spent = spending.total(sends.customers, until) - spending.total(sends.customers, sends.when)
    net: FloatArray = spent - table["customer_reward"].to_numpy(float)[sends.offers]
    return net


def _worth(data: Dataset, rows: IntArray, when: IntArray, days: float) -> FloatArray:
    """[S] spending that is expected of customers in rows [S]; of those who never bought, the mean.

    Args:
        data: all events; only those before each moment are read.
        rows: -1 for customers whom the data do not have.
        when: [S] UTC microseconds.
        days: how far ahead.
    """
    worth = np.empty(len(rows))
    for moment in np.unique(when):
        seen = observe(data.before(int(moment)), _PURCHASE)
        made = forecast(seen, days)
        value = (made.value or made.purchases).mean
        of_all = np.full(len(data.customers) + 1, value.mean())
        of_all[seen.customers] = value
        now = when == moment
        worth[now] = of_all[rows[now]]
    return worth
