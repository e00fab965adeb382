"""What the customers of a cluster have more of than others, and a name made of that."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.customers.segments.summary import Estimate, mean, share
from recsys.customers.similar.facts import PRODUCT, VALUE_BANDS, CustomerFacts, Fact
from recsys.customers.similar.ratios import FEWEST, Ratios, ratios
from recsys.data import columns
from recsys.evaluation.auc import auc
from recsys.evaluation.intervals import Interval

_CONFIDENCE = 0.95
_MOST, _MOST_OF_A_KIND = 6, 3
"""Traits that are told."""
AVERAGE = "average"
"""Name of a cluster that has nothing more of than others."""


@dataclass(frozen=True, kw_only=True)
class Trait:
    """A fact that customers of a cluster have more of than others.

    Attributes:
        fact: which.
        inside: mean share of the cluster's customers.
        outside: of all others.
        ratio: inside over outside, with an interval that holds for all facts and clusters at once.
    """

    fact: Fact
    inside: float
    outside: float
    ratio: Estimate


@dataclass(frozen=True, kw_only=True)
class NumberTrait:
    """A number that differs between a cluster and others.

    Attributes:
        name: of the number.
        inside: median of the cluster's customers.
        outside: of all others.
        higher: probability that a customer of the cluster has a higher one than another, with an
            interval as for `Trait.ratio`.
    """

    name: str
    inside: float
    outside: float
    higher: Interval


@dataclass(frozen=True, kw_only=True)
class Profile:
    """A cluster in figures.

    Attributes:
        name: made of its first traits, so that it stays where the cluster stays; unique.
        customers: their number.
        share: of all customers.
        value: mean of its customers.
        others_value: mean of all others.
        band: "high" or "low" where the mean value is surely above that of others, or below, at a
            confidence that holds for all clusters at once; else "medium".
        bands: share of its customers in each band of value, high, medium and low.
        traits: what it has more of, the most telling first.
        numbers: which differ, the furthest apart first.
    """

    name: str
    customers: int
    share: Estimate
    value: Estimate
    others_value: float
    band: str
    bands: tuple[float, float, float]
    traits: Sequence[Trait]
    numbers: Sequence[NumberTrait]


def profiles(labels: IntArray, count: int, facts: CustomerFacts) -> list[Profile]:
    """The profile of each cluster, in their order.

    Ratios of mean shares have intervals by linearisation on the log scale, with Bonferroni's
    correction for all facts, numbers and clusters: with 95 % certainty none is wrong. Customers are
    the sample. A cluster is cut by what its customers took, so that it differs in this by
    definition; whether clusters are found again is what `Stability` tells.

    Args:
        labels: [n] cluster of each customer.
        count: of clusters.
        facts: of the same customers.
    """
    looks = count * (len(facts.facts) + len(facts.numbers))
    level = 1 - (1 - _CONFIDENCE) / max(looks, 1)
    every = ratios(facts.shares, labels, count, level)
    taken: set[str] = set()
    made = []
    for cluster in range(count):
        inside = labels == cluster
        traits = _traits(cluster, every, facts)
        numbers = _number_traits(inside, facts, level)
        name = _name(traits, numbers, taken)
        taken.add(name)
        made.append(_profile(name, inside, facts, traits, numbers, 1 - (1 - _CONFIDENCE) / count))
    return made


def _profile(
    name: str, inside: BoolArray, facts: CustomerFacts, traits: Sequence[Trait],
    numbers: Sequence[NumberTrait], level: float,
) -> Profile:  # fmt: skip
    within, without = facts.value[inside], facts.value[~inside]
    high, medium, low = (float((facts.bands[inside] == each).mean()) for each in VALUE_BANDS.names)
    return Profile(
        name=name,
        customers=int(inside.sum()),
        share=share(int(inside.sum()), len(inside)),
        value=mean(within),
        others_value=mean(without).value,
        band=_band(within, without, level),
        bands=(high, medium, low),
        traits=traits,
        numbers=numbers,
    )


def _band(within: FloatArray, without: FloatArray, level: float) -> str:
    """What the difference of two means (Welch's interval, by the normal law) says."""
    if min(len(within), len(without)) < FEWEST:
        return "medium"
    error = np.sqrt(within.var(ddof=1) / len(within) + without.var(ddof=1) / len(without))
    apart, half = within.mean() - without.mean(), ndtri(0.5 + level / 2) * error
    return "high" if apart > half else "low" if apart < -half else "medium"


def _traits(cluster: int, every: Ratios, facts: CustomerFacts) -> list[Trait]:
    """Facts whose ratio is surely above 1; the most telling have most of the share explained."""
    inside, ratio, low = every.inside[cluster], every.ratio[cluster], every.low[cluster]
    telling = np.where(low > 1, inside * np.log(np.where(low > 1, ratio, 1)), -1.0)
    has_categories = any(fact.kind == columns.CATEGORY for fact in facts.facts)
    told: list[Trait] = []
    for at in np.argsort(-telling, kind="stable"):
        fact = facts.facts[at]
        if telling[at] <= 0 or len(told) == _MOST:
            break
        # Where products have categories, these say more to a reader.
        most = 1 if fact.kind == PRODUCT and has_categories else _MOST_OF_A_KIND
        if sum(trait.fact.kind == fact.kind for trait in told) < most:
            ends = Estimate(float(ratio[at]), float(low[at]), float(every.high[cluster, at]))
            told.append(
                Trait(
                    fact=fact,
                    inside=float(inside[at]),
                    outside=float(every.outside[cluster, at]),
                    ratio=ends,
                )
            )
    return sorted(told, key=lambda trait: has_categories and trait.fact.kind == PRODUCT)


def _number_traits(inside: BoolArray, facts: CustomerFacts, level: float) -> list[NumberTrait]:
    """Numbers that are surely higher or lower than those of others, and whose medians differ."""
    told = []
    for name, numbers in facts.numbers.items():
        known = ~np.isnan(numbers)
        if min((known & inside).sum(), (known & ~inside).sum()) < FEWEST:
            continue
        higher = auc(numbers[known], inside[known], level)
        within, without = (float(np.median(numbers[known & part])) for part in (inside, ~inside))
        if not higher.low <= 0.5 <= higher.high and within != without:
            told.append(NumberTrait(name=name, inside=within, outside=without, higher=higher))
    return sorted(told, key=lambda each: -abs(each.higher.mean - 0.5))


def _name(traits: Sequence[Trait], numbers: Sequence[NumberTrait], taken: set[str]) -> str:
    """The first trait, and as many more as make it unlike former names."""
    words = [trait.fact.value for trait in traits]
    words += [f"{'more' if each.higher.mean > 0.5 else 'less'} {each.name}" for each in numbers]
    first = [trait.fact.value for trait in traits if trait.fact.kind != traits[0].fact.kind]
    candidates = [
        words[:1],
        words[:1] + first[:1],
        *(words[:end] for end in range(2, len(words) + 1)),
    ]
    for candidate in candidates:
        name = ", ".join(candidate) or AVERAGE
        if name not in taken:
            return name
    return untaken(", ".join(words[:1]) or AVERAGE, taken)


def untaken(name: str, taken: Collection[str]) -> str:
    """The name, with a number from 2 on where it is taken."""
    made, number = name, 2
    while made in taken:
        made, number = f"{name} {number}", number + 1
    return made
