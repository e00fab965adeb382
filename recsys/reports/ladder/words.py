"""The results of a ladder in sentences, for readers without statistics."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isnan
from typing import Any

from recsys.evaluation.permitted import HITS
from recsys.reports.ladder.failures import NONE
from recsys.reports.ladder.ladder import Ladder, Row, rows
from recsys.reports.ladder.offers import EVERY, TOUCHPOINT
from recsys.reports.ladder.rungs import FEW, MANY, ONE
from recsys.reports.ladder.slices import FEWEST
from recsys.reports.ladder.steps import EVERYBODY

CALLED = {MANY: "one list for all", FEW: "segments", ONE: "one-to-one offers"}
"""Rung -> its name in plain words."""

ANSWERED = {"accept": "accepted", "reject": "rejected", "ignore": "ignored"}

DIMENSIONS = {
    "touchpoint": "Where it was taken",
    "history": "How much was known of the customer",
    "new_or_repeat": "New to the customer, or taken again",
    "category": "Cross-sell or up-sell",
    "segment": "Segment",
}

_SLICES = {
    "new": "a product new to them",
    "repeat": "a product they had before",
    "cross_sell": "cross-sell: from a category new to them",
    "up_sell": "up-sell: from a category they had",
    "value_low": "the third that spent least",
    "value_middle": "the third in the middle",
    "value_high": "the third that spent most",
    "recency_low": "the third longest away",
    "recency_middle": "the third in the middle",
    "recency_high": "the third seen last",
}
_NUMERALS = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
_UNWON = {"tie": "No certain difference for", "loss": "Segments do better for"}
_ARTICLES = {"win": "a win", "tie": "a tie", "loss": "a loss"}


def summary(ladder: Ladder) -> list[str]:
    """The headline, then steps; slices, touchpoints, offers and rules where there are any."""
    return [
        headline(ladder),
        _steps(ladder),
        *_slices(ladder),
        *_touchpoints(ladder),
        *_offers(ladder),
        *_rules(ladder),
    ]


def headline(ladder: Ladder) -> str:
    """The figure of each rung in one sentence."""
    rates = rows(ladder.rates, dimension=EVERYBODY[0])
    figures = {row["rung"]: of_100(row, "mean") for row in rates}
    return (
        f"One-to-one offers put the right product into {first(ladder)} for {figures[ONE]} of 100 "
        f"customers; segments for {figures[FEW]}; one list for all for {figures[MANY]}."
    )


def first(ladder: Ladder) -> str:
    """The list in words: "the first ten"."""
    k = ladder.rungs.k
    return f"the first {_NUMERALS[k - 1] if k <= len(_NUMERALS) else k}"


def of_100(row: Row, name: str, sign: str = "") -> str:
    """A share and its interval in percent, as 42.4 [39.6, 45.3]; "not known" for nan.

    Args:
        row: has the share in column `name`, and the ends of its interval in `name`_low and
            `name`_high, or else in low and high.
        name: the column of the share, 0 to 1.
        sign: "+" for a difference.
    """
    prefix = f"{name}_" if f"{name}_low" in row else ""
    mean, low, high = (float(row[column]) for column in (name, f"{prefix}low", f"{prefix}high"))
    if isnan(mean):
        return "not known"
    return f"{100 * mean:{sign}.1f} [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"


def amount(row: Row, name: str, sign: str = "") -> str:
    """An amount and its interval, as 4.72 [4.01, 5.4]; arguments as for `of_100`."""
    mean, low, high = (float(row[column]) for column in (name, f"{name}_low", f"{name}_high"))
    return f"{mean:{sign}.3g} [{low:{sign}.3g}, {high:{sign}.3g}]"


def slice_name(dimension: str, name: str, evaluate: Mapping[str, Any]) -> str:
    """A slice in words.

    Args:
        dimension: of the slice.
        name: of the slice.
        evaluate: settings of the run, which say how many events make a history.
    """
    if dimension == "history":
        warm, hot = evaluate["warm_from"], evaluate["hot_from"]
        below = "no event before" if warm == 1 else f"fewer than {warm} events before"
        return {"cold": below, "warm": f"{warm} to {hot - 1} events before"}.get(
            name, f"{hot} events or more before"
        )
    if dimension == "touchpoint":
        return f"taken at {name}"
    return _SLICES.get(name, name)


def named_slice(ladder: Ladder, dimension: str, name: str) -> str:
    """A slice of this ladder in words."""
    return slice_name(dimension, name, ladder.rungs.top.config["evaluate"])


def notes(ladder: Ladder) -> list[str]:
    """What a reader of the slices must know: models that changed, and slices left out."""
    sentences = [
        f"{model} was fitted again for the groups and finds something else for {customers:,} "
        "customers than the run did. The groups show the model as it is now."
        for model, customers in ladder.strayed.items()
    ]
    if ladder.small:
        names = "; ".join(named_slice(ladder, *part) for part in ladder.small)
        sentences.append(f"Left out because they have fewer than {FEWEST} customers: {names}.")
    return sentences


def _steps(ladder: Ladder) -> str:
    steps = rows(ladder.steps, dimension=EVERYBODY[0])
    sentences = [
        f"{CALLED[row['rung']].capitalize()} over {CALLED[row['below']]}: "
        f"{_ARTICLES[row['verdict']]}, {of_100(row, 'difference', '+')} "
        "of 100 customers."
        for row in reversed(steps)
    ]
    return " ".join(sentences)


def _slices(ladder: Ladder) -> list[str]:
    steps = [row for name in DIMENSIONS for row in rows(ladder.steps, dimension=name, rung=ONE)]
    if not steps:
        return []
    of: dict[str, list[str]] = {"win": [], "tie": [], "loss": []}
    for row in steps:
        of[row["verdict"]].append(named_slice(ladder, row["dimension"], row["slice"]))
    sentences = (
        f"Group by group, one-to-one offers win over segments in {len(of['win'])}, tie in "
        f"{len(of['tie'])} and lose in {len(of['loss'])} of {len(steps)}."
    )
    for verdict, words in _UNWON.items():
        if of[verdict]:
            sentences += f" {words}: {'; '.join(of[verdict])}."
    return [sentences]


def _touchpoints(ladder: Ladder) -> list[str]:
    if ladder.unattributed is None:
        return []
    before = f"{of_100(asdict(ladder.unattributed), 'mean')} of 100 purchases and acceptances"
    if ladder.credit["share"].isna().all():
        return [f"{before} had no contact before them on record: no touchpoint can be credited."]
    # The last method is the one that looks at whole journeys.
    shares = rows(ladder.credit, method=ladder.credit["method"].iloc[-1])
    best = max(shares, key=lambda row: row["share"])
    return [
        f"Touchpoint {best['touchpoint']} earned the largest share of what contacts led to: "
        f"{of_100(best, 'share')} of 100, counted by what would be missing without it. {before} "
        "had no contact before them on record and are credited to no touchpoint."
    ]


def _offers(ladder: Ladder) -> list[str]:
    if ladder.answers.empty:
        return []
    (all_offers,) = rows(ladder.answers, answer="accept", kind=EVERY)
    touchpoints = rows(ladder.answers, answer="accept", kind=TOUCHPOINT)
    sentence = f"Of {ladder.offers:,} offers {of_100(all_offers, 'mean')} of 100 were accepted"
    if len(touchpoints) > 1:
        worst, *_, best = sorted(touchpoints, key=lambda row: row["mean"])
        sentence += (
            f", most at {best['name']}: {of_100(best, 'mean')}, fewest at {worst['name']}: "
            f"{of_100(worst, 'mean')}"
        )
    return [f"{sentence}.{_failures(ladder)}"]


def _rules(ladder: Ladder) -> list[str]:
    """What all rules take from one-to-one offers, and the dearest rule that certainly costs."""
    after = ladder.after_rules
    if after is None:
        return []
    (taken,) = rows(after.rungs, rung=ONE, measure=HITS)
    sentence = (
        f"Under the rules of {after.policy} one-to-one offers are right for "
        f"{of_100(taken, 'left')} of 100 customers, where they would be for "
        f"{of_100(taken, 'free')}."
    )
    certain = [row for row in rows(after.rules, measure=HITS) if row["cost_low"] > 0]
    if certain:
        dearest = max(certain, key=lambda row: row["cost"])
        sentence += (
            f" The dearest rule is {dearest['rule']}: {of_100(dearest, 'cost')} of 100 customers."
        )
    return [sentence]


def _failures(ladder: Ladder) -> str:
    """The reason that most lowers acceptance, where one certainly does."""
    certain = [
        row for row in rows(ladder.failures) if row["difference_high"] < 0 and row["reason"] != NONE
    ]
    if not certain:
        return ""
    worst = min(certain, key=lambda row: row["difference"])
    return (
        f' Refusals are most frequent for "{worst["reason"]}": {of_100(worst, "with")} of 100 such '
        f"offers were accepted, against {of_100(worst, 'without')} of the others. This need not be "
        "the cause."
    )
