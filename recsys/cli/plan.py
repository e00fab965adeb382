"""Plans two steps for each customer: an offer now, and after each answer the best one later.

recsys plan artifact=FOLDER decisions=LOG out=plans.parquet
recsys plan artifact=FOLDER decisions=LOG at=2025-12-31 horizon=28 page=plans.html
recsys plan artifact=FOLDER decisions=LOG customer=ID

How often offers are rejected, and what an answer tells of the next one, is learned from the log;
its contacts count. All contact rules of the artifact's policy hold for both steps; capacities and
budgets of a day are for recsys decide.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from recsys.cli.customer_files import OUT, TABLES, WITH_PAGE, write_page, write_table
from recsys.cli.policy_artifact import artifact_of
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.words import Key, key_values, named_file, number_within, truth, whole_number
from recsys.data import columns
from recsys.data.check import check_table
from recsys.data.interactions import seconds
from recsys.errors import InputError
from recsys.journeys.plans.learn import learn_after_effects
from recsys.ops.terminal import say
from recsys.reports.off_policy.decision_log import read_table
from recsys.reports.plans.report import (
    PAGE,
    PlanReport,
    figures,
    plan_page,
    plan_table,
    plan_text,
    plans_shown,
    summary,
)
from recsys.reports.rendering import plain
from recsys.serving import Artifact
from recsys.serving.artifact import times
from recsys.serving.decide.booked import read_booked
from recsys.serving.decide.inbound import require_policy
from recsys.serving.decide.planned_touchpoints import planned_touchpoints
from recsys.serving.decide.step_plans import Steps
from recsys.serving.decide.two_steps import plan_two_steps
from recsys.tracking.report import Report

_WAITS = (1, 2, 3, 5, 7, 10, 14, 21, 28, 42, 56, 84)
"""Days until the second step that are tried, as far as the horizon reaches."""

KEYS = {
    "artifact": Key("artifact that was exported with policy=", "FOLDER"),
    "decisions": Key("log of decisions with outcomes (.parquet or .csv)", "LOG"),
    "at": Key("when the day of the first step begins (default: now)", "DATE"),
    "steps": Key("1 or 2", default="2"),
    "horizon": Key("days until the last day of a second step, 1 to 84", default="28"),
    "fade": Key("share of its value that an offer loses a day", default="0.01"),
    "effects": Key("true lets answers change the odds of the second step", default="false"),
    "touchpoints": Key("to plan for, or all (default: where the firm makes contact)", "NAME,..."),
    "policy": Key("other limits and quiet hours", "FILE"),
    "levers": Key("factors of customers on offers, see docs/arbitration.md", "FILE"),
    "customer": Key("print the plan of one customer instead", "ID"),
    **OUT,
    **WITH_PAGE,
    **LOG,
}


def main(words: Sequence[str]) -> None:
    """Prints plans, writes them and a page, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word, the artifact or the log is not usable, or a file cannot be written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    for key, name in (("artifact", "FOLDER"), ("decisions", "LOG")):
        if key not in given:
            raise InputError(f"say {key}={name}; plans need the artifact and a log with outcomes")
    out, page = named_file(given, "out", TABLES), named_file(given, "page", (".html",))
    waits, fade = _waits(given), number_within("fade", given["fade"], 0.0, 0.5)
    told = truth("effects", given["effects"])
    require_log(given)
    artifact = artifact_of(given)
    report = _report(artifact, given, waits, fade, told)
    if "customer" in given:
        say(*_one(given["customer"], report))
    else:
        say(*plan_text(report))
    write_table(out, lambda: report.table, "out", "Plans")
    write_page(page, lambda: plan_page(report))
    log_if_wanted(
        given,
        lambda: Report(
            kind="plan",
            name="two-step plans",
            note=f"Two-step plans\n\n{summary(report)}",
            params={key: given[key] for key in ("steps", "horizon", "fade", "effects")},
            metrics=figures(report),
            files={PAGE: plan_page(report).encode()},
        ),
    )


def _waits(given: Mapping[str, str]) -> list[int]:
    steps, horizon = (whole_number(key, given[key]) for key in ("steps", "horizon"))
    if steps > 2:
        raise InputError(f"steps: expected 1 or 2, got {steps}")
    if horizon > _WAITS[-1]:
        raise InputError(f"horizon: expected 1 to {_WAITS[-1]} days, got {horizon}")
    return [wait for wait in _WAITS if wait <= horizon] if steps == 2 else []


def _report(
    artifact: Artifact, given: Mapping[str, str], waits: Sequence[int], fade: float, told: bool
) -> PlanReport:
    contents, path = artifact.contents, Path(given["decisions"])
    part = require_policy(contents)
    moment = contents.moment(given.get("at"))
    start = times.now() if moment is None else moment
    names = list(contents.touchpoints.names)
    wanted = given["touchpoints"].split(",") if "touchpoints" in given else None
    used = planned_touchpoints(names, part.rules.outbound, wanted)
    log = check_table("decisions", read_table("decisions", path))
    # Only what had happened is learned from.
    log = log[log[columns.TIMESTAMP].notna()]
    effects = learn_after_effects(log[seconds(log[columns.TIMESTAMP]) < start], names)
    rules = read_booked(path, contents, artifact.customers).added_to(part.rules)
    steps = Steps(start=start, waits=waits, fade=fade)
    logits = artifact.decision_logits
    best, greedy = plan_two_steps(
        contents, logits, rules, steps, effects if told else effects.silent(), used
    )
    return PlanReport(
        steps=steps,
        effects=effects,
        told=told,
        table=plan_table(contents, logits, rules, steps, best, greedy),
    )


def _one(customer: str, report: PlanReport) -> list[str]:
    """Lines on the plan of one customer.

    Raises:
        InputError: the artifact does not know it.
    """
    found: pd.DataFrame = report.table[report.table[columns.CUSTOMER].astype(str) == customer]
    if found.empty:
        raise InputError(
            f"customer: expected one of the {len(report.table):,} customers of the artifact, got "
            f"'{customer}'"
        )
    shown = plans_shown(found)
    pairs = zip(shown.head, shown.rows[0], strict=True)
    return [f"{plain(head)}: {plain(cell)}" for head, cell in pairs]
