"""dunnhumby / 84.51 The Complete Journey 2.0: households, baskets, direct-mail campaigns, coupons.

Cut-offs: valid from 2017-08-01, test from 2017-10-01. Seen products are kept in the ranking: people
buy the same groceries again, so a customer's own history is the baseline to beat.
Odd: transactions are a 75,000-row sample of 1.47 million, so gaps are longer and baskets smaller
than in reality. Households of type B and C campaigns get all coupons of the campaign, so a coupon
that is not redeemed by its end was ignored; of a type A campaign each household gets 16 coupons out
of about 200, and it is not recorded which, so they yield no event unless redeemed. The catalogue is
cut to the 20,902 products in the sample; the other 71,429 never occur in it. With
`level="product_type"` products are replaced by their 1,707 types, as `BREAD:ITALIAN/FRENCH` instead
of each loaf; 296 purchases of products without a type are left out.
"""

from typing import Literal

import pandas as pd

from recsys.arrays import IdArray
from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_parquet
from recsys.data.tables import Tables
from recsys.errors import InputError

STORE = "store"
TYPE = "product_type"
_FILES = (
    "transactions_sample", "products", "demographics", "campaigns", "campaign_descriptions",
    "coupons", "coupon_redemptions",
)  # fmt: skip


class CompleteJourney:
    """Purchases at the store; campaigns as outbound touchpoints; coupons as offers.

    Args:
        root: folder with the seven published tables as `NAME.parquet`.
        level: "product", or "product_type" to replace each product by its type.

    Raises:
        InputError: a file is missing, or the level is neither.
    """

    name: str
    version: str = "1"
    cutoffs: Cutoffs | None = Cutoffs(
        valid_from=pd.Timestamp("2017-08-01", tz="UTC"),
        test_from=pd.Timestamp("2017-10-01", tz="UTC"),
    )
    filter_seen: bool = False
    targets: tuple[str, ...] = ("purchase",)

    def __init__(self, *, root: str, level: Literal["product", "product_type"] = "product") -> None:
        if level not in ("product", TYPE):
            raise InputError(f"data.level: expected product or {TYPE}, got '{level}'")
        self.level = level
        # Runs of the two levels are not compared with each other.
        self.name = "complete_journey" if level == "product" else "complete_journey_types"
        self.folder = data_folder(root, [f"{name}.parquet" for name in _FILES])

    def load(self) -> Tables:
        """Purchases, a `contact` per household and campaign, an `accept` per redemption."""
        frames = {name: read_parquet(self.folder / f"{name}.parquet") for name in _FILES}
        if self.level == TYPE:
            _by_type(frames)
        campaigns = _campaigns(frames["campaign_descriptions"])
        purchases = _purchases(frames["transactions_sample"])
        sold = purchases[columns.PRODUCT].unique()
        events = [
            purchases,
            _contacts(frames["campaigns"], campaigns),
            _redemptions(frames["coupon_redemptions"]),
        ]
        return Tables(
            interactions=pd.concat(events, ignore_index=True),
            customers=frames["demographics"].rename(columns={"household_id": columns.CUSTOMER}),
            products=_products(frames["products"], sold),
            offers=_offers(frames["coupons"], campaigns, sold),
            touchpoints=_touchpoints(campaigns),
        )


def _by_type(frames: dict[str, pd.DataFrame]) -> None:
    """Replaces products by their types in all tables."""
    types = frames["products"].set_index("product_id")[TYPE].dropna()
    for name in ("transactions_sample", "coupons"):
        typed = frames[name].assign(product_id=frames[name]["product_id"].map(types))
        frames[name] = typed.dropna(subset="product_id")
    # Columns that differ between the products of a type are not features of the type.
    frames["products"] = (
        frames["products"]
        .dropna(subset=TYPE)
        .groupby(TYPE, as_index=False)[["department", "product_category"]]
        .agg(_most_frequent)
        .rename(columns={TYPE: "product_id"})
    )


def _most_frequent(values: pd.Series) -> object:
    modes = values.mode()
    return modes.iloc[0] if len(modes) else None


def _campaigns(descriptions: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "campaign_id": descriptions["campaign_id"],
            columns.TOUCHPOINT: _touchpoint(descriptions["campaign_id"]),
            columns.VALID_FROM: _utc(descriptions["start_date"]),
            # The last day counts in full.
            columns.VALID_TO: _utc(descriptions["end_date"]) + pd.Timedelta(days=1),
        }
    )


def _purchases(transactions: pd.DataFrame) -> pd.DataFrame:
    return pd.DataFrame(
        {
            columns.CUSTOMER: transactions["household_id"],
            columns.PRODUCT: transactions["product_id"],
            columns.TOUCHPOINT: STORE,
            columns.ACTION: "purchase",
            columns.TIMESTAMP: _utc(transactions["transaction_timestamp"]),
            columns.VALUE: transactions["sales_value"],
            columns.SESSION: transactions["basket_id"],
        }
    )


def _contacts(received: pd.DataFrame, campaigns: pd.DataFrame) -> pd.DataFrame:
    sent = received.merge(campaigns, on="campaign_id", validate="many_to_one")
    return pd.DataFrame(
        {
            columns.CUSTOMER: sent["household_id"],
            columns.TOUCHPOINT: sent[columns.TOUCHPOINT],
            columns.ACTION: "contact",
            columns.TIMESTAMP: sent[columns.VALID_FROM],
        }
    )


def _redemptions(redeemed: pd.DataFrame) -> pd.DataFrame:
    # A coupon covers many products, and the redeemed product is not recorded.
    return pd.DataFrame(
        {
            columns.CUSTOMER: redeemed["household_id"],
            columns.TOUCHPOINT: _touchpoint(redeemed["campaign_id"]),
            columns.ACTION: "accept",
            columns.TIMESTAMP: _utc(redeemed["redemption_date"]),
        }
    )


def _products(catalogue: pd.DataFrame, sold: IdArray) -> pd.DataFrame:
    names = {"product_category": columns.CATEGORY}
    return catalogue[catalogue["product_id"].isin(sold)].rename(columns=names)


def _offers(coupons: pd.DataFrame, campaigns: pd.DataFrame, sold: IdArray) -> pd.DataFrame:
    covered = coupons[coupons["product_id"].isin(sold)].drop_duplicates()
    joined = covered.merge(campaigns, on="campaign_id", validate="many_to_one")
    offer_id = joined["coupon_upc"].astype(str) + "@" + joined["campaign_id"].astype(str)
    copied = [columns.PRODUCT, columns.TOUCHPOINT, columns.VALID_FROM, columns.VALID_TO]
    return joined[copied].assign(**{columns.OFFER: offer_id})


def _touchpoints(campaigns: pd.DataFrame) -> pd.DataFrame:
    names = [STORE, *campaigns[columns.TOUCHPOINT]]
    return pd.DataFrame(
        {columns.TOUCHPOINT: names, columns.OUTBOUND: [name != STORE for name in names]}
    )


def _touchpoint(campaign_id: pd.Series) -> pd.Series:
    return "campaign_" + campaign_id.astype(str)


def _utc(moments: pd.Series) -> pd.Series:
    return pd.to_datetime(moments).dt.tz_localize("UTC")
