"""A retraining, step by step; a second call goes on where a killed one ended."""

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from recsys.data.check import check_tables
from recsys.data.fingerprint import fingerprint
from recsys.data.interactions import SECOND
from recsys.data.source import Source, load_tables
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.experiments.config import build_part
from recsys.experiments.retrain import report
from recsys.experiments.retrain.champion import (
    Champion,
    current_champion,
    former_profile,
    learned_until,
    trained_version,
)
from recsys.experiments.retrain.comparison import compare, fit_all, members_of
from recsys.experiments.retrain.config import ALL, RetrainConfig, Retrained
from recsys.experiments.retrain.data_checks import check_data
from recsys.experiments.retrain.data_profile import DataProfile, data_profile
from recsys.experiments.retrain.decision import Decision
from recsys.experiments.retrain.members import CHAMPION, LoadedSource
from recsys.experiments.retrain.promotion import promote_winner
from recsys.experiments.retrain.step import Step
from recsys.experiments.retrain.windows import Lengths, cut_offs, lengths_of_split
from recsys.serving import load
from recsys.tracking import retrainings
from recsys.tracking.champion_folder import fetch
from recsys.tracking.retraining_state import clear_state, own_state, retraining_lock
from recsys.tracking.retrainings import KEPT, PROMOTED, REFUSED, Retraining
from recsys.tracking.store import TrackConfig

_FIRST = Lengths(valid_days=28, test_days=28)
"""Windows of a first champion."""


def retrain(config: RetrainConfig, track: TrackConfig) -> Retrained:
    """Checks the new data, fits champion and challengers on them, decides and promotes.

    Args:
        config: what is asked for.
        track: where runs and the registry are.

    Raises:
        InputError: the data are refused, there is no champion, another retraining of the model
            runs, or a setting is wrong. The champion then stays.
    """
    with retraining_lock(track, config.name):
        base = current_champion(track, config.name)
        if base is None and config.first is None:
            raise InputError(
                f"model_name={config.name}: there is no champion to retrain; say model=NAME for "
                "the first one, or make it with recsys train, export and promote"
            )
        data = config.move_data(None if base is None else base.config["data"])
        source: Source = build_part(data, "data", config.allow)
        loaded = LoadedSource(source, load_tables(source))
        checked = check_tables(loaded.tables)
        content = fingerprint(source, checked)
        before = _known(config, track, config.digest(content), base)
        if before is not None and before.is_finished:
            return _again(before, base)
        if before is not None and base is not None and before.made == base.version.version:
            done = _finished(before, PROMOTED, before.made)
        else:
            done = _carried_out(_step(config, track, base, loaded, data, content, before), checked)
        clear_state(track, config.name)
        return done


def _step(
    config: RetrainConfig,
    track: TrackConfig,
    base: Champion | None,
    loaded: LoadedSource,
    data: Mapping[str, Any],
    content: str,
    before: Retraining | None,
) -> Step:
    """The retraining to carry out: that of a killed call, or a new one."""
    plain = dict(base.config if base is not None else config.first or {})
    name = config.data_name or plain["names"]["data"]
    names = {**plain["names"], "data": name, "split": "time", "experiment": None}
    within = track if base is None else base.track
    request = config.digest(content)
    token = _token(config.name, request, base)
    about = {"request": request, "fingerprint": content}
    return Step(
        config=config,
        base=base,
        track=within,
        source=loaded,
        plain={**plain, "data": dict(data), "names": names},
        retraining=before or _begun(config, within, base, token, about),
        state=own_state(track, config.name, token),
    )


def _carried_out(step: Step, checked: Tables) -> Retrained:
    try:
        return _decided(step, checked)
    except InputError as error:
        with suppress(InputError):
            retrainings.finish(step.retraining, {"decision": REFUSED, "because": str(error)})
        raise


def _decided(step: Step, checked: Tables) -> Retrained:
    config = step.config
    profile = data_profile(step.source, checked)
    last = _check(step, profile, checked)
    retrainings.log_profile(step.retraining, profile.plain())
    del checked
    with TemporaryDirectory() as temporary:
        former = until = None
        if step.base is not None:
            former = fetch(
                step.track, config.name, trained_version(step.base, config.name), Path(temporary)
            )
            until = learned_until(load(former, exact=True), SECOND)
        lengths = _lengths(step, last, until)
        windows = cut_offs(lengths, profile.end, until)
        settings = report.params(config, lengths, windows)
        retrainings.log_figures(step.retraining, settings, {})
        fitted = fit_all(step, members_of(step), windows)
        decision = Decision(kind="first", label=CHAMPION)
        if former is not None:
            decision = compare(step, fitted, windows, former)
        version = ""
        _log(step, decision)
        if decision.kind != "keep" and not config.dry_run:
            version = promote_winner(step, decision, fitted[decision.label], former)
    return _finished(step.retraining, KEPT if decision.kind == "keep" else PROMOTED, version)


def _check(step: Step, profile: DataProfile, checked: Tables) -> Retraining | None:
    """Refuses data that are not as last time; returns the retraining that had those."""
    config = step.config
    if step.base is None:
        return None
    former, last = former_profile(step.track, config.name, step.base, config.allow)
    if former is None:
        return last
    findings = check_data(former, profile, checked, config.limits)
    retrainings.log_figures(step.retraining, {}, report.finding_metrics(findings))
    failed = [finding for finding in findings if finding.failure]
    refused = [finding for finding in failed if not {finding.check, ALL} & set(config.accept)]
    names = ",".join(finding.check for finding in failed)
    retrainings.log_tags(step.retraining, {"failed_checks": names or "none"})
    if refused:
        others = ", ".join(finding.check for finding in refused[1:])
        raise InputError(f"{refused[0].line()}{f' (failed as well: {others})' if others else ''}")
    return last


def _lengths(step: Step, last: Retraining | None, until: int | None) -> Lengths:
    """As asked for, else as last time, else as the windows of the champion."""
    config = step.config
    if config.valid_days and config.test_days:
        return Lengths(valid_days=config.valid_days, test_days=config.test_days)
    params = {} if last is None else retrainings.params_of(last)
    if {"valid_days", "test_days"} <= set(params):
        usual = Lengths(**{key: int(params[key]) for key in ("valid_days", "test_days")})
    elif step.base is None or until is None:
        usual = _FIRST
    else:
        usual = lengths_of_split(step.base.run.split, until)
    return Lengths(
        valid_days=config.valid_days or usual.valid_days,
        test_days=config.test_days or usual.test_days,
    )


def _log(step: Step, decision: Decision) -> None:
    """Logs a decision before it is carried out, so that a kill in between loses no figure."""
    figures = report.decision_metrics(decision, step.config.metric)
    retrainings.log_figures(step.retraining, {}, figures)
    lines = report.decision_lines(decision, step.config.metric)
    retrainings.log_tags(
        step.retraining,
        {"lines": "\n".join(lines), "kind_of_version": decision.kind, "winner": decision.label},
    )


def _finished(retraining: Retraining, decision: str, version: str) -> Retrained:
    """Marks a retraining as finished and tells what came of it."""
    tags = retrainings.tags_of(retraining)
    name, former, kind = (tags[key] for key in ("registered_model", "base", "kind_of_version"))
    is_dry = tags["dry_run"] == "true"
    lines = [
        report.headline(name, kind, version, former, is_dry),
        *(tags["lines"].split("\n") if tags["lines"] else []),
        *(report.rollback_line(name, former) if version else []),
    ]
    text = "\n\n".join(lines)
    retrainings.finish(
        retraining, {"decision": decision, "result": version, "mlflow.note.content": text}
    )
    return Retrained(is_promoted=decision == PROMOTED, run_id=retraining.run_id, lines=lines)


def _again(before: Retraining, base: Champion | None) -> Retrained:
    current = "" if base is None else base.version.version
    is_promoted = before.decision == PROMOTED and before.tags.get("result", "") in ("", current)
    return Retrained(
        is_promoted=is_promoted,
        run_id=before.run_id,
        lines=report.again_lines(before.tags, current),
    )


def _known(
    config: RetrainConfig, track: TrackConfig, request: str, base: Champion | None
) -> Retraining | None:
    """The retraining of an earlier call that asked for the same, unfinished or decided."""
    current = "" if base is None else base.version.version
    for earlier in retrainings.of_model(track, config.name, is_dry=config.dry_run):
        if earlier.tags.get("request") != request or earlier.decision == REFUSED:
            continue
        if current in (earlier.tags.get("base", ""), earlier.made):
            return earlier
    return None


def _token(name: str, request: str, base: Champion | None) -> str:
    version = "" if base is None else base.version.version
    return hashlib.sha256(f"{request} {version} {name}".encode()).hexdigest()[:16]


def _begun(
    config: RetrainConfig,
    track: TrackConfig,
    base: Champion | None,
    token: str,
    about: Mapping[str, str],
) -> Retraining:
    retrainings.supersede(track, config.name)
    tags = {
        **about,
        "base": "" if base is None else base.version.version,
        "champion": "" if base is None else base.run.run_id,
        "challengers": str(len(config.challengers)),
        "dry_run": str(config.dry_run).lower(),
    }
    return retrainings.begin(track, config.name, token, tags)
