"""Starbucks rewards as published by Udacity: ten offers, sent to 17,000 customers in six waves.

Cut-offs: valid from hour 504, test from hour 576, the last two waves. Seen products are kept in the
ranking: the same offer is sent to a customer, and completed, again and again.
The data count hours from 0 to 714. `START`, from which times are made, is invented: the first day
after the last customer joined. So weekdays and times of day mean nothing.
A product here is an offer. What was bought is not recorded, so a `purchase` has an amount (dollars)
and no product; `accept` is a completion: the customer spent what the offer asks for, in time.
Odd: the publisher simulated these data, which every result should mention. Each offer has a fixed
set of channels, so the effect of a channel cannot be separated from that of its offers. That set is
the touchpoint of contacts and views. An `accept` has none: where it was bought is not recorded, and
the set would reveal the offer.
Offers are completed without a view, and viewed after they were completed or had expired. The two
informational offers cannot be completed. 397 completions occur twice: a purchase completed two
running sends of the same offer. An age of 118 means unknown; those 2,175 customers have neither
gender ("unknown" here) nor income (empty here, as their age).
More than half of the completions in valid are of offers first sent in its opening wave, which no
model sees: ranking offers here is mostly guessing what was sent.
There is no table `decisions`: its rows would count as known from the send on, while the outcome
shows up to 138 hours later, after the next cut-off; and no propensity is logged. For models of
acceptance, `starbucks_labels.label_sends` labels every send and says when its label becomes known.
"""

import pandas as pd

from recsys.data import columns
from recsys.data.cells import first_true
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.sources.json_lines import read_json_lines
from recsys.data.sources.parquet import read_columns
from recsys.data.sources.starbucks_labels import VALID_DAYS
from recsys.data.tables import Tables
from recsys.errors import InputError

START = pd.Timestamp("2018-07-27", tz="UTC")

_PORTFOLIO = ("id", "offer_type", "reward", "difficulty", "duration", "channels")
_PROFILE = ("id", "gender", "age", "income", "became_member_on")
_TRANSCRIPT = ("person", "event", "time", "offer_id", "amount")
_ACTIONS = {
    "offer received": "contact", "offer viewed": "view", "offer completed": "accept",
    "transaction": "purchase",
}  # fmt: skip
_UNKNOWN_AGE = 118


def moment(hour: int) -> pd.Timestamp:
    """The UTC timestamp of an hour of the data."""
    return START + pd.Timedelta(hours=hour)


class Starbucks:
    """Sends, views and completions of offers, and purchases.

    Customers have gender, age (years), income (dollars a year) and member_days (until `START`);
    products have offer_type, difficulty (dollars to spend), customer_reward (dollars), valid_days
    and a flag for each channel.

    Args:
        root: folder with `portfolio.json`, `profile.json` and `transcript.parquet`.
    """

    name: str = "starbucks"
    version: str = "1"
    cutoffs: Cutoffs | None = Cutoffs(valid_from=moment(504), test_from=moment(576))
    filter_seen: bool = False
    targets: tuple[str, ...] = ("accept",)

    def __init__(self, *, root: str) -> None:
        files = ("portfolio.json", "profile.json", "transcript.parquet")
        self.folder = data_folder(root, files)

    def load(self) -> Tables:
        """Sends as `contact`, views, completions as `accept`, and purchases; offers as products."""
        portfolio = read_json_lines(self.folder / "portfolio.json", _PORTFOLIO)
        profile = read_json_lines(self.folder / "profile.json", _PROFILE)
        transcript = read_columns(self.folder / "transcript.parquet", _TRANSCRIPT)
        portfolio[columns.TOUCHPOINT] = portfolio["channels"].map(lambda names: "_".join(names))
        offers = portfolio[["id", columns.TOUCHPOINT]].rename(columns={"id": columns.PRODUCT})
        return Tables(
            interactions=_interactions(transcript, portfolio),
            customers=_customers(profile),
            products=_products(portfolio),
            offers=offers.assign(**{columns.OFFER: offers[columns.PRODUCT]}),
            touchpoints=_touchpoints(portfolio),
        )


def _interactions(transcript: pd.DataFrame, portfolio: pd.DataFrame) -> pd.DataFrame:
    _check_transcript(transcript, portfolio)
    action = transcript["event"].replace(_ACTIONS)
    channels = dict(zip(portfolio["id"], portfolio[columns.TOUCHPOINT], strict=True))
    sent_by = transcript["offer_id"].map(channels)
    return pd.DataFrame(
        {
            columns.CUSTOMER: transcript["person"],
            columns.PRODUCT: transcript["offer_id"],
            columns.TOUCHPOINT: sent_by.where(action.isin(("contact", "view"))),
            columns.ACTION: action,
            columns.TIMESTAMP: START + pd.to_timedelta(transcript["time"], unit="h"),
            columns.VALUE: transcript["amount"],
        }
    )


def _check_transcript(transcript: pd.DataFrame, portfolio: pd.DataFrame) -> None:
    hours, offers = transcript["time"], transcript["offer_id"]
    if not pd.api.types.is_integer_dtype(hours.dtype):
        raise InputError(
            f"transcript.parquet: column 'time': expected whole hours, got {hours.dtype}; is it "
            "the published file?"
        )
    unknown = offers.notna() & ~offers.isin(portfolio["id"])
    if unknown.any():
        row = first_true(unknown)
        raise InputError(
            f"transcript.parquet: row {row}, column 'offer_id': expected an offer of "
            f"portfolio.json, got '{offers.iloc[row]}'; use both files of the same publication"
        )


def _customers(profile: pd.DataFrame) -> pd.DataFrame:
    joined = pd.to_datetime(
        profile["became_member_on"].astype(str), format="%Y%m%d", errors="coerce", utc=True
    )
    if joined.isna().any():
        row = first_true(joined.isna())
        raise InputError(
            f"profile.json: row {row}, key 'became_member_on': expected a date such as 20180726, "
            f"got {profile['became_member_on'].iloc[row]}; fix it"
        )
    return pd.DataFrame(
        {
            columns.CUSTOMER: profile["id"],
            "gender": profile["gender"].fillna("unknown"),
            "age": profile["age"].where(profile["age"] != _UNKNOWN_AGE),
            "income": profile["income"],
            "member_days": (START - joined).dt.days,
        }
    )


def _products(portfolio: pd.DataFrame) -> pd.DataFrame:
    # Renamed, because `reward` in the library is what the firm earns; this one it pays.
    names = {"id": columns.PRODUCT, "reward": "customer_reward", "duration": VALID_DAYS}
    described = portfolio.rename(columns=names).drop(columns=["channels", columns.TOUCHPOINT])
    channels = portfolio[columns.TOUCHPOINT].str.get_dummies("_").astype(bool)
    return pd.concat([described, channels.add_prefix("channel_")], axis=1)


def _touchpoints(portfolio: pd.DataFrame) -> pd.DataFrame:
    names = portfolio[[columns.TOUCHPOINT]].drop_duplicates(ignore_index=True)
    return names.assign(**{columns.OUTBOUND: True})
