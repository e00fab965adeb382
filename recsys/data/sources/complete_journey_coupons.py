"""Complete Journey as sends: campaigns and coupons that households got, and what they redeemed.

The source `complete_journey` loads what a recommender needs. Models of acceptance need more of the
same files: which coupon was redeemed, the type of a campaign, products that the sample never sold,
and whether a purchase was made with a coupon. A send is dated at the start of its campaign.

A household accepted a campaign if it redeemed any of its coupons; this is known for all types. A
coupon that was not redeemed was ignored if all coupons were sent (types B and C); a coupon of type
A may never have been sent, so it gets no row. Campaigns that end after the data are labelled by the
redemptions until then, and never count as resolved. Demographics have no dates and are left out.
"""

from dataclasses import dataclass

import pandas as pd

from recsys.data import columns
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_columns

END = pd.Timestamp("2018-01-01", tz="UTC")
"""Redemptions are known up to this moment."""

FULLY_SENT = ("Type B", "Type C")
"""Types of campaigns that sent all their coupons to all their households."""

CAMPAIGN = "campaign_id"
COUPON_USED = "coupon_used"
ITEMS = ("product_id", "product_type", "product_category")
"""Columns of what a coupon covers, from the product to its category."""

FILES = {
    "campaigns": ("campaign_id", "household_id"),
    "campaign_descriptions": ("campaign_id", "campaign_type", "start_date", "end_date"),
    "coupons": ("coupon_upc", "product_id", "campaign_id"),
    "coupon_redemptions": ("household_id", "coupon_upc", "campaign_id", "redemption_date"),
    "products": ("product_id", "brand", "department", "product_category", "product_type"),
    "transactions_sample": (
        "household_id", "product_id", "sales_value", "coupon_disc", "coupon_match_disc",
        "transaction_timestamp",
    ),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CouponTables:
    """Tables of sends and of what explains their outcome; an offer is a campaign or its coupon.

    Attributes:
        campaigns: offer_id (the campaign), touchpoint (its type), valid_from, valid_to.
        coupons: offer_id (`UPC@campaign`), campaign_id, touchpoint, and the covered product_id,
            product_type, product_category, department, brand; several rows an offer.
        mailings: customer_id, offer_id, touchpoint, timestamp, outcome, answered_at, resolved_at;
            one row per household and campaign.
        coupon_sends: the same and campaign_id; one row per household and coupon of types B and C.
        redemptions: customer_id, offer_id (of the coupon), timestamp.
        purchases: customer_id, product_id, product_type, product_category, timestamp, value,
            coupon_used.
    """

    campaigns: pd.DataFrame
    coupons: pd.DataFrame
    mailings: pd.DataFrame
    coupon_sends: pd.DataFrame
    redemptions: pd.DataFrame
    purchases: pd.DataFrame


def read_coupons(root: str) -> CouponTables:
    """Reads the files of `complete_journey`.

    Args:
        root: their folder.

    Raises:
        InputError: a file or column is missing.
    """
    folder = data_folder(root, [f"{name}.parquet" for name in FILES])
    frames = {
        name: read_columns(folder / f"{name}.parquet", needed) for name, needed in FILES.items()
    }
    campaigns = _campaigns(frames["campaign_descriptions"])
    redemptions = _redemptions(frames["coupon_redemptions"])
    received = frames["campaigns"].rename(columns={"household_id": columns.CUSTOMER})
    received = received.merge(campaigns.assign(**{CAMPAIGN: campaigns[columns.OFFER]}), on=CAMPAIGN)
    coupons = _coupons(frames["coupons"], frames["products"], campaigns)
    offers = coupons[[columns.OFFER, CAMPAIGN]].drop_duplicates()
    fully_sent = received[received[columns.TOUCHPOINT].isin(FULLY_SENT)].drop(columns=columns.OFFER)
    of_campaign = redemptions.assign(**{columns.OFFER: redemptions[CAMPAIGN]})
    return CouponTables(
        campaigns=campaigns,
        coupons=coupons,
        mailings=_labelled(received, of_campaign),
        coupon_sends=_labelled(fully_sent.merge(offers, on=CAMPAIGN), redemptions),
        redemptions=redemptions[[columns.CUSTOMER, columns.OFFER, columns.TIMESTAMP]],
        purchases=_purchases(frames["transactions_sample"], frames["products"]),
    )


def _campaigns(descriptions: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            columns.OFFER: descriptions["campaign_id"],
            columns.TOUCHPOINT: descriptions["campaign_type"].astype(str),
            columns.VALID_FROM: _utc(descriptions["start_date"]),
            # The last day counts in full.
            columns.VALID_TO: _utc(descriptions["end_date"]) + pd.Timedelta(days=1),
        }
    )


def _redemptions(redeemed: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            columns.CUSTOMER: redeemed["household_id"],
            columns.OFFER: _offer(redeemed),
            CAMPAIGN: redeemed["campaign_id"],
            columns.TIMESTAMP: _utc(redeemed["redemption_date"]),
        }
    )


def _coupons(
    coupons: pd.DataFrame, products: pd.DataFrame, campaigns: pd.DataFrame
) -> pd.DataFrame:
    types = campaigns.rename(columns={columns.OFFER: CAMPAIGN})[[CAMPAIGN, columns.TOUCHPOINT]]
    covered = coupons.drop_duplicates().merge(products, on="product_id", how="left")
    offers = covered.assign(**{columns.OFFER: _offer(covered)}).drop(columns="coupon_upc")
    return offers.merge(types, on=CAMPAIGN)


def _labelled(sent: pd.DataFrame, redemptions: pd.DataFrame) -> pd.DataFrame:
    keys = [columns.CUSTOMER, columns.OFFER]
    answers = redemptions.groupby(keys)[columns.TIMESTAMP].min().rename("answered_at").reset_index()
    rows = sent.merge(answers, on=keys, how="left")
    closes = rows[columns.VALID_TO]
    accepted = rows["answered_at"].notna()
    copied = [columns.CUSTOMER, columns.OFFER, CAMPAIGN, columns.TOUCHPOINT, "answered_at"]
    return rows[copied].assign(
        **{
            columns.TIMESTAMP: rows[columns.VALID_FROM],
            columns.OUTCOME: accepted.map({True: "accept", False: "ignore"}),
            "resolved_at": closes.where(closes <= END),
        }
    )


def _purchases(transactions: pd.DataFrame, products: pd.DataFrame) -> pd.DataFrame:
    bought = transactions.merge(products, on="product_id", how="left")
    discount = bought["coupon_disc"] + bought["coupon_match_disc"]
    return bought[list(ITEMS)].assign(
        **{
            columns.CUSTOMER: bought["household_id"],
            columns.TIMESTAMP: _utc(bought["transaction_timestamp"]),
            columns.VALUE: bought["sales_value"],
            COUPON_USED: discount > 0,
        }
    )


def _offer(rows: pd.DataFrame) -> pd.Series:
    return rows["coupon_upc"].astype(str) + "@" + rows["campaign_id"].astype(str)


def _utc(moments: pd.Series) -> pd.Series:
    return pd.to_datetime(moments).dt.tz_localize("UTC")
