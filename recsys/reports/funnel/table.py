"""The figures of a funnel as a table: one row a rule, in the order in which rules are applied."""

from collections.abc import Iterator
from dataclasses import asdict

import pandas as pd

from recsys.evaluation.intervals import Interval
from recsys.policy.funnel import Funnel


def funnel_table(funnel: Funnel) -> pd.DataFrame:
    """All figures of a funnel.

    Args:
        funnel: what is shown.

    Returns:
        One row a rule: `rule`; for each of `triples`, `pairs`, `customers` and `offers` the number
        that the rule takes away by itself, `<name>_alone`, after the rules before it,
        `<name>_in_order`, and what is left then, `<name>_left`; with costs also `cost`, `cost_low`
        and `cost_high` a customer.
    """
    counts, left = funnel.counts, funnel.counts.before
    lines = []
    for name, alone, in_order in zip(counts.names, counts.alone, counts.in_order, strict=True):
        left = left - in_order
        line: dict[str, object] = {"rule": name}
        for kind, count in (("alone", alone), ("in_order", in_order), ("left", left)):
            line |= {f"{what}_{kind}": number for what, number in asdict(count).items()}
        if funnel.costs is not None:
            cost = funnel.costs.rules[name]
            line |= {"cost": cost.mean, "cost_low": cost.low, "cost_high": cost.high}
        lines.append(line)
    return pd.DataFrame(lines)


def percent(part: int, whole: int) -> str:
    """A share as text; one that is not 0 or 1 never looks as if it were.

    >>> [percent(n, 100_000) for n in (0, 1, 20_000, 99_999, 100_000)]
    ['0%', '< 0.1%', '20.0%', '> 99.9%', '100%']
    """
    if part in (0, whole):
        return "100%" if part and whole else "0%"
    share = 100 * part / whole
    if share < 0.1:
        return "< 0.1%"
    return "> 99.9%" if share > 99.9 else f"{share:.1f}%"


def amount(interval: Interval) -> str:
    """A mean with its interval in three digits; "0" where no customer has another value."""
    if interval.mean == interval.low == interval.high == 0:
        return "0"
    return f"{interval.mean:.3g} [{interval.low:.3g}, {interval.high:.3g}]"


def head(funnel: Funnel) -> list[str]:
    """Headings of `lines`."""
    cost = [] if funnel.costs is None else ["costs a customer"]
    return ["rule", "alone", "in order", "left", "customers lost", "offers lost", *cost]


def lines(funnel: Funnel) -> Iterator[list[str]]:
    """The rules as text: shares of all pairs of offer and touchpoint, lost customers, costs."""
    whole = funnel.counts.before.triples
    for row in funnel_table(funnel).to_dict("records"):
        shares = [percent(row[f"triples_{kind}"], whole) for kind in ("alone", "in_order", "left")]
        lost = [f"{row[f'{what}_in_order']:,}" for what in ("customers", "offers")]
        cost = [] if funnel.costs is None else [amount(funnel.costs.rules[row["rule"]])]
        yield [str(row["rule"]), *shares, *lost, *cost]
