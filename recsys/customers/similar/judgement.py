"""How well scores find wanted customers, beside how well activity alone does."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.segments.summary import Estimate, mean, share
from recsys.evaluation.auc import auc, auc_among_equals, auc_difference
from recsys.evaluation.intervals import Interval
from recsys.evaluation.paired import Difference, Verdict, verdict_of

TOPS = (0.01, 0.05, 0.1)
"""Shares of customers at the top whose lift is told."""
_STRATA = 10


@dataclass(frozen=True, kw_only=True)
class TopLift:
    """What the top of a ranking holds; 1 is a random list.

    Attributes:
        top: share of the customers, from the highest score down.
        lift: share of the wanted customers in the top, over `top`.
        activity: the same of the most active customers.
        verdict: whether the lift is surely above that of activity, or below; paired by customer.
    """

    top: float
    lift: Estimate
    activity: Estimate
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """Whether scores find wanted customers.

    Attributes:
        wanted: their number.
        area: probability that a wanted customer scores higher than another; .5 is a random list.
        activity: the same of activity in place of the score.
        beyond: area less that of activity, paired.
        among_equals: area where a wanted customer is compared with equally active ones alone.
        lifts: of the tops.
    """

    wanted: int
    area: Interval
    activity: Interval
    beyond: Difference
    among_equals: Interval
    lifts: Sequence[TopLift]


def judged(scores: FloatArray, activity: FloatArray, is_wanted: BoolArray) -> Judgement:
    """Judges scores that were made without knowing who is wanted.

    Args:
        scores: [n] of customers, the higher the sooner taken.
        activity: [n] as the number of their events.
        is_wanted: [n].
    """
    return Judgement(
        wanted=int(is_wanted.sum()),
        area=auc(scores, is_wanted),
        activity=auc(activity, is_wanted),
        beyond=auc_difference(scores, activity, is_wanted),
        among_equals=auc_among_equals(scores, is_wanted, equally_active(activity)),
        lifts=[_lift(scores, activity, is_wanted, top) for top in TOPS],
    )


def equally_active(activity: FloatArray) -> IntArray:
    """[n] the tenth of customers by activity; equal activity is never parted."""
    cuts = np.quantile(activity, np.arange(1, _STRATA) / _STRATA)
    return np.searchsorted(np.unique(cuts), activity, side="left")


def in_top(scores: FloatArray, top: float) -> FloatArray:
    """[n] 1 of the customers in the top share of scores, 0 of others.

    Customers of equal scores across its end have the same part of the places left.
    """
    places = top * len(scores)
    last = np.sort(scores)[::-1][max(int(np.ceil(places)) - 1, 0)]
    above, equal = scores > last, scores == last
    return np.asarray(above + equal * (places - above.sum()) / equal.sum(), np.float64)


def _lift(scores: FloatArray, activity: FloatArray, is_wanted: BoolArray, top: float) -> TopLift:
    found, by_activity = (in_top(each, top)[is_wanted] for each in (scores, activity))
    apart = mean(found - by_activity)
    return TopLift(
        top=top,
        lift=_over(share(found.sum(), len(found)), top),
        activity=_over(share(by_activity.sum(), len(by_activity)), top),
        verdict=verdict_of(apart.low, apart.high),
    )


def _over(part: Estimate, top: float) -> Estimate:
    return Estimate(part.value / top, part.low / top, part.high / top)
