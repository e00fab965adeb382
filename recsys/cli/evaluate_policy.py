"""Tells what another policy would have earned, from decisions with logged propensities.

recsys evaluate_policy decisions=decisions.parquet target=policy.parquet
recsys evaluate_policy decisions=decisions.parquet target=uniform versus=policy.parquet out=FOLDER
recsys evaluate_policy decisions=decisions.parquet policy=explore target=policy:segment by=month

A target is a file with the columns decision_id, offer_id and probability (without offer_id: that of
the logged offer), uniform over the offers of a cell, or the shares of offers that a policy of the
table (policy:NAME) or another log (log:FILE) made in each cell, or an artifact (artifact:FOLDER)
that takes the best offer, or explores (choose=). Prints every estimator with its interval, keeps
page, picture and tables in MLflow and, with out=FOLDER, writes them there.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import cast

import pandas as pd

from recsys.cli.policy_data import DATA, decisions_of
from recsys.cli.run_keys import STORE, store_of
from recsys.cli.words import Key, key_values, new_folder, truth, whole_number
from recsys.errors import InputError
from recsys.evaluation.off_policy.intervals import Method
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.ops.whole_numbers import parse_whole_number
from recsys.reports.off_policy.artifact_policy import DROP, GREEDY, REFUSE
from recsys.reports.off_policy.decision_log import EvaluatedLog, decision_log
from recsys.reports.off_policy.features import read_features
from recsys.reports.off_policy.page import PAGE, PICTURE, report_files
from recsys.reports.off_policy.report import PolicyReport, ReportSettings, policy_report
from recsys.reports.off_policy.targets import target_of, without_unoffered
from recsys.reports.off_policy.tracked import tracked_policy_report
from recsys.reports.off_policy.words import summary
from recsys.tracking.report import log_standalone
from recsys.tracking.store import TrackConfig

KEYS = {
    **DATA,
    "target": Key("the policy to evaluate", "FILE|uniform|..."),
    "versus": Key("a second policy, to compare with the first", "FILE|uniform|..."),
    "choose": Key("of an artifact: greedy, epsilon:NUMBER or softmax:NUMBER", default="greedy"),
    "unoffered": Key("decisions in which an artifact offers nothing: refuse, drop", default=REFUSE),
    "policy": Key("only decisions of this policy", "NAME"),
    "touchpoint": Key("only decisions at this touchpoint", "NAME"),
    "by": Key("columns and month, week or day that make a cell; none", default="touchpoint"),
    "reward": Key("accept (1 if accepted, else 0), or reward (the column)", default="accept"),
    "customers": Key("false takes each decision as independent", default="true"),
    "features": Key("numbers by decision_id or customer_id, for the reward model", "FILE"),
    "reward_model": Key("ridge, or mean of each offer", default="ridge"),
    "folds": Key("parts of the log for the reward model", default="5"),
    "estimators": Key("names, as snips,dr (default: all that fit)", "NAME,..."),
    "interval": Key("bootstrap or normal", default="bootstrap"),
    "resamples": Key("of the bootstrap", default="1000"),
    "level": Key("confidence of the intervals", default="0.95"),
    "minimum_effective": Key("smallest effective sample", default="100"),
    "max_unsupported": Key("largest share of a policy that the log never made", default="0"),
    "seed": Key("of folds and resampling", default="0"),
    "out": Key("where to write the page, the picture and the tables as well", "FOLDER"),
    "experiment": Key("MLflow experiment for the page", default=TrackConfig().experiment),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Evaluates one or two policies, prints the result and keeps it in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, a cell cannot be used, or the log does not carry a policy.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if "target" not in given:
        raise InputError("say target=FILE, uniform, policy:NAME or log:FILE: which policy?")
    out = new_folder("out", given["out"]) if "out" in given else None
    settings = _settings(given)
    keys = [key for key in ("target", "versus") if key in given]
    _check_artifact_keys(given, [given[key] for key in keys])
    name, table = decisions_of(given)
    decisions = _log(given, table)
    targets = [
        target_of(key, given[key], decisions, given["choose"], given["unoffered"]) for key in keys
    ]
    decisions, targets = without_unoffered(decisions, targets)
    features = None
    if "features" in given:
        features = read_features(Path(given["features"]), decisions.frame)
    report = policy_report(name, decisions, targets, settings, features)
    _print(report)
    files, sentences = report_files(report), summary(report)
    if out is not None:
        for file, content in files.items():
            write_whole(out / file, content, "out")
        say(f"Page: {out / PAGE}; picture: {out / PICTURE}; tables: CSV files beside them")
    used = {key: value for key, value in given.items() if key not in ("track.uri", "out")}
    kept = tracked_policy_report(report, table, used, files, sentences)
    track = TrackConfig(uri=store_of(given).uri, experiment=given["experiment"])
    run_id = log_standalone(kept, track)
    say(f"Page, picture and tables are also in MLflow: run {run_id}")


def _check_artifact_keys(given: Mapping[str, str], targets: Sequence[str]) -> None:
    if given["unoffered"] not in (REFUSE, DROP):
        raise InputError(f"unoffered: expected {REFUSE} or {DROP}, got '{given['unoffered']}'")
    if any(target.startswith("artifact:") for target in targets):
        return
    for key, default in (("choose", GREEDY), ("unoffered", REFUSE)):
        if given[key] != default:
            raise InputError(f"{key}={given[key]} is for target=artifact:FOLDER; leave it out")


def _settings(given: Mapping[str, str]) -> ReportSettings:
    if given["interval"] not in ("bootstrap", "normal"):
        raise InputError(f"interval: expected bootstrap or normal, got '{given['interval']}'")
    seed = parse_whole_number(given["seed"])
    if seed is None or seed < 0:
        raise InputError(f"seed: expected a whole number from 0, got '{given['seed']}'")
    return ReportSettings(
        estimators=given["estimators"].split(",") if "estimators" in given else None,
        reward_model=given["reward_model"],
        folds=whole_number("folds", given["folds"]),
        interval=cast(Method, given["interval"]),
        resamples=whole_number("resamples", given["resamples"]),
        level=_number(given, "level", 0, 1),
        minimum_effective=_number(given, "minimum_effective", 0, float("inf")),
        max_unsupported=_number(given, "max_unsupported", 0, 1),
        seed=seed,
    )


def _number(given: Mapping[str, str], key: str, low: float, high: float) -> float:
    try:
        value = float(given[key])
    except ValueError:
        value = float("nan")
    if not low <= value <= high:
        most = "" if high == float("inf") else f" to {high:g}"
        raise InputError(f"{key}: expected a number from {low:g}{most}, got '{given[key]}'")
    return value


def _log(given: Mapping[str, str], table: pd.DataFrame) -> EvaluatedLog:
    return decision_log(
        table,
        by=[] if given["by"] == "none" else given["by"].split(","),
        policy=given.get("policy"),
        touchpoint=given.get("touchpoint"),
        reward=given["reward"],
        are_customers_independent=truth("customers", given["customers"]),
    )


def _print(report: PolicyReport) -> None:
    for target, value in zip(report.targets, report.values, strict=True):
        say("", f"{target.name}: {target.about}", *repr(value).split("\n"))
    say("", *summary(report))
