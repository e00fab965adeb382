"""The products of the market: their appeal, traits, popularity drift and validity windows."""

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.simulation import calendar
from recsys.simulation.names import (
    CATEGORIES,
    LIFE_STAGES,
    PREDICTABLE_LIFE_EVENTS,
    TIERS,
    TOUCHPOINTS,
)

IN_CATEGORY = 50
GROUPS = len(CATEGORIES)
PRODUCTS = GROUPS * IN_CATEGORY
TASTE_DIM = 5
SIDE_DIM = 2

CATEGORY_SPREAD = 0.4
APPEAL_SPREAD = 0.7
THEME_SPREAD = 1.7
TRAIT_SPREAD = 2.0
WAVE = 0.5
TREND = 0.8
STAGE_SPREAD = 0.5
LAUNCHED = 0.12
WITHDRAWN = 0.08
FIRST_WITHDRAWAL_DAY = 60


@dataclass(frozen=True, kw_only=True, eq=False)
class World:
    """Arrays over P products (row = category * 50 + number in it), G categories, T touchpoints.

    Attributes:
        appeal: [P] appeal to all customers, in log odds.
        wave, phase, period, trend: [P] popularity drift: a sine with a period in days, and a slope.
        traits: [P, d] what customers of different taste value; themes: [G, d] that of categories.
        category_appeal: [G]; stage_lift: [life stage, G]; life_lift: [life event, G] log odds.
        product_side, touchpoint_side: [P, r], [T, r] of the three-way term.
        opens, closes: [P] int64 market seconds of the validity window; `NEVER` without an end.
        tier: [P] 0 to 4; price, margin: [P] euros.
    """

    appeal: FloatArray
    wave: FloatArray
    phase: FloatArray
    period: FloatArray
    trend: FloatArray
    traits: FloatArray
    themes: FloatArray
    category_appeal: FloatArray
    stage_lift: FloatArray
    life_lift: FloatArray
    product_side: FloatArray
    touchpoint_side: FloatArray
    opens: IntArray
    closes: IntArray
    tier: IntArray
    price: FloatArray
    margin: FloatArray

    def popularity(self, products: IntArray, days: FloatArray) -> FloatArray:
        """Appeal with its drift in log odds; row numbers and days since the start broadcast."""
        turn = 2 * np.pi * days / self.period[products] + self.phase[products]
        drift = self.wave[products] * np.sin(turn)
        slope = self.trend[products] * (days / calendar.DAYS - 0.5)
        return np.asarray(self.appeal[products] + drift + slope)

    def on_sale(self, products: IntArray, seconds: IntArray) -> FloatArray:
        """0 if a session may begin with the product at market seconds, else -inf; broadcasts."""
        last = self.closes[products] - calendar.LONGEST_SESSION
        return np.where((self.opens[products] <= seconds) & (seconds < last), 0.0, -np.inf)


@lru_cache(maxsize=4)
def world(seed: int) -> World:
    """The world of a seed, cached; the same for markets of all sizes."""
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(0,)))
    traits = rng.normal(0, TRAIT_SPREAD / np.sqrt(TASTE_DIM), (PRODUCTS, TASTE_DIM))
    tier = np.searchsorted(np.quantile(traits[:, 0], [0.3, 0.6, 0.8, 0.93]), traits[:, 0])
    level = np.repeat([category.price for category in CATEGORIES], IN_CATEGORY)
    price = np.round(level * np.exp(0.25 * (tier - 1) + rng.normal(0, 0.2, PRODUCTS)), 2)
    share = np.repeat([category.margin for category in CATEGORIES], IN_CATEGORY)
    margin = np.round(price * share * rng.uniform(0.7, 1.3, PRODUCTS), 2)
    opens, closes = _windows(rng)
    return World(
        appeal=rng.normal(0, APPEAL_SPREAD, PRODUCTS),
        wave=np.abs(rng.normal(0, WAVE, PRODUCTS)),
        phase=rng.uniform(0, 2 * np.pi, PRODUCTS),
        period=rng.uniform(180, 540, PRODUCTS),
        trend=rng.normal(0, TREND, PRODUCTS),
        traits=traits,
        themes=rng.normal(0, THEME_SPREAD / np.sqrt(TASTE_DIM), (GROUPS, TASTE_DIM)),
        category_appeal=rng.normal(0, CATEGORY_SPREAD, GROUPS),
        stage_lift=rng.normal(0, STAGE_SPREAD, (len(LIFE_STAGES), GROUPS)),
        life_lift=_life_lift(),
        product_side=rng.normal(0, 1, (PRODUCTS, SIDE_DIM)),
        touchpoint_side=rng.normal(0, 1, (len(TOUCHPOINTS), SIDE_DIM)),
        opens=opens,
        closes=closes,
        tier=tier,
        price=price,
        margin=margin,
    )


def products_table(world: World) -> pd.DataFrame:
    """The `products` table: id, name, category, price, margin and validity window."""
    number = np.arange(PRODUCTS)
    groups = [CATEGORIES[row].name for row in number // IN_CATEGORY]
    tiers = [TIERS[row] for row in world.tier]
    names = [
        f"{group} {tier} {within + 1}"
        for group, tier, within in zip(groups, tiers, number % IN_CATEGORY, strict=True)
    ]
    return pd.DataFrame(
        {
            columns.PRODUCT: pd.Series(product_ids(), dtype="str"),
            "name": pd.Series(names, dtype="str"),
            columns.CATEGORY: pd.Series(groups, dtype="str"),
            columns.PRICE: world.price,
            columns.MARGIN: world.margin,
            columns.VALID_FROM: calendar.timestamps(world.opens),
            columns.VALID_TO: calendar.timestamps(world.closes),
        }
    )


def product_ids() -> list[str]:
    """[P] outside ids in the order of the rows."""
    return [f"P{row:04d}" for row in range(PRODUCTS)]


def touchpoints_table(customers: int) -> pd.DataFrame:
    """The `touchpoints` table: cost, whether the firm may start a contact, and daily capacity."""
    thousands = customers / 1_000
    return pd.DataFrame(
        {
            columns.TOUCHPOINT: pd.Series(
                [touchpoint.name for touchpoint in TOUCHPOINTS], dtype="str"
            ),
            columns.COST: [touchpoint.cost for touchpoint in TOUCHPOINTS],
            columns.OUTBOUND: [touchpoint.outbound for touchpoint in TOUCHPOINTS],
            columns.CAPACITY: [math.ceil(each.capacity * thousands) for each in TOUCHPOINTS],
        }
    )


def _windows(rng: np.random.Generator) -> tuple[IntArray, IntArray]:
    """Market seconds [P] and [P] of the validity windows, full days so that they are dates."""
    fate = rng.random(PRODUCTS)
    before = -rng.integers(30, 2_000, PRODUCTS)
    launch = rng.integers(15, calendar.DAYS - 15, PRODUCTS)
    end = rng.integers(FIRST_WITHDRAWAL_DAY, calendar.DAYS - 5, PRODUCTS)
    opens = np.where(fate < LAUNCHED, launch, before) * calendar.DAY
    withdrawn = fate > 1 - WITHDRAWN
    return opens, np.where(withdrawn, end * calendar.DAY, calendar.NEVER)


def _life_lift() -> FloatArray:
    """[life event, G] log odds: 0 for the categories of an event, very low for the others."""
    names = [category.name for category in CATEGORIES]
    lift = np.full((len(PREDICTABLE_LIFE_EVENTS), GROUPS), -6.0)
    for row, raised in enumerate(PREDICTABLE_LIFE_EVENTS.values()):
        lift[row, [names.index(name) for name in raised]] = 0.0
    return lift
