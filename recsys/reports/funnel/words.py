"""A funnel in sentences, and as text for a terminal."""

from datetime import UTC, datetime

from recsys.ops.result_tables import text_table
from recsys.policy.funnel import Funnel
from recsys.reports.funnel.table import amount, head, lines, percent


def title(funnel: Funnel) -> str:
    """The policy and the moment."""
    return f"What policy {funnel.policy} takes away {period(funnel)}"


def period(funnel: Funnel) -> str:
    """The moment, or the hours from it on."""
    start = datetime.fromtimestamp(funnel.at, UTC)
    hours = funnel.horizon / 3600
    within = "at" if funnel.horizon == 1 else f"in the {hours:g} hours from"
    return f"{within} {start:%Y-%m-%d %H:%M} UTC"


def places(funnel: Funnel) -> str:
    """The touchpoints that are looked at."""
    return "all touchpoints" if funnel.touchpoints is None else ", ".join(funnel.touchpoints)


def summary(funnel: Funnel) -> list[str]:
    """What is left, what took most away, and what costs most."""
    counts = funnel.counts
    before, left = counts.before, counts.left
    lost = before.customers - left.customers
    at = "" if funnel.touchpoints is None else f" at {places(funnel)}"
    sentences = [
        f"{left.customers:,} of {before.customers:,} customers have an offer left{at}; "
        f"{lost:,} ({percent(lost, before.customers)}) have none. {left.offers:,} of "
        f"{before.offers:,} offers may be made to somebody.",
        f"Of all ways to offer something to a customer at a touchpoint, the rules leave "
        f"{percent(left.triples, before.triples)}.{_largest(funnel)}",
    ]
    return sentences if funnel.costs is None else [*sentences, _costs(funnel)]


def funnel_text(funnel: Funnel) -> list[str]:
    """Lines for a terminal: the table, then the sentences."""
    note = "Shares of all offers to customers at these touchpoints; alone: by this rule only."
    table = text_table(
        f"{title(funnel)}, at {places(funnel)}", head(funnel), list(lines(funnel)), note
    )
    return [*table.split("\n"), *summary(funnel)]


def _largest(funnel: Funnel) -> str:
    counts = funnel.counts
    taken, name = max(
        zip((count.triples for count in counts.alone), counts.names, strict=True),
        key=lambda pair: pair[0],
    )
    share = percent(taken, counts.before.triples)
    return f" By itself {name} takes away most, {share}." if taken else ""


def _costs(funnel: Funnel) -> str:
    costs = funnel.costs
    assert costs is not None
    dearest = max(costs.rules, key=lambda name: costs.rules[name].mean)
    said = (
        f"The best offer that is left to a customer is worth {amount(costs.left)} on average, "
        f"without any rule it would be {amount(costs.free)} ({costs.customers:,} customers)."
    )
    if costs.rules[dearest].mean <= 0:
        return f"{said} No single rule costs anything."
    return (
        f"{said} {dearest} costs most: without it alone a customer would be worth "
        f"{amount(costs.rules[dearest])} more."
    )
