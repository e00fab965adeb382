"""Which mailings a policy keeps, and what a mailing is expected to be worth."""

import numpy as np
import pandas as pd

from benchmarks.acceptance.coupon_tasks import CouponTasks
from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.models.acceptance import Sends

PRIOR = 5.0
"""Mailings or acceptances that rates of a type are drawn to the mean with."""


def campaigns_won(score: FloatArray, offers: IntArray, redeemed: FloatArray) -> int:
    """Campaigns whose better half by a score redeemed more than half of their coupons."""
    gains = (within(score, offers, 0.5) - within(0 * score, offers, 0.5)) * redeemed
    return int((np.bincount(offers, gains) > 0).sum())


def keep(scores: FloatArray, count: float) -> FloatArray:
    """[n] share of each mailing that is kept if the best `count` are.

    Those with equal scores at the edge are kept in equal parts, which is what a random order of
    them keeps on average.

    Args:
        scores: [n] higher is kept first.
        count: of mailings that are kept.
    """
    _, group, sizes = np.unique(-scores, return_inverse=True, return_counts=True)
    before = np.cumsum(sizes) - sizes
    return np.asarray(np.clip((count - before) / sizes, 0, 1)[group])


def within(scores: FloatArray, groups: IntArray, share: float) -> FloatArray:
    """[n] as `keep`, a share of each group, at least one of it."""
    kept = np.zeros(len(scores))
    for group in np.unique(groups):
        inside = groups == group
        kept[inside] = keep(scores[inside], max(1, round(share * inside.sum())))
    return kept


def redeemed_coupons(tasks: CouponTasks) -> FloatArray:
    """[S] coupons that the household redeemed of each mailing's campaign."""
    table = tasks.tables.redemptions
    campaign_of = pd.Series(tasks.campaign_of, index=tasks.coupon_ids.ids)
    pairs = pd.DataFrame(
        {
            "household": tasks.customers.rows(table[columns.CUSTOMER]),
            "campaign": table[columns.OFFER].map(campaign_of),
        }
    )
    counts = pairs.value_counts()
    keys = pd.MultiIndex.from_arrays([tasks.mailings.customers, tasks.mailings.offers])
    return np.asarray(counts.reindex(keys, fill_value=0), np.float64)


def coupons_of_an_acceptance(sends: Sends, redeemed: FloatArray) -> FloatArray:
    """[S] mean number of coupons that a household redeems if it redeems any, by type of campaign.

    Of the mailings resolved before each moment; types with few are drawn to the mean of all.

    Args:
        sends: all mailings.
        redeemed: [S] coupons of each.
    """
    worth = np.ones(len(sends))
    for moment in np.unique(sends.when):
        known = sends.known_before(moment) & (sends.outcome == 1)
        overall = redeemed[known].mean() if known.any() else 1.0
        for kind in np.unique(sends.touchpoints):
            of_kind = known & (sends.touchpoints == kind)
            now = (sends.when == moment) & (sends.touchpoints == kind)
            total = redeemed[of_kind].sum() + PRIOR * overall
            worth[now] = total / (of_kind.sum() + PRIOR)
    return worth


def months_of(when: IntArray) -> IntArray:
    """[S] number of the calendar month, from UTC microseconds."""
    months: IntArray = when.astype("datetime64[us]").astype("datetime64[M]").astype(np.int64)
    return months
