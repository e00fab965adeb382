"""Plans a live test of a policy, assigns its customers, and reads its log.

recsys live_test step=plan decisions=LOG lift=.05 out=FOLDER
recsys live_test step=assign plan=FILE stage=pilot customers=FILE out=FILE
recsys live_test step=read plan=FILE decisions=LOG out=FOLDER

`plan` writes live_test.yaml, whose stages are to be given a `starts` when they begin. `assign`
writes the arm of each customer. `read` says `continue`, `widen` or `stop`, and why; it may be run
every day.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.words import Key, key_values, new_folder, whole_number
from recsys.data import columns
from recsys.data.moments import parse_moment
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import whole_file
from recsys.policy.live_tests.draft import draft_plan
from recsys.policy.live_tests.plan import LiveTest
from recsys.policy.live_tests.plan_file import plan_of, read_plan
from recsys.policy.live_tests.reading import Reading, read_log
from recsys.policy.live_tests.tables import (
    read_customers,
    read_decisions,
    read_probabilities,
    read_scores,
)
from recsys.policy.live_tests.uplift import Uplift, uplift
from recsys.policy.live_tests.verdict import verdict
from recsys.reports.live_test.files import PAGE, PICTURE, PLAN, write_folder
from recsys.reports.live_test.plan_report import plan_text
from recsys.reports.live_test.read_report import ReadTest, read_files, read_text
from recsys.reports.live_test.tracked import tracked_plan, tracked_reading

KEYS = {
    "step": Key("what to do: plan, assign or read", "STEP"),
    "decisions": Key("log: a table `decisions` as Parquet or CSV", "FILE"),
    "plan": Key("assign, read: the plan, live_test.yaml", "FILE"),
    "out": Key("folder for page, picture and plan; for assign a .csv or .parquet file", "PATH"),
    "lift": Key("plan: relative gain worth having, as .05", "NUMBER"),
    "name": Key("plan: name of the test", default="live_test"),
    "salt": Key("plan: salt of the assignment (default: the name)", "TEXT"),
    "arms": Key("plan: share of each arm, control group first", default="control:.5,treatment:.5"),
    "stages": Key("plan: share of the customers by stage", default="pilot:.1,half:.5,full:1"),
    "window": Key("plan: days that a customer is measured", default="28"),
    "power": Key("plan: with which a fixed test finds the lift", default=".8"),
    "level": Key("plan: confidence over all treatments together", default=".95"),
    "target": Key("plan: file of decision_id and probability under the new policy", "FILE"),
    "customers": Key("assign: table with customer_id", "FILE"),
    "stage": Key("assign: the stage whose arms are written", "NAME"),
    "at": Key("read: later decisions do not count (default: the last one)", "DATE"),
    "scores": Key("read: file of customer_id and score, for uplift by score", "FILE"),
    **LOG,
}

_NEEDED = {
    "plan": ("decisions", "lift", "out"),
    "assign": ("plan", "customers", "stage", "out"),
    "read": ("plan", "decisions"),
}
_MAY = {
    "plan": ("name", "salt", "arms", "stages", "window", "power", "level", "target", *LOG),
    "assign": (),
    "read": ("at", "scores", "out", *LOG),
}


def main(words: Sequence[str]) -> None:
    """Does one step of a live test.

    Args:
        words: key=value.

    Raises:
        InputError: a word, a file or the plan is wrong, or the output cannot be written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    step = given.get("step", "")
    if step not in _NEEDED:
        raise InputError(f"step: expected {', '.join(_NEEDED)}, got '{step}'")
    missing = [key for key in _NEEDED[step] if key not in given]
    if missing:
        raise InputError(f"step={step} needs {missing[0]}={KEYS[missing[0]].value}")
    typed = [word.partition("=")[0] for word in words]
    unused = [key for key in typed if key not in ("step", *_NEEDED[step], *_MAY[step])]
    if unused:
        raise InputError(f"{unused[0]}= is not read by step={step}; drop it")
    require_log(given)
    {"plan": _plan, "assign": _assign, "read": _read}[step](given)


def _plan(given: dict[str, str]) -> None:
    out = new_folder("out", given["out"])
    decisions = read_decisions(Path(given["decisions"]))
    target = given.get("target")
    draft = draft_plan(
        decisions,
        _number("lift", given["lift"]),
        name=given["name"],
        salt=given.get("salt", given["name"]),
        arms=_shares("arms", given["arms"]),
        stages=_shares("stages", given["stages"]),
        window=whole_number("window", given["window"]),
        power=_number("power", given["power"]),
        level=_number("level", given["level"]),
        probabilities=None if target is None else read_probabilities(Path(target), decisions),
    )
    plan_of(draft.content)  # refuses settings that no plan can have before anything is written
    report = tracked_plan(draft, decisions, given["decisions"])
    write_folder(out, report.files)
    say(*plan_text(draft).split("\n"), "")
    say(f"Plan: {out / PLAN}; page: {out / PAGE}; picture: {out / PICTURE}")
    log_if_wanted(given, lambda: report)


def _assign(given: dict[str, str]) -> None:
    out = Path(given["out"])
    if out.suffix not in (".csv", ".parquet"):
        raise InputError(f"out={out}: expected a name that ends in .csv or .parquet")
    plan = read_plan(Path(given["plan"]))
    names = [stage.name for stage in plan.stages]
    if given["stage"] not in names:
        raise InputError(f"stage: expected one of {', '.join(names)}, got '{given['stage']}'")
    ids = read_customers(Path(given["customers"]))
    arms = plan.assigned(ids.to_numpy(), names.index(given["stage"]))
    labels = np.array([*plan.arms, ""], dtype=object)[arms]
    table = pd.DataFrame({columns.CUSTOMER: ids, "arm": labels})
    with whole_file(out, "out") as file:
        if out.suffix == ".csv":
            table.to_csv(file, index=False)
        else:
            table.to_parquet(file, index=False)
    counts = {arm: int((arms == number).sum()) for number, arm in enumerate(plan.arms)}
    shown = ", ".join(f"{count:,} {arm}" for arm, count in counts.items())
    say(f"{len(ids):,} customers in {out}: {shown}, {int((arms < 0).sum()):,} outside of the test")


def _read(given: dict[str, str]) -> None:
    plan = read_plan(Path(given["plan"]))
    out = new_folder("out", given["out"]) if "out" in given else None
    scores = read_scores(Path(given["scores"])) if "scores" in given else None
    at = parse_moment(given["at"], "at") if "at" in given else None
    decisions = read_decisions(Path(given["decisions"]))
    reading = read_log(plan, decisions, at)
    test = ReadTest(
        plan=plan,
        reading=reading,
        verdict=verdict(plan, reading),
        uplifts={} if scores is None else _uplifts(plan, reading, scores),
    )
    if out is not None:
        write_folder(out, read_files(test))
    say(*read_text(test).split("\n"))
    if out is not None:
        say("", f"Page: {out / PAGE}; picture: {out / PICTURE}")
    log_if_wanted(given, lambda: tracked_reading(test, decisions, given["decisions"]))


def _uplifts(plan: LiveTest, reading: Reading, scores: pd.Series) -> dict[str, Uplift]:
    """Uplift of each treatment among the measured customers."""
    ids = reading.ids.to_series().reset_index(drop=True)
    if pd.api.types.is_integer_dtype(ids.dtype) != pd.api.types.is_integer_dtype(
        scores.index.dtype
    ):
        ids, scores = ids.astype(str), scores.set_axis(scores.index.astype(str))
    known = ids.map(scores).to_numpy("float64")
    measured = reading.customers.is_complete
    if np.isnan(known[measured]).any():
        lacking = ids[measured & np.isnan(known)].iloc[0]
        raise InputError(
            f"scores: expected a score of every customer of the test, got none of {lacking}; "
            "add its row"
        )
    results = {}
    for number, arm in enumerate(plan.treatments, 1):
        compared = measured & np.isin(reading.arms, (0, number))
        results[arm] = uplift(
            known[compared], reading.arms[compared] == number, reading.customers.totals[compared]
        )
    return results


def _number(key: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise InputError(f"{key}: expected a number, got '{text}'") from None


def _shares(key: str, text: str) -> dict[str, float]:
    shares: dict[str, float] = {}
    for part in text.split(","):
        name, colon, share = part.rpartition(":")
        if not colon or not name or name in shares:
            raise InputError(f"{key}: expected NAME:SHARE,... with different names, got '{text}'")
        shares[name] = _number(f"{key}.{name}", share)
    return shares
