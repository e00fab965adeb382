"""Open Bandit Dataset, small version: fashion items shown in three slots of ZOZOTOWN, and clicks.

Cut-offs: none. A log has 46 to 69 clicks in 10,000 decisions, too few to compare rankings on; use
`logged_decisions` to estimate what a policy is worth. For a split anyway, set the dates yourself:
the logs run from 2019-11-24 to 2019-11-30 (UTC). Seen products are kept in the ranking.
Two policies ran side by side in each campaign: uniform random (`random`) and Bernoulli Thompson
sampling (`bts`). Items are numbered in each campaign anew: item 3 of men is not item 3 of women.
A product is an item, and each is its own offer. A touchpoint is a slot of the page (`slot_1` to
`slot_3`). Each impression is a decision; a click is its outcome `accept`, with reward 1, and an
event `click`; no click is `ignore`. Whether the customer saw the slot is not recorded.
Odd: there is no customer id. A customer here is a context: all people with the same four hashed
features, 205 to 238 a log. Results by customer are results by context, and intervals that resample
customers are not about people. Affinities between a person and the items differ from row to row,
so no table holds them; `logged_decisions` does. In 95 % of the rows all of them are 0.
Thompson propensities belong to the row: the policy changed all week, and an item in a slot has up
to 541 values. The log holds that of the shown item alone, never the distribution over all items.
They look like shares of 200,000 simulated draws, so small ones are rough: all are multiples of 5e-6
but four, which are uniform, and one of 1e-6 (women), which seems to be a floor. The weight of that
row towards the uniform policy is 21,739: the effective sample is 2.1 rows of 10,000 (men: 656).
Rows are a sample of the full log, so slates are incomplete: few rows share their moment with
another. There is no `slate_id`; `position` is the slot, counted from 1. When a click happened is
not recorded, only when the item was shown.
The two policies' item files hash the same features differently; that of `random` is read for both.
"""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.sources.open_bandit_logs import (
    BOTH,
    CLICK,
    FEATURES,
    ITEM,
    affinity_columns,
    log_folder,
    read_items,
    read_logs,
)
from recsys.data.tables import Tables

Campaign = Literal["men", "women"]
Policy = Literal["random", "bts", "both"]


class OpenBandit:
    """Impressions as decisions with propensities, and as events `click` or `ignore`.

    Args:
        root: folder with the published logs and item contexts as Parquet.
        campaign: "men" (34 items) or "women" (46 items).
        policy: "random" (uniform), "bts" (Thompson sampling) or "both".

    Raises:
        InputError: a file is missing, or there is no such campaign or policy.
    """

    name: str
    version: str = "1"
    cutoffs: Cutoffs | None = None
    filter_seen: bool = False
    targets: tuple[str, ...] = ("click",)

    def __init__(self, *, root: str, campaign: Campaign = "men", policy: Policy = "random") -> None:
        self.folder = log_folder(root, campaign, policy)
        self.campaign, self.policy = campaign, policy
        self.name = f"open_bandit_{campaign}_{policy}"

    def load(self) -> Tables:
        """An event and a decision per impression; contexts as customers, items as products."""
        items = read_items(self.folder, self.campaign)
        logs = read_logs(self.folder, self.campaign, items)
        # Named on both logs, so that a context has the same id whatever the policy.
        numbers = {name: pd.factorize(logs[name], sort=True)[0] for name in FEATURES}
        codes = pd.DataFrame(numbers, index=logs.index).astype(str)
        first, *others = FEATURES
        logs[columns.CUSTOMER] = codes[first].str.cat(codes[others], sep="-")
        logs[columns.TOUCHPOINT] = "slot_" + logs[columns.POSITION].astype(str)
        log = _of_policy(logs, self.policy)
        return Tables(
            interactions=_interactions(log),
            customers=log[[columns.CUSTOMER, *FEATURES]].drop_duplicates(ignore_index=True),
            products=items.rename(columns={ITEM: columns.PRODUCT}),
            decisions=_decisions(log),
        )


class LoggedImpressions(NamedTuple):
    """N logged impressions, as estimators of a policy's value take them.

    Attributes:
        actions: [N] the shown item, as a position in `item_ids`; int64.
        rewards: [N] 1.0 for a click, else 0.0.
        propensities: [N] probability with which the row's own policy showed this item in its slot.
        positions: [N] the slot, 1 to 3.
        contexts: [N, D] features of the customer: flags of the hashed features, then the
            affinities with the items.
        context_names: [D] their names; the same for all policies of a campaign.
        item_ids: [A] ids of all items of the campaign, as in the table of products.
        timestamps: [N] UTC, datetime64[us], ascending.
        policies: [N] "random" or "bts".
    """

    actions: IntArray
    rewards: FloatArray
    propensities: FloatArray
    positions: IntArray
    contexts: FloatArray
    context_names: tuple[str, ...]
    item_ids: IdArray
    timestamps: IdArray
    policies: IdArray


def logged_decisions(
    root: str, campaign: Campaign = "men", policy: Policy = "random"
) -> LoggedImpressions:
    """The impressions of a campaign as arrays, in order of time, for off-policy evaluation.

    Args:
        root: folder with the published logs and item contexts as Parquet.
        campaign: "men" (34 items) or "women" (46 items).
        policy: "random", "bts" or "both": the rows of the two logs are then mixed, and each keeps
            the propensity of its own policy.

    Raises:
        InputError: a file or column is missing, or names the first bad cell, as a propensity of 0.
    """
    folder = log_folder(root, campaign, policy)
    items = read_items(folder, campaign)
    logs = read_logs(folder, campaign, items)
    # Of both logs, so that a reward model of one can be applied to the other.
    levels = [(name, level) for name in FEATURES for level in sorted(logs[name].unique())]
    affinities = affinity_columns(items)
    log = _of_policy(logs, policy)
    flags = [(log[name] == level).to_numpy(np.float64) for name, level in levels]
    moments = log[columns.TIMESTAMP].dt.tz_localize(None)
    return LoggedImpressions(
        actions=np.searchsorted(items[ITEM].to_numpy(), log[ITEM].to_numpy()),
        rewards=log[CLICK].to_numpy(np.float64),
        propensities=log[columns.PROPENSITY].to_numpy(np.float64),
        positions=log[columns.POSITION].to_numpy(np.int64),
        contexts=np.column_stack([*flags, log[affinities].to_numpy(np.float64)]),
        context_names=(*(f"{name}={level}" for name, level in levels), *affinities),
        item_ids=items[ITEM].to_numpy(),
        timestamps=moments.to_numpy("datetime64[us]"),
        policies=log[columns.POLICY].to_numpy(str),
    )


def _of_policy(logs: pd.DataFrame, policy: Policy) -> pd.DataFrame:
    if policy == BOTH:
        return logs
    return logs[logs[columns.POLICY] == policy].reset_index(drop=True)


def _interactions(log: pd.DataFrame) -> pd.DataFrame:
    shared = [columns.CUSTOMER, columns.TOUCHPOINT, columns.TIMESTAMP]
    events = log[shared].assign(**{columns.PRODUCT: log[ITEM]})
    return events.assign(**{columns.ACTION: np.where(log[CLICK] == 1, "click", "ignore")})


def _decisions(log: pd.DataFrame) -> pd.DataFrame:
    shared = [columns.DECISION, columns.CUSTOMER, columns.TOUCHPOINT, columns.TIMESTAMP,
              columns.POLICY, columns.PROPENSITY, columns.POSITION]  # fmt: skip
    answers = pd.DataFrame(
        {
            columns.OFFER: log[ITEM],
            columns.OUTCOME: np.where(log[CLICK] == 1, "accept", "ignore"),
            columns.REWARD: log[CLICK].astype(float),
        }
    )
    return pd.concat([log[shared], answers], axis=1)
