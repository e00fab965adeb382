"""The tables of the ladder page; all figures are percentages with their intervals."""

from math import isfinite

from recsys.evaluation.permitted import HITS, VALUE
from recsys.reports.comparison.words import times
from recsys.reports.ladder.ladder import Ladder, Row, rows
from recsys.reports.ladder.rungs import ONE, RUNGS
from recsys.reports.ladder.steps import EVERYBODY
from recsys.reports.ladder.words import (
    ANSWERED,
    CALLED,
    DIMENSIONS,
    amount,
    first,
    named_slice,
    of_100,
)
from recsys.reports.rendering import MARKS, Cells, PageTable, TableCell, verdict_cell

SHOWN = 12
"""Touchpoints that a table has room for, those that earned most; attribution.csv has all."""


def rung_table(ladder: Ladder) -> PageTable:
    """Each rung with its figure."""
    rates = rows(ladder.rates, dimension=EVERYBODY[0])
    lines: list[Cells] = [
        [
            f"{row['rung']}: {CALLED[row['rung']]}",
            _left(run.model),
            of_100(row, "mean"),
        ]
        for row, run in zip(rates, ladder.rungs.runs, strict=True)
    ]
    head: Cells = [
        "rung",
        _left("model"),
        f"of 100 customers with the right product in {first(ladder)}",
    ]
    return PageTable(f"{rates[0]['customers']:,} customers", head, lines[::-1])


def step_table(ladder: Ladder) -> PageTable:
    """What each rung gains over those below it."""
    lines: list[Cells] = [
        [
            f"{CALLED[row['rung']]} over {CALLED[row['below']]}",
            of_100(row, "difference", "+"),
            times(row["lift"], row["lift_low"], row["lift_high"]) if isfinite(row["lift"]) else "",
            verdict_cell(row["verdict"], style="left"),
        ]
        for row in rows(ladder.steps, dimension=EVERYBODY[0])
    ]
    head: Cells = ["step", "more of 100 customers", "times as many", _left("verdict")]
    return PageTable("The same customers, compared one by one", head, lines[::-1])


def kinds_table(ladder: Ladder) -> PageTable | None:
    """Each kind of segments, and one-to-one over it; None where there is one kind."""
    if ladder.segment_kinds.empty:
        return None
    lines: list[Cells] = []
    for row in rows(ladder.segment_kinds):
        lines.append(
            [
                f"by {row['segments']}",
                of_100(row, "mean"),
                of_100(row, "difference", "+"),
                times(row["lift"], row["lift_low"], row["lift_high"])
                if isfinite(row["lift"])
                else "",
                verdict_cell(row["verdict"], style="left"),
            ]
        )
    head: Cells = [
        "segments", f"right in {first(ladder)} for so many of 100", "more with one-to-one offers",
        "times as many", _left("verdict on one-to-one"),
    ]  # fmt: skip
    return PageTable("Every kind of segments, and one-to-one offers over it", head, lines)


def slice_table(ladder: Ladder, dimension: str) -> PageTable:
    """The rungs and both steps in every slice of a dimension."""
    lines: list[Cells] = []
    for row in rows(ladder.steps, dimension=dimension, rung=ONE):
        part = {"dimension": dimension, "slice": row["slice"]}
        name = named_slice(ladder, dimension, row["slice"])
        lines.append(
            [
                TableCell(name, f"{row['customers']:,} customers"),
                *(_two_lines(of_100(rate, "mean")) for rate in rows(ladder.rates, **part)),
                *(_step_cell(step) for step in rows(ladder.steps, **part)),
            ]
        )
    head = [
        DIMENSIONS[dimension], *(CALLED[rung] for rung in RUNGS),
        "segments over one list", "one-to-one over segments",
    ]  # fmt: skip
    caption = f"Of 100 customers with the right product in {first(ladder)}"
    return PageTable(caption, head, lines, "wide")


def credit_table(ladder: Ladder) -> PageTable:
    """Shares of the touchpoints by each method."""
    touchpoints = list(dict.fromkeys(ladder.credit["touchpoint"]))
    lines: list[Cells] = []
    for name in touchpoints[:SHOWN]:
        shares = rows(ladder.credit, touchpoint=name)
        figures = [of_100(row, "share") for row in shares]
        lines.append([name, f"{shares[0]['contacts']:,}", *figures])
    count = len(touchpoints)
    left_out = f"; the {SHOWN} of {count} that earned most" if count > SHOWN else ""
    caption = f"Of 100 purchases and acceptances that a contact came before{left_out}"
    methods = dict.fromkeys(ladder.credit["method"])
    return PageTable(caption, ["touchpoint", "visits and offers", *methods], lines)


def answer_table(ladder: Ladder, kind: str) -> PageTable | None:
    """How offers were answered in each group of a kind; None where there is one group only."""
    lines: list[Cells] = []
    for row in rows(ladder.answers, kind=kind, answer="accept"):
        group = {part["answer"]: part for part in rows(ladder.answers, kind=kind, name=row["name"])}
        figures = [of_100(group[answer], "mean") for answer in ANSWERED]
        lines.append([row["name"], f"{row['offers']:,}", *figures])
    head = [kind, "offers", *ANSWERED.values()]
    return PageTable(f"Of 100 offers, by {kind}", head, lines) if len(lines) > 1 else None


def failure_table(ladder: Ladder) -> PageTable:
    """Traits of offers that failed, and the acceptance beside them."""
    lines: list[Cells] = [
        [
            row["reason"],
            f"{row['offers']:,} of {row['known']:,}",
            *(of_100(row, name) for name in ("share", "with", "without")),
            of_100(row, "difference", "+"),
        ]
        for row in rows(ladder.failures)
        if row["reason"] not in ANSWERED
    ]
    head = [
        "about the offer", "offers it holds for", "of 100 that failed", "accepted where it holds",
        "accepted where not", "difference",
    ]  # fmt: skip
    return PageTable("Of 100 offers of which it is known; one offer may have several", head, lines)


def after_table(ladder: Ladder) -> PageTable:
    """Each rung before and after the rules, in hits and in value."""
    assert ladder.after_rules is not None
    after = ladder.after_rules.rungs
    lines: list[Cells] = []
    for rung in reversed(RUNGS):
        (hits,), (value,) = (rows(after, rung=rung, measure=name) for name in (HITS, VALUE))
        lines.append(
            [
                CALLED[rung],
                *(of_100(hits, name) for name in ("free", "left")),
                of_100(hits, "taken", "+"),
                *(amount(value, name) for name in ("free", "left")),
                amount(value, "taken", "+"),
            ]
        )
    head: Cells = [
        "rung", "right for so many of 100", "under the rules", "taken away",
        "value a customer", "under the rules", "taken away",
    ]  # fmt: skip
    return PageTable(f"Right products in {first(ladder)}, before and after all rules", head, lines)


def rule_table(ladder: Ladder) -> PageTable:
    """What each rule costs one-to-one offers, the dearest first."""
    assert ladder.after_rules is not None
    costs = ladder.after_rules.rules
    hits = rows(costs[costs["measure"] == HITS].sort_values("cost", ascending=False, kind="stable"))
    value = {row["rule"]: row for row in rows(costs, measure=VALUE)}
    lines: list[Cells] = [
        [row["rule"], of_100(row, "cost", "+"), amount(value[row["rule"]], "cost", "+")]
        for row in hits
    ]
    head: Cells = ["rule", "of 100 customers", "value a customer"]
    return PageTable("What one-to-one offers would gain without one rule, the others kept", head,
                     lines)  # fmt: skip


def run_table(ladder: Ladder) -> PageTable:
    """Run ids."""
    lines: list[Cells] = [
        [rung, _left(run.model), TableCell(run.run_id, style="left code")]
        for rung, run in zip(RUNGS, ladder.rungs.runs, strict=True)
    ]
    return PageTable("Runs in MLflow", ["rung", _left("model"), _left("run id")], lines)


def _left(text: str) -> TableCell:
    return TableCell(text, style="left")


def _two_lines(figure: str) -> TableCell:
    """A figure with its interval below it."""
    mean, _, ends = figure.partition(" ")
    return TableCell(mean, ends)


def _step_cell(step: Row) -> TableCell:
    verdict = step["verdict"]
    mean, _, ends = of_100(step, "difference", "+").partition(" ")
    return TableCell(f"{MARKS[verdict]} {verdict} {mean}", ends, verdict)
