"""The ladder as one HTML page that loads nothing from elsewhere."""

from collections.abc import Iterator
from dataclasses import asdict

from recsys.experiments.pairs import LEVEL
from recsys.reports.ladder import picture as pictures
from recsys.reports.ladder.failures import JUDGED_FROM, KNOWN_FROM, SELDOM
from recsys.reports.ladder.ladder import Ladder, Row, rows
from recsys.reports.ladder.offers import EVERY, KINDS
from recsys.reports.ladder.rungs import FEW, RUNGS, segment_column
from recsys.reports.ladder.steps import EVERYBODY
from recsys.reports.ladder.tables import (
    after_table,
    answer_table,
    credit_table,
    failure_table,
    kinds_table,
    rule_table,
    run_table,
    rung_table,
    slice_table,
    step_table,
)
from recsys.reports.ladder.touchpoints import (
    DECAY,
    HALF_LIFE_DAYS,
    LAST,
    LOOK_BACK_DAYS,
    PAUSE_MINUTES,
    REMOVAL,
)
from recsys.reports.ladder.words import ANSWERED, DIMENSIONS, first, notes, of_100, summary
from recsys.reports.rendering import PagePicture, render

PAGE = "ladder.html"
"""File name of the page."""

_METHODS = {
    LAST: "all credit goes to the last contact before.",
    DECAY: f"all contacts before share the credit; one {HALF_LIFE_DAYS} days earlier counts half.",
    REMOVAL: (
        "how many would not have happened if this touchpoint had led nowhere, computed from the "
        "paths that customers take from one touchpoint to the next; scaled so that all "
        "touchpoints make 100."
    ),
}


def ladder_page(ladder: Ladder) -> str:
    """The page as an HTML document.

    It has a summary and the rungs; slices, touchpoints, answers to offers and failures where the
    data have them; rules under a policy; and at the end the methods and the run ids.

    Args:
        ladder: what is shown.
    """
    top = ladder.rungs.top
    return render(
        PAGE,
        title=f"From one list for all to one-to-one: {top.data}",
        facts={"data": top.data, "fingerprint": top.fingerprint[:16], "split": top.split},
        summary=summary(ladder),
        level=f"{LEVEL:.0%}",
        k=ladder.rungs.k,
        list_name=first(ladder),
        metric=ladder.rungs.metric,
        candidates=ladder.rungs.candidates,
        rungs=rung_table(ladder),
        rung_picture=PagePicture(pictures.rungs(ladder), "The figures of the table above as bars"),
        steps=step_table(ladder),
        segment_kinds=kinds_table(ladder),
        firm_column=segment_column(ladder.rungs.runs[RUNGS.index(FEW)]),
        run_ids=run_table(ladder),
        **_slices(ladder),
        **_touchpoints(ladder),
        **_offers(ladder),
        **_rules(ladder),
    )


def _slices(ladder: Ladder) -> dict[str, object]:
    in_slices = ladder.steps[ladder.steps["dimension"] != EVERYBODY[0]]
    if in_slices.empty:
        return {"slice_tables": []}
    dimensions = set(in_slices["dimension"])
    alt = "The gains of the tables below, with intervals"
    return {
        "slice_tables": [slice_table(ladder, name) for name in DIMENSIONS if name in dimensions],
        "slice_comparisons": len(in_slices),
        "slice_notes": notes(ladder),
        "slice_picture": PagePicture(pictures.slices(ladder), alt),
    }


def _touchpoints(ladder: Ladder) -> dict[str, object]:
    if ladder.unattributed is None:
        return {"unattributed": None}
    values: dict[str, object] = {
        "unattributed": of_100(asdict(ladder.unattributed), "mean"),
        "credit": None,
    }
    if pictures.has_shares(ladder):
        alt = "The shares of the table above, with intervals"
        values |= {
            "credit": credit_table(ladder),
            "credit_picture": PagePicture(pictures.credit(ladder), alt),
            "credit_methods": list(_credit_methods(ladder)),
        }
    return values


def _credit_methods(ladder: Ladder) -> Iterator[str]:
    methods = ladder.credit["method"].unique()
    for name in methods:
        yield f"{name.capitalize()}: {_METHODS[name]}"
    if DECAY in methods:
        yield (
            f"Contacts more than {LOOK_BACK_DAYS} days before do not count. Contacts at one "
            f"touchpoint at most {PAUSE_MINUTES} minutes apart are one visit."
        )


def _offers(ladder: Ladder) -> dict[str, object]:
    if not ladder.offers:
        return {"offers": None}
    tables = [answer_table(ladder, kind) for kind in KINDS]
    answers = {answer: rows(ladder.answers, kind=EVERY, answer=answer) for answer in ANSWERED}
    failed = {answer: rows(ladder.failures, reason=answer) for answer in ANSWERED}
    return {
        "offers": f"{ladder.offers:,}",
        "answers": ", ".join(_answered(answers, "mean")),
        "answer_tables": [table for table in tables if table is not None],
        "failed_answers": " and ".join(_answered(failed, "share")),
        "failures": failure_table(ladder),
        "usual_from": KNOWN_FROM,
        "seldom": f"{SELDOM:.0%}",
        "judged_from": JUDGED_FROM,
    }


def _rules(ladder: Ladder) -> dict[str, object]:
    after = ladder.after_rules
    if after is None:
        return {"policy": None}
    return {
        "policy": after.policy,
        "policy_version": after.version,
        "worth": after.worth,
        "after": after_table(ladder),
        "rules": rule_table(ladder),
    }


def _answered(rows_of: dict[str, list[Row]], column: str) -> Iterator[str]:
    """For each answer how many of 100 offers got it."""
    for answer, of_answer in rows_of.items():
        for row in of_answer:
            yield f"{of_100(row, column)} were {ANSWERED[answer]}"
