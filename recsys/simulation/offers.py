"""The firm's offers: each month a product of each category, in two messages."""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.simulation import calendar
from recsys.simulation.choice import draw, softmax
from recsys.simulation.names import TOUCHPOINT_NAMES, VARIANTS
from recsys.simulation.world import (
    GROUPS,
    IN_CATEGORY,
    product_ids,
    world,
)

MESSAGES = 2
A_MONTH = GROUPS * MESSAGES
OFFERS = calendar.MONTHS * A_MONTH
TIED_TO_TOUCHPOINT = 0.2
VARIANT_LIFT = np.array([0.0, 0.25, 0.1, -0.25])


@dataclass(frozen=True, kw_only=True, eq=False)
class Offers:
    """Arrays over the offers (row = month * 40 + category * 2 + message).

    Attributes:
        product: row number.
        touchpoint: row number, -1 where the offer may be made anywhere.
        variant: position in `names.VARIANTS`; lift: what the message adds to the log odds.
        reward: euros that an acceptance is worth to the firm.
    """

    product: IntArray
    touchpoint: IntArray
    variant: IntArray
    lift: FloatArray
    reward: FloatArray


@lru_cache(maxsize=4)
def offers(seed: int) -> Offers:
    """The offers of a seed, cached; popular products are offered more often."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
    market = world(seed)
    shelves = np.arange(GROUPS * IN_CATEGORY).reshape(GROUPS, IN_CATEGORY)
    # On sale for the full month, so that an offer in its window is never about a withdrawn product.
    starts, ends = calendar.MONTH_STARTS[:-1], calendar.MONTH_STARTS[1:]
    open_all_month = (market.opens[:, None] <= starts) & (ends <= market.closes[:, None])
    logits = np.where(open_all_month, market.appeal[:, None], -np.inf).T.reshape(-1, IN_CATEGORY)
    in_category = draw(softmax(logits), rng).reshape(calendar.MONTHS, GROUPS)
    product = np.repeat(shelves[np.arange(GROUPS), in_category].ravel(), MESSAGES)
    message = rng.integers(0, len(VARIANTS), len(product) // MESSAGES)
    # The second message always differs from the first.
    other_message = (message + rng.integers(1, len(VARIANTS), len(message))) % len(VARIANTS)
    variant = np.stack([message, other_message], axis=1).ravel()
    tied = rng.random(OFFERS) < TIED_TO_TOUCHPOINT
    return Offers(
        product=product,
        touchpoint=np.where(tied, rng.integers(0, len(TOUCHPOINT_NAMES), OFFERS), -1),
        variant=variant,
        lift=VARIANT_LIFT[variant] + rng.normal(0, 0.15, OFFERS),
        reward=np.round(market.margin[product] * rng.uniform(0.8, 1.0, OFFERS), 2),
    )


def running(seconds: IntArray) -> IntArray:
    """[n, 40] offers of the month that each market second [n] falls in."""
    return np.asarray(calendar.month_of(seconds)[:, None] * A_MONTH + np.arange(A_MONTH))


def in_window(rows: IntArray, seconds: IntArray) -> IntArray:
    """Bool mask, whether offers run at market seconds; the two broadcast."""
    month = rows // A_MONTH
    return np.asarray(
        (calendar.MONTH_STARTS[month] <= seconds) & (seconds < calendar.MONTH_STARTS[month + 1])
    )


def offers_table(offers: Offers) -> pd.DataFrame:
    """The `offers` table: product, touchpoint (null: any), message, window and reward."""
    month = np.arange(OFFERS) // A_MONTH
    ids = np.array(product_ids(), dtype=object)
    touchpoints = np.array([*TOUCHPOINT_NAMES, None], dtype=object)
    return pd.DataFrame(
        {
            columns.OFFER: pd.Series([f"O{row:04d}" for row in range(OFFERS)], dtype="str"),
            columns.PRODUCT: pd.Series(ids[offers.product], dtype="str"),
            columns.TOUCHPOINT: pd.Series(touchpoints[offers.touchpoint], dtype="str"),
            columns.VARIANT: pd.Series(np.array(VARIANTS)[offers.variant], dtype="str"),
            columns.VALID_FROM: calendar.timestamps(calendar.MONTH_STARTS[month]),
            columns.VALID_TO: calendar.timestamps(calendar.MONTH_STARTS[month + 1]),
            columns.REWARD: offers.reward,
        }
    )
