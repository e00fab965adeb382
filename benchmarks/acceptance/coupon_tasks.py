"""Mailings and coupons of the Complete Journey as sends with features, rates and groups."""

from dataclasses import replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from benchmarks.acceptance.reading import Task
from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.interactions import microseconds
from recsys.data.sources.complete_journey_coupons import CAMPAIGN, COUPON_USED, ITEMS, CouponTables
from recsys.data.vocabulary import Vocabulary
from recsys.evaluation.slices import by_label, by_thirds
from recsys.models.acceptance import (
    CustomerEvents,
    Features,
    Rates,
    Sends,
    affinity_features,
    behaviour_features,
    concatenate,
    contact_features,
    feature_block,
    overall_rate,
    read_sends,
    response_features,
)

_PRIOR = 5.0
"""Sends, of the rule; 5 served it better on valid than 1 or 2."""

_CATEGORY = "product_category"


class CouponTasks:
    """Offers are campaigns in one task and coupons of a campaign in the other.

    The rule that a model has to beat is the redemption rate of the household times that of the type
    of campaign, divided by the overall rate; all are smoothed and as known at the start of the
    campaign. The frozen rule uses the rates of an earlier moment: rates that are not updated.

    Args:
        tables: of the source.
        frozen: UTC microseconds.
    """

    def __init__(self, tables: CouponTables, frozen: int) -> None:
        self.frozen = frozen
        self.tables = tables
        people = [tables.mailings[columns.CUSTOMER], tables.purchases[columns.CUSTOMER]]
        self.customers = Vocabulary.build("customer", people)
        self.campaign_ids = Vocabulary.build("offer", [tables.campaigns[columns.OFFER]])
        self.coupon_ids = Vocabulary.build("offer", [tables.coupons[columns.OFFER]])
        self.types = Vocabulary.build("touchpoint", [tables.campaigns[columns.TOUCHPOINT]])
        self.mailings = read_sends(tables.mailings, self.customers, self.campaign_ids, self.types)
        known = tables.campaigns.set_index(columns.OFFER).loc[list(self.campaign_ids.ids)]
        self.type_of = self.types.rows(known[columns.TOUCHPOINT]).astype(np.int64)
        self.days = (known[columns.VALID_TO] - known[columns.VALID_FROM]).dt.days
        owner = tables.coupons.drop_duplicates(columns.OFFER).set_index(columns.OFFER)[CAMPAIGN]
        owner = owner.loc[list(self.coupon_ids.ids)]
        self.campaign_of = self.campaign_ids.rows(owner).astype(np.int64)

    def campaigns(self) -> Task:
        """Whether a household redeems anything of a campaign that it was sent."""
        sends = self.mailings
        covered = self.tables.coupons.assign(**{columns.OFFER: self.tables.coupons[CAMPAIGN]})
        features = concatenate(
            response_features(sends, self.mailings, self.type_of),
            self._past(sends),
            self._affinity(sends, covered, self.campaign_ids),
            self._redeemed(sends, covered, self.campaign_ids),
            feature_block("offer", sends.offers, *self._of_campaigns()),
        )
        return self._task("campaign", sends, features, self.mailings)

    def coupons(self) -> Task:
        """Whether a household redeems a coupon, of campaigns whose coupons all went out."""
        table = self.tables.coupon_sends
        sends = read_sends(table, self.customers, self.coupon_ids, self.types)
        as_campaign = replace(sends, offers=self.campaign_of[sends.offers])
        features = concatenate(
            response_features(as_campaign, self.mailings, self.type_of),
            self._past(sends),
            self._affinity(sends, self.tables.coupons, self.coupon_ids),
            feature_block("offer", as_campaign.offers, *self._of_campaigns()),
            feature_block("offer", sends.offers, *self._of_coupons()),
        )
        return self._task("coupon", sends, features, sends)

    def _task(self, name: str, sends: Sends, features: Features, history: Sends) -> Task:
        one_hot = np.eye(len(self.types))
        types = [str(name) for name in self.types.ids]
        block = feature_block("touchpoint", sends.touchpoints, one_hot, types)
        features = concatenate(features, block)
        spent = features.values[:, features.names.index("customer.purchase_value_a_month")]
        accepts = features.values[:, features.names.index("customer.accepts_a_contact")]
        groups = {
            "touchpoint": by_label(sends.touchpoints, types),
            "spending": by_thirds(spent, spent, "spending"),
            "redeeming": by_thirds(accepts, accepts, "redeeming"),
        }
        early = np.minimum(sends.when, self.frozen)
        rates = {
            "rule": self._rule(sends, history, sends.when),
            "frozen_rule": self._rule(sends, history, early),
        }
        return Task(
            name=name,
            sends=sends,
            features=features,
            planned_features=features,
            rates=rates,
            groups=groups,
        )

    def _rule(self, sends: Sends, history: Sends, moments: IntArray) -> FloatArray:
        """[S] household x type; a household is known by its mailings, a type by the task's own."""
        overall = overall_rate(self.mailings, moments)
        household = Rates(self.mailings, self.mailings.customers).before(
            moments, sends.customers, _PRIOR, overall
        )
        level = overall_rate(history, moments)
        of_type = Rates(history, history.touchpoints).before(
            moments, sends.touchpoints, _PRIOR, level
        )
        return np.minimum(household * of_type / overall, 1)

    def _past(self, sends: Sends) -> Features:
        bought, redeemed = self.tables.purchases, self.tables.redemptions
        values = bought[columns.VALUE].to_numpy(float)
        with_coupon = bought[bought[COUPON_USED]]
        return concatenate(
            contact_features(sends, self.mailings),
            behaviour_features(sends, "purchase", self._events(bought, values)),
            behaviour_features(sends, "coupon_purchase", self._events(with_coupon)),
            behaviour_features(sends, "redemption", self._events(redeemed)),
        )

    def _affinity(self, sends: Sends, covered: pd.DataFrame, offers: Vocabulary) -> Features:
        """Purchases of products, types and categories that the offer covers."""
        bought = self.tables.purchases
        blocks = []
        for item in ITEMS:
            codes, known = pd.factorize(bought[item])
            events = self._events(bought, items=codes)
            covers = _covers(covered, item, pd.Index(known), offers)
            blocks.append(affinity_features(sends, item, events, covers))
        return concatenate(*blocks)

    def _redeemed(self, sends: Sends, covered: pd.DataFrame, offers: Vocabulary) -> Features:
        """Redemptions of coupons that cover a category which the offer covers."""
        categories = self.tables.coupons[[columns.OFFER, _CATEGORY]].dropna().drop_duplicates()
        redeemed = self.tables.redemptions.merge(categories, on=columns.OFFER)
        codes, known = pd.factorize(redeemed[_CATEGORY])
        covers = _covers(covered, _CATEGORY, pd.Index(known), offers)
        return affinity_features(
            sends, "redeemed_category", self._events(redeemed, items=codes), covers
        )

    def _events(
        self, table: pd.DataFrame, values: FloatArray | None = None, items: IntArray | None = None
    ) -> CustomerEvents:
        return CustomerEvents(
            customers=self.customers.rows(table[columns.CUSTOMER]).astype(np.int64),
            when=microseconds(table[columns.TIMESTAMP]),
            values=values,
            items=items,
        )

    def _of_campaigns(self) -> tuple[FloatArray, list[str]]:
        """Logarithms of households, coupons, products and days, by campaign."""
        table = self.tables.coupons.groupby(CAMPAIGN)
        ids = list(self.campaign_ids.ids)
        sizes = [
            np.bincount(self.mailings.offers, minlength=len(ids)),
            table[columns.OFFER].nunique().loc[ids].to_numpy(),
            table[columns.PRODUCT].nunique().loc[ids].to_numpy(),
            self.days.to_numpy(),
        ]
        logs = np.log(np.maximum(np.column_stack(sizes), 1))
        return logs, ["households", "coupons", "products", "days"]

    def _of_coupons(self) -> tuple[FloatArray, list[str]]:
        """Logarithm of the products that a coupon covers, and their share of own brands."""
        table = self.tables.coupons.assign(own=self.tables.coupons["brand"] == "Private")
        by_coupon = table.groupby(columns.OFFER)
        ids = list(self.coupon_ids.ids)
        covered = np.log(by_coupon[columns.PRODUCT].nunique().loc[ids].to_numpy())
        own = by_coupon["own"].mean().loc[ids].to_numpy()
        return np.column_stack([covered, own]), ["covered", "own_brand"]


def _covers(covered: pd.DataFrame, item: str, known: pd.Index, offers: Vocabulary) -> csr_array:
    """[O, I] 1 where the offer covers an item that was ever bought."""
    pairs = covered[[columns.OFFER, item]].drop_duplicates()
    column = known.get_indexer(pd.Index(pairs[item]))
    row = offers.rows(pairs[columns.OFFER])
    is_known = column >= 0
    ones = np.ones(int(is_known.sum()))
    return csr_array((ones, (row[is_known], column[is_known])), shape=(len(offers), len(known)))
