"""The tables of the ladder page; all figures are so many of 100, with their intervals."""

from math import isfinite

from recsys.reports.comparison.markup import Markup, table, text
from recsys.reports.comparison.words import MARKS, times
from recsys.reports.ladder.ladder import Ladder
from recsys.reports.ladder.rows import Row, rows
from recsys.reports.ladder.rungs import ONE, RUNGS
from recsys.reports.ladder.steps import EVERYBODY
from recsys.reports.ladder.words import ANSWERED, CALLED, DIMENSIONS, first, named_slice, of_100

SHOWN = 12
"""Touchpoints that a table has room for, those that earned most; attribution.csv has all."""


def rung_table(found: Ladder) -> Markup:
    """Each rung with its figure."""
    rates = rows(found.rates, dimension=EVERYBODY[0])
    lines = [
        [
            f"{row['rung']}: {CALLED[row['rung']]}",
            Markup(f'<td class="left">{text(run.model)}</td>'),
            of_100(row, "mean"),
        ]
        for row, run in zip(rates, found.rungs.runs, strict=True)
    ]
    head = ["rung", "model", f"of 100 customers with the right product in {first(found)}"]
    return table(f"{rates[0]['customers']:,} customers", head, reversed(lines))


def step_table(found: Ladder) -> Markup:
    """What each rung gains over those below it."""
    lines = [
        [
            f"{CALLED[row['rung']]} over {CALLED[row['below']]}",
            of_100(row, "difference", "+"),
            times(row["lift"], row["lift_low"], row["lift_high"]) if isfinite(row["lift"]) else "",
            _verdict_alone(row["verdict"]),
        ]
        for row in rows(found.steps, dimension=EVERYBODY[0])
    ]
    head = ["step", "more of 100 customers", "times as many", "verdict"]
    return table("The same customers, compared one by one", head, reversed(lines))


def slice_table(found: Ladder, dimension: str) -> Markup:
    """The rungs and both steps in every slice of a dimension."""
    lines = []
    for row in rows(found.steps, dimension=dimension, rung=ONE):
        part = {"dimension": dimension, "slice": row["slice"]}
        name = text(named_slice(found, dimension, row["slice"]))
        lines.append(
            [
                Markup(f"{name}<small>{row['customers']:,} customers</small>"),
                *(_two_lines(of_100(rate, "mean")) for rate in rows(found.rates, **part)),
                *(_verdict(step) for step in rows(found.steps, **part)),
            ]
        )
    head = [
        DIMENSIONS[dimension], *(CALLED[rung] for rung in RUNGS),
        "segments over one list", "one-to-one over segments",
    ]  # fmt: skip
    return table(f"Of 100 customers with the right product in {first(found)}", head, lines, "wide")


def credit_table(found: Ladder) -> Markup:
    """Shares of the touchpoints by each method."""
    every = list(dict.fromkeys(found.credit["touchpoint"]))
    lines = []
    for name in every[:SHOWN]:
        shares = rows(found.credit, touchpoint=name)
        figures = [of_100(row, "share") for row in shares]
        lines.append([name, f"{shares[0]['contacts']:,}", *figures])
    left_out = f"; the {SHOWN} that earned most of {len(every)}" if len(every) > SHOWN else ""
    caption = f"Of 100 purchases and acceptances that a contact came before{left_out}"
    methods = dict.fromkeys(found.credit["method"])
    return table(caption, ["touchpoint", "visits and offers", *methods], lines)


def answer_table(found: Ladder, kind: str) -> Markup:
    """How offers were answered in each group of a kind; empty where there is but one group."""
    lines = []
    for row in rows(found.answers, kind=kind, answer="accept"):
        group = {one["answer"]: one for one in rows(found.answers, kind=kind, name=row["name"])}
        figures = [of_100(group[answer], "mean") for answer in ANSWERED]
        lines.append([row["name"], f"{row['offers']:,}", *figures])
    head = [kind, "offers", *ANSWERED.values()]
    return table(f"Of 100 offers, by {kind}", head, lines) if len(lines) > 1 else Markup()


def failure_table(found: Ladder) -> Markup:
    """Traits of offers that failed, and the acceptance beside them."""
    lines = [
        [
            row["reason"],
            f"{row['offers']:,} of {row['known']:,}",
            *(of_100(row, name) for name in ("share", "with", "without")),
            of_100(row, "difference", "+"),
        ]
        for row in rows(found.failures)
        if row["reason"] not in ANSWERED
    ]
    head = [
        "about the offer", "offers it holds for", "of 100 that failed", "accepted where it holds",
        "accepted where not", "difference",
    ]  # fmt: skip
    return table("Of 100 offers of which it is known; one offer may have several", head, lines)


def run_table(found: Ladder) -> Markup:
    """Run ids."""
    lines = [
        [
            rung,
            run.model,
            Markup(f'<td class="left"><code>{text(run.run_id)}</code></td>'),
        ]
        for rung, run in zip(RUNGS, found.rungs.runs, strict=True)
    ]
    return table("Runs in MLflow", ["rung", "model", "run id"], lines)


def _verdict(step: Row) -> Markup:
    verdict = step["verdict"]
    figure = _two_lines(of_100(step, "difference", "+"))
    return Markup(f'<td class="{verdict}">{MARKS[verdict]} {verdict} {figure}</td>')


def _verdict_alone(verdict: str) -> Markup:
    return Markup(f'<td class="{verdict} left">{MARKS[verdict]} {verdict}</td>')


def _two_lines(figure: str) -> Markup:
    """The ends of the interval below the mean."""
    mean, _, ends = figure.partition(" ")
    return Markup(f"{text(mean)}<small>{text(ends)}</small>")
