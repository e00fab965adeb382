"""Fits champion and challengers on the new windows and compares them on test."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from recsys.errors import InputError
from recsys.experiments.pairs import aligned_tables
from recsys.experiments.retrain.decision import Decision, decide
from recsys.experiments.retrain.members import CHAMPION, Member, fit_member, refuse_equal_labels
from recsys.experiments.retrain.step import Step
from recsys.experiments.retrain.stored_answers import stored_answers
from recsys.experiments.retrain.windows import CutOffs
from recsys.experiments.run import load as load_split
from recsys.experiments.stored_settings import stored_settings
from recsys.serving import load
from recsys.tracking.pseudonyms import pseudonyms
from recsys.tracking.read import TrackedRun, runs
from recsys.tracking.retrainings import comparisons_on


def members_of(step: Step) -> list[Member]:
    """The champion's settings, or those of the first champion, and then the challengers.

    Raises:
        InputError: a challenger is unknown, or named twice.
    """
    model = step.plain["names"]["model"]
    members = [
        Member(label=CHAMPION, model=model, settings=step.plain["model"]),
        *(_challenger(step, word) for word in step.config.challengers),
    ]
    refuse_equal_labels(members)
    return members


def fit_all(step: Step, members: Sequence[Member], windows: CutOffs) -> dict[str, TrackedRun]:
    """Label -> finished run; all settings are built before the first fit.

    Raises:
        InputError: a setting is wrong, the runs do not measure the metric, or a fit fails.
    """
    settings = [step.settings(member, windows) for member in members]
    choosable = settings[0].evaluate.choosable
    if step.config.metric not in choosable:
        raise InputError(
            f"metric={step.config.metric}: expected one of {', '.join(choosable)}, which the runs "
            "measure"
        )
    return {
        member.label: fit_member(member, own, step.retraining, step.track, step.state)
        for member, own in zip(members, settings, strict=True)
    }


def compare(step: Step, fitted: dict[str, TrackedRun], windows: CutOffs, folder: Path) -> Decision:
    """Decides between the fitted models and the champion's artifact.

    Args:
        step: of the retraining.
        fitted: label -> run, the champion's settings first.
        windows: of the runs.
        folder: of the champion's artifact.
    """
    metric = step.config.metric
    tables = [(f"run {run.run_id}", run.per_query("test")) for run in fitted.values()]
    tables.append(("the champion's artifact", _answers(step, windows, folder)))
    by_column, customers = aligned_tables(tables, [metric])
    *columns, stored = by_column[metric].T
    return decide(
        dict(zip(fitted, columns, strict=True)),
        stored,
        customers,
        {label: run.intervals("valid")[metric].mean for label, run in fitted.items()},
        comparisons_on(step.retraining, step.track, step.config.name),
    )


def _challenger(step: Step, word: Member | str) -> Member:
    if isinstance(word, Member):
        return word
    try:
        run = runs(step.track, run_ids=[word])[0]
    except InputError as error:
        raise InputError(
            f"challengers: expected files of conf/model or ids of runs, got '{word}' ({error})"
        ) from None
    return Member(label=run.run_id[:8], model=run.model, settings=stored_settings(run)["model"])


def _answers(step: Step, windows: CutOffs, folder: Path) -> pd.DataFrame:
    """Metrics by query of the champion's artifact on test, as runs keep theirs."""
    settings = step.settings(members_of(step)[0], windows)
    data, split = load_split(settings.source, settings.splitter, settings.identity)
    answers = stored_answers(load(folder, exact=True), split.test, settings.evaluate)
    hidden = pseudonyms(step.track.pseudonyms)
    ids = data.customers.ids[answers.customers].tolist()
    return answers.table(hidden.of(ids) if hidden else ids)
