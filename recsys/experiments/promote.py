"""Promotes an artifact to champion if it wins on test, paired by customer."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from recsys.errors import InputError
from recsys.evaluation.paired import Difference, paired_difference
from recsys.experiments.pairs import aligned
from recsys.experiments.rerun import settings_of_run
from recsys.experiments.run import run as run_again
from recsys.ops.masking import masked
from recsys.serving import Contents, load
from recsys.serving.artifact.times import spoken, when_of
from recsys.serving.mlflow_model.pyfunc import save
from recsys.tracking import comparisons, registry, unfinished_promotions
from recsys.tracking.pseudonyms import pseudonyms_of, refuse_different_keys
from recsys.tracking.read import TrackedRun, runs
from recsys.tracking.registry import Version
from recsys.tracking.runs import log_run
from recsys.tracking.store import TrackConfig

NAME, METRIC, LEVEL = "recsys", "ndcg@10", 0.95

_RESAMPLES = 10_000
"""Enough for the tails of the twentieth comparison on one window."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A comparison of challenger and champion on test.

    Attributes:
        difference: challenger - champion, its interval and the verdict at `level`.
        level: 1 - .05 / n for the nth comparison on this window: each further attempt is a choice
            that has seen the window.
        earlier: number of comparisons on this window before this one.
    """

    difference: Difference
    level: float
    earlier: int


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """A promotion that succeeded.

    Attributes:
        version: the new champion.
        former: the champion before it; None where `reading` is None.
        reading: the comparison; None for the first champion, and for an artifact that a killed
            promotion had registered.
    """

    version: Version
    former: Version | None
    reading: Reading | None


def promote(
    folder: Path,
    track: TrackConfig,
    name: str = NAME,
    metric: str = METRIC,
    allow: Sequence[str] = (),
) -> Promotion:
    """Makes an artifact the champion if it wins over the current one, or if there is none.

    Both are compared on test with the settings of their runs, refitted on train and valid: the
    artifacts themselves were fitted on test too. A run that did not read test is fitted again to
    read it, and this reading is logged as a run.

    Args:
        folder: of the artifact.
        track: where its run and the registry are.
        name: of the registered model.
        metric: that decides, as "ndcg@10".
        allow: packages beside recsys whose classes may be built.

    Raises:
        InputError: the artifact or its run cannot be found, it is the champion already, its data or
            split differ from the champion's, or it does not win; the message holds the figures.
    """
    contents = load(folder).contents
    facts = contents.facts
    challenger = run_of(str(facts.get("mlflow_run_id")), track, f"artifact={folder}")
    if facts["data"]["fingerprint"] != challenger.fingerprint:
        raise InputError(f"artifact={folder} and its run {challenger.run_id} are of different data")
    pseudonyms_of(challenger.run_id, challenger.tags)  # before any fit
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    with registry.promotion_lock(track, name):
        former = registry.champion(track, name)
        is_concluded = unfinished_promotions.conclude(challenger, name, digest, former)
        if former is not None and former.digest == digest:
            if is_concluded:
                registry.describe(track, name)
                return Promotion(version=former, former=None, reading=None)
            raise InputError(
                f"artifact={folder} is the champion already: {name} version {former.version}"
            )
        tags = {"artifact": digest, "challenger": challenger.run_id}
        reading = None
        if former is not None:
            champion = run_of(former.run_id, track, f"champion {name} version {former.version}")
            _refuse_different(challenger, champion, name)
            reading = _compare(challenger, champion, track, metric, allow)
            tags |= {"compared": "true", "verdict": reading.difference.verdict, "metric": metric}
            tags |= {"champion": champion.run_id}
        window = _window(challenger)
        with registry.promotion_run(challenger, name, tags, window) as promotion_id:
            if reading is not None:
                params = _params(reading, metric, challenger, former)
                registry.log_figures(challenger, promotion_id, _figures(reading, metric), params)
            if reading is None or reading.difference.verdict == "win":
                about = {
                    "why": describe(reading, metric) if reading else "",
                    "as_of": as_of_text(contents),
                }
                version = register_artifact(
                    folder, track, name, challenger, digest, promotion_id, about
                )
                return Promotion(version=version, former=former, reading=reading)
        raise InputError(f"not promoted: {describe(reading, metric)}")


def describe(reading: Reading, metric: str) -> str:
    """The verdict and figures of a comparison in one line."""
    difference = reading.difference
    verdict = {
        "win": "the challenger wins over the champion",
        "tie": "the challenger is a tie with the champion",
        "loss": "the challenger loses to the champion",
    }[difference.verdict]
    interval = f"[{difference.low:+.4f}, {difference.high:+.4f}]"
    earlier = f"; earlier comparisons on this window: {reading.earlier}" if reading.earlier else ""
    return (
        f"{verdict} on test, {metric} {difference.mean:+.4f} {interval} at {reading.level:.1%}"
        f"{earlier}"
    )


def register_artifact(
    folder: Path,
    track: TrackConfig,
    name: str,
    run: TrackedRun,
    digest: str,
    promotion_id: str,
    about: Mapping[str, str],
) -> Version:
    """Makes an artifact the champion; call it within `promotion_lock`.

    Args:
        folder: of the artifact.
        track: where the registry is.
        name: of the registered model.
        run: that the artifact was exported from; says whether customers are shown.
        digest: SHA-256 of its manifest.
        promotion_id: the run that the model is logged to.
        about: tags of the version, as for `registry.register`.

    Raises:
        InputError: the registry does not accept it.
    """
    with TemporaryDirectory() as temporary:
        model = Path(temporary) / "model"
        hidden = pseudonyms_of(run.run_id, run.tags)
        save(model, folder, hidden.of if hidden else list)
        return registry.register(track, name, model, run, digest, promotion_id, about)


def as_of_text(contents: Contents) -> str:
    """The cut-off of an artifact's events as text; empty where it has none."""
    when = None if contents.as_of is None else when_of(contents.clock, contents.as_of)
    return "" if when is None else spoken(when)


def run_of(run_id: str, track: TrackConfig, exported: str) -> TrackedRun:
    """The run that an artifact was exported from.

    Args:
        run_id: of it.
        track: where it is.
        exported: how messages name the artifact.

    Raises:
        InputError: the store does not have it.
    """
    try:
        return runs(track, run_ids=[run_id])[0]
    except InputError as error:
        if "finished runs start with it" not in str(error):
            raise
        raise InputError(
            f"{exported} was made by run {run_id}, which is not in {masked(track.uri)}; set "
            "track.uri=URI of the store that holds it"
        ) from None


def _refuse_different(challenger: TrackedRun, champion: TrackedRun, name: str) -> None:
    window, former_window = _window(challenger), _window(champion)
    refuse_different_keys({run.run_id: run.tags for run in (champion, challenger)})
    if window != former_window:
        key = next(key for key in window if window[key] != former_window[key])
        raise InputError(
            f"challenger (run {challenger.run_id[:8]}) and champion (run {champion.run_id[:8]}) "
            f"were measured on different data: {key} {window[key][:40]} and "
            f"{former_window[key][:40]}; to fit both on the new data and promote the better one, "
            f"run recsys retrain model_name={name} challengers={challenger.run_id[:8]}"
        )


def _window(run: TrackedRun) -> dict[str, str]:
    return {"data": run.data, "fingerprint": run.fingerprint, "split": run.split}


def _compare(
    challenger: TrackedRun,
    champion: TrackedRun,
    track: TrackConfig,
    metric: str,
    allow: Sequence[str],
) -> Reading:
    earlier = comparisons.earlier_comparisons(challenger, _window(challenger))
    level = 1 - (1 - LEVEL) / (1 + earlier)
    runs_with_test = [_with_test(run, track, allow) for run in (challenger, champion)]
    values, customers = aligned(runs_with_test, metric, "test")
    difference = paired_difference(
        values[:, 0], values[:, 1], customers, resamples=_RESAMPLES, level=level
    )
    return Reading(difference=difference, level=level, earlier=earlier)


def _with_test(run: TrackedRun, track: TrackConfig, allow: Sequence[str]) -> TrackedRun:
    """The run itself where it read test; otherwise a run with its settings that did."""
    if run.intervals("test"):
        return run
    reading_id = unfinished_promotions.earlier_reading(run)
    if reading_id is not None:
        return runs(track, run_ids=[reading_id])[0]
    has_pseudonyms = pseudonyms_of(run.run_id, run.tags) is not None
    settings = settings_of_run(run, allow)
    settings = replace(settings, evaluate=replace(settings.evaluate, test=True))
    record = run_again(settings)
    if (record.fingerprint, record.split) != (run.fingerprint, run.split):
        raise InputError(
            f"data={run.data} is not what run {run.run_id[:8]} was measured on, so test cannot be "
            "read with its settings; train again on the current data"
        )
    experiment = run.client.get_experiment(run.client.get_run(run.run_id).info.experiment_id).name
    tags = unfinished_promotions.reading_tags(run)
    store = TrackConfig(uri=track.uri, experiment=experiment, tags=tags, pseudonyms=has_pseudonyms)
    return runs(track, run_ids=[log_run(record, store)])[0]


def _params(
    reading: Reading, metric: str, challenger: TrackedRun, former: Version | None
) -> dict[str, Any]:
    return {
        "metric": metric,
        "level": reading.level,
        "window": "test",
        "challenger": {"model": challenger.model, "run": challenger.run_id},
        "champion": former and {"version": former.version, "run": former.run_id},
    }


def _figures(reading: Reading, metric: str) -> dict[str, float | Difference]:
    return {
        f"difference/{metric}": reading.difference,
        "level": reading.level,
        "earlier_readings": float(reading.earlier),
    }
