"""Contacts that were made, from the table of decisions."""

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import seconds
from recsys.policy.compiled.contacts import Contacts
from recsys.policy.compiled.times import DAY
from recsys.policy.rules.offers import Offers, codes_of
from recsys.policy.rules.policy import Policy

LOOK_BACK = 366
"""Days of contacts that are kept at least, so that later policies can count them."""


def contacts_of(policy: Policy, data: Dataset, offers: Offers) -> Contacts:
    """Decisions of at least the last `LOOK_BACK` days, and of the policy's longest window.

    Decisions at touchpoints that customers start are kept too: campaigns and rejects count
    everywhere. The campaign is that of the decision, or else that of its offer.
    """
    count, table = len(data.customers), data.side_tables.get("decisions")
    if table is None or table.empty:
        return Contacts.none(count)
    when = seconds(table[columns.TIMESTAMP])
    # On a clock of order the decisions have times, and the data set has no end in time.
    end = data.as_of_seconds if data.as_of_seconds is not None else int(when.max()) + 1
    recent = when > end - max(LOOK_BACK, longest_window(policy)) * DAY
    table, when = table[recent], when[recent]
    campaigns: IntArray = np.full(len(table), -1, np.int32)
    if columns.CAMPAIGN in table:
        campaigns = codes_of(table[columns.CAMPAIGN], offers.campaign_names)
    if (offers.campaigns >= 0).any():
        # As texts, see `leave_outs`. Of an id with several rows the first one counts.
        ids = offers.ids.astype(str)
        first = ~ids.duplicated().to_numpy()
        rows = pd.Index(ids[first]).get_indexer(pd.Index(table[columns.OFFER].astype(str)))
        of_offer = np.append(offers.campaigns[first], -1)[rows]
        campaigns = np.where(campaigns >= 0, campaigns, of_offer)
    return Contacts.of(
        customers=data.customers.rows(table[columns.CUSTOMER]),
        when=when,
        touchpoints=data.touchpoints.rows(table[columns.TOUCHPOINT]),
        campaigns=campaigns,
        rejected=(table[columns.OUTCOME] == "reject").to_numpy(bool),
        count=count,
    )


def longest_window(policy: Policy) -> int:
    """Days of the longest contact rule, 0 without one."""
    rules = (*policy.contact_limits, policy.pause_after_reject, policy.one_campaign_at_a_time)
    return max((rule.days for rule in rules if rule is not None), default=0)
