"""What the ladder says, in sentences that need no statistics to be read."""

from collections.abc import Mapping
from dataclasses import asdict
from math import isnan
from typing import Any

from recsys.reports.ladder.failures import NONE
from recsys.reports.ladder.ladder import Ladder, Row, rows
from recsys.reports.ladder.offers import EVERY, TOUCHPOINT
from recsys.reports.ladder.rungs import FEW, MANY, ONE
from recsys.reports.ladder.slices import FEWEST
from recsys.reports.ladder.steps import EVERYBODY

CALLED = {MANY: "one list for all", FEW: "segments", ONE: "one-to-one offers"}
"""Rungs as people speak of them."""

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
_UNWON = {"tie": "No difference is sure for", "loss": "Segments do better for"}
_ARTICLES = {"win": "a win", "tie": "a tie", "loss": "a loss"}


def summary(found: Ladder) -> list[str]:
    """Headline first, then steps, slices, touchpoints and offers, as far as there are any."""
    return [
        headline(found),
        _steps(found),
        *_slices(found),
        *_touchpoints(found),
        *_offers(found),
    ]


def headline(found: Ladder) -> str:
    """The figure of each rung in one sentence."""
    rates = rows(found.rates, dimension=EVERYBODY[0])
    figures = {row["rung"]: of_100(row, "mean") for row in rates}
    return (
        f"One-to-one offers put the right product into {first(found)} for {figures[ONE]} of 100 "
        f"customers; segments for {figures[FEW]}; one list for all for {figures[MANY]}."
    )


def first(found: Ladder) -> str:
    """The list in words: "the first ten"."""
    k = found.rungs.k
    return f"the first {_NUMERALS[k - 1] if k <= len(_NUMERALS) else k}"


def of_100(row: Row, name: str, sign: str = "") -> str:
    """A share of a table and its interval as so many of 100: 42.4 [39.6, 45.3].

    Args:
        row: with the columns `name` and its ends: `name`_low and `name`_high, or low and high.
        name: of the column.
        sign: "+" for a difference.
    """
    prefix = f"{name}_" if f"{name}_low" in row else ""
    mean, low, high = (float(row[one]) for one in (name, f"{prefix}low", f"{prefix}high"))
    if isnan(mean):
        return "not known"
    return f"{100 * mean:{sign}.1f} [{100 * low:{sign}.1f}, {100 * high:{sign}.1f}]"


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


def named_slice(found: Ladder, dimension: str, name: str) -> str:
    """A slice of this ladder in words."""
    return slice_name(dimension, name, found.rungs.top.config["evaluate"])


def notes(found: Ladder) -> list[str]:
    """What a reader of the slices has to know besides."""
    said = [
        f"Fitted again for the groups, {model} finds something else for {customers:,} customers "
        "than the run did; the groups are of the model as it is now."
        for model, customers in found.strayed.items()
    ]
    if found.small:
        names = "; ".join(named_slice(found, *part) for part in found.small)
        said.append(f"Left out for having fewer than {FEWEST} customers: {names}.")
    return said


def _steps(found: Ladder) -> str:
    steps = rows(found.steps, dimension=EVERYBODY[0])
    said = [
        f"{CALLED[row['rung']].capitalize()} over {CALLED[row['below']]}: "
        f"{_ARTICLES[row['verdict']]}, {of_100(row, 'difference', '+')} "
        "of 100 customers."
        for row in reversed(steps)
    ]
    return " ".join(said)


def _slices(found: Ladder) -> list[str]:
    steps = [row for name in DIMENSIONS for row in rows(found.steps, dimension=name, rung=ONE)]
    if not steps:
        return []
    of: dict[str, list[str]] = {"win": [], "tie": [], "loss": []}
    for row in steps:
        of[row["verdict"]].append(named_slice(found, row["dimension"], row["slice"]))
    said = (
        f"Group by group, one-to-one offers win over segments in {len(of['win'])}, tie in "
        f"{len(of['tie'])} and lose in {len(of['loss'])} of {len(steps)}."
    )
    for verdict, words in _UNWON.items():
        if of[verdict]:
            said += f" {words}: {'; '.join(of[verdict])}."
    return [said]


def _touchpoints(found: Ladder) -> list[str]:
    if found.unattributed is None:
        return []
    before = f"{of_100(asdict(found.unattributed), 'mean')} of 100 purchases and acceptances"
    if found.credit["share"].isna().all():
        return [f"{before} had no contact before them on record: no touchpoint can be credited."]
    # The last method is the one that looks at whole journeys.
    shares = rows(found.credit, method=found.credit["method"].iloc[-1])
    best = max(shares, key=lambda row: row["share"])
    return [
        f"Touchpoint {best['touchpoint']} earned most of what contacts led to: "
        f"{of_100(best, 'share')} of 100, counted by what would be missing without it. {before} "
        "had no contact before them on record and are credited to none."
    ]


def _offers(found: Ladder) -> list[str]:
    if found.answers.empty:
        return []
    (every,) = rows(found.answers, answer="accept", kind=EVERY)
    places = rows(found.answers, answer="accept", kind=TOUCHPOINT)
    said = f"Of {found.offers:,} offers {of_100(every, 'mean')} of 100 were accepted"
    if len(places) > 1:
        worst, *_, best = sorted(places, key=lambda row: row["mean"])
        said += (
            f", most at {best['name']}: {of_100(best, 'mean')}, fewest at {worst['name']}: "
            f"{of_100(worst, 'mean')}"
        )
    return [f"{said}.{_failures(found)}"]


def _failures(found: Ladder) -> str:
    """The trait that goes most surely with a no."""
    surely = [
        row for row in rows(found.failures) if row["difference_high"] < 0 and row["reason"] != NONE
    ]
    if not surely:
        return ""
    worst = min(surely, key=lambda row: row["difference"])
    return (
        f' What goes with a no most: "{worst["reason"]}", of which {of_100(worst, "with")} of 100 '
        f"were accepted, against {of_100(worst, 'without')} of the others. That they go together "
        "does not make it the cause."
    )
