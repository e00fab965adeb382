"""The rules of a closed loop: consent, contact limits, a pause after a reject, quiet hours."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.interactions import seconds
from recsys.experiments.closed_loop.market import LoopData
from recsys.graph.action_weights import touchpoints_by_outbound
from recsys.graph.features import as_of
from recsys.policy.compiled import CompiledRules, ContactLimit, Contacts, Pause, QuietHours
from recsys.policy.compiled.times import OPEN_END, OPEN_START
from recsys.policy.compiled.zone_tables import compile_zones
from recsys.policy.consent import consent_mask, consent_of_unknown

DAY = 86_400
VERSION = "closed-loop-1"


def loop_rules(loop: LoopData) -> CompiledRules:
    """Rules for the customers, offers and touchpoints of a loop, with the contacts before it.

    At most two outbound contacts in seven days and one a day, none for 14 days after a reject, and
    none from 20:00 to 08:00 of the customer's own clock; consent, validity of offers and
    touchpoints that offers are tied to always hold.
    """
    data, offers = loop.data, loop.tables.offers
    assert offers is not None
    outbound = touchpoints_by_outbound(data, outbound=True)[: len(data.touchpoints)]
    return CompiledRules(
        name="closed_loop",
        version=VERSION,
        consent=consent_mask(data),
        unknown_consent=consent_of_unknown(data),
        outbound=outbound,
        offer_touchpoints=data.touchpoints.rows(offers[columns.TOUCHPOINT]).astype(np.int32),
        valid_from=_moments(offers[columns.VALID_FROM], OPEN_START),
        valid_to=_moments(offers[columns.VALID_TO], OPEN_END),
        campaigns=np.full(len(offers), -1, np.int32),
        capacity=np.full(len(data.touchpoints), np.inf),
        zones=compile_zones(*_zones(loop)),
        contacts=_contacts(loop),
        limits=[
            ContactLimit(name="two_a_week", at_most=2, seconds=7 * DAY),
            ContactLimit(name="one_a_day", at_most=1, seconds=DAY),
        ],
        pause=Pause(name="pause_after_reject", seconds=14 * DAY),
        quiet_hours=[
            QuietHours(name="nights", touchpoints=outbound, start=20 * 3600, end=8 * 3600)
        ],
    )


def longest_window(rules: CompiledRules) -> int:
    """Seconds after which a contact no longer matters to any of the rules."""
    pause = 0 if rules.pause is None else rules.pause.seconds
    one_campaign = 0 if rules.one_campaign is None else rules.one_campaign.seconds
    return max([0, pause, one_campaign, *(limit.seconds for limit in rules.limits)])


def _moments(column: pd.Series, missing: int) -> IntArray:
    known: BoolArray = column.notna().to_numpy(bool)
    return np.where(known, seconds(column), missing)


def _zones(loop: LoopData) -> tuple[list[str], IntArray]:
    """Names of the time zones, and the zone of each customer, -1 where it is unknown."""
    data = loop.data
    zones = np.full(len(data.customers), -1, np.int64)
    table = loop.tables.customers
    if table is None or columns.TIME_ZONE not in table:
        return ["UTC"], zones
    known = as_of(table, columns.CUSTOMER, data.as_of_seconds).dropna(subset=[columns.TIME_ZONE])
    codes, names = pd.factorize(known[columns.TIME_ZONE])
    zones[data.customers.rows(known[columns.CUSTOMER])] = codes
    return [str(name) for name in names], zones


def _contacts(loop: LoopData) -> Contacts:
    made, data = loop.logged, loop.data
    return Contacts.of(
        data.customers.rows(made[columns.CUSTOMER]).astype(np.int64),
        seconds(made[columns.TIMESTAMP]),
        data.touchpoints.rows(made[columns.TOUCHPOINT]).astype(np.int64),
        count=len(data.customers),
        rejected=made[columns.OUTCOME].eq("reject").to_numpy(bool),
    )
