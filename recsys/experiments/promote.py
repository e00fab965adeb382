"""Whether an artifact becomes champion: on test, which no choice has seen, paired by customer."""

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.errors import InputError
from recsys.evaluation.paired import Difference, paired_difference
from recsys.experiments.pairs import aligned
from recsys.experiments.rerun import settings_of_run
from recsys.experiments.run import run as run_again
from recsys.ops.masking import masked
from recsys.serving import load
from recsys.serving.mlflow_model.pyfunc import save
from recsys.tracking import abandoned, registry
from recsys.tracking.pseudonyms import pseudonyms_of, refuse_different_keys
from recsys.tracking.read import TrackedRun, runs
from recsys.tracking.registry import Version
from recsys.tracking.runs import log_run
from recsys.tracking.store import TrackConfig

NAME, METRIC, LEVEL = "recsys", "ndcg@10", 0.95

_RESAMPLES = 10_000
"""Enough for the tails that are left after twenty readings of one window."""


@dataclass(frozen=True, kw_only=True)
class Reading:
    """A challenger and a champion on test.

    Attributes:
        difference: challenger - champion, its interval and the verdict at `level`.
        level: 1 - .05 / n for the nth promotion that compares on this window: what was refused
            may be tried again, and each try is a choice that has seen the window.
        earlier: comparisons on this window before this one.
    """

    difference: Difference
    level: float
    earlier: int


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """What became champion.

    Attributes:
        version: the new champion.
        former: the champion before it; None for a first one, and as for `reading`.
        reading: on test; None for a first one, with whom nothing was compared, and for one that a
            killed promotion had registered already.
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
    """Makes an artifact the champion if it wins over the champion there is; the first one as it is.

    The two are compared on test by the settings that they were exported with, refitted on train
    and valid: the artifacts themselves were fitted on test too. A run that did not read test
    before is fitted again and reads it now; that reading is logged as a run of its own.

    Args:
        folder: of the artifact.
        track: where its run, and the registry, are.
        name: of the registered model.
        metric: to compare by.
        allow: packages beside recsys whose classes the two runs may name.

    Raises:
        InputError: the artifact or its run cannot be found, it is the champion, data or split are
            others than the champion's, or it does not win; the message holds the figures.
    """
    facts = load(folder).facts
    challenger = _run_of(str(facts.get("mlflow_run_id")), track, f"artifact={folder}")
    if facts["data"]["fingerprint"] != challenger.fingerprint:
        raise InputError(f"artifact={folder} and its run {challenger.run_id} are of different data")
    pseudonyms_of(challenger.run_id, challenger.tags)  # before any fit
    digest = hashlib.sha256((folder / "manifest.json").read_bytes()).hexdigest()
    with registry.one_at_a_time(track, name):
        former = registry.champion(track, name)
        is_concluded = abandoned.conclude(challenger, name, digest, former)
        if former is not None and former.digest == digest:
            if is_concluded:
                return Promotion(version=former, former=None, reading=None)
            raise InputError(
                f"artifact={folder} is the champion already: {name} version {former.version}"
            )
        tags = {"artifact": digest, "challenger": challenger.run_id}
        reading, before = None, None
        if former is not None:
            before = _run_of(former.run_id, track, f"champion {name} version {former.version}")
            _refuse_different(challenger, before)
            reading = _read(challenger, before, track, metric, allow)
            tags |= {"compared": "true", "verdict": reading.difference.verdict, "metric": metric}
            tags |= {"champion": before.run_id}
        window = _window(challenger)
        with registry.promotion_run(challenger, name, tags, window) as logged:
            if reading is not None:
                registry.log_figures(challenger, logged, _figures(reading))
            if reading is None or reading.difference.verdict == "win":
                version = _register(folder, track, name, challenger, digest, logged)
                return Promotion(version=version, former=former, reading=reading)
        raise InputError(f"not promoted: {said(reading, metric)}")


def said(reading: Reading, metric: str) -> str:
    """A reading in one line, with its figures."""
    found = reading.difference
    verdict = {
        "win": "the challenger wins over the champion",
        "tie": "the challenger is a tie with the champion",
        "loss": "the challenger loses to the champion",
    }[found.verdict]
    again = ""
    if reading.earlier:
        again = f"; earlier comparisons on this window: {reading.earlier}"
    return (
        f"{verdict} on test, {metric} {found.mean:+.4f} [{found.low:+.4f}, {found.high:+.4f}] "
        f"at {reading.level:.1%}{again}"
    )


def _register(
    folder: Path, track: TrackConfig, name: str, run: TrackedRun, digest: str, logged: str
) -> Version:
    with TemporaryDirectory() as place:
        model = Path(place) / "model"
        hidden = pseudonyms_of(run.run_id, run.tags)
        save(model, folder, hidden.of if hidden else list)
        return registry.register(track, name, model, run, digest, logged)


def _run_of(run_id: str, track: TrackConfig, whose: str) -> TrackedRun:
    try:
        return runs(track, run_ids=[run_id])[0]
    except InputError as error:
        if "finished runs start with it" not in str(error):
            raise
        raise InputError(
            f"{whose} was made by run {run_id}, which is not in {masked(track.uri)}; say "
            "track.uri=URI of the store it is in"
        ) from None


def _refuse_different(challenger: TrackedRun, champion: TrackedRun) -> None:
    one, other = _window(challenger), _window(champion)
    refuse_different_keys({run.run_id: run.tags for run in (champion, challenger)})
    if one != other:
        differ = next(key for key in one if one[key] != other[key])
        raise InputError(
            f"challenger (run {challenger.run_id[:8]}) and champion (run {champion.run_id[:8]}) "
            f"were measured on different data: {differ} {one[differ][:40]} and "
            f"{other[differ][:40]}; run scripts/train.py with the champion's settings (model="
            f"{champion.model}) on the new data, export it, and promote it with another model_name"
        )


def _window(run: TrackedRun) -> dict[str, str]:
    return {"data": run.data, "fingerprint": run.fingerprint, "split": run.split}


def _read(
    challenger: TrackedRun,
    champion: TrackedRun,
    track: TrackConfig,
    metric: str,
    allow: Sequence[str],
) -> Reading:
    earlier = registry.earlier_readings(challenger, _window(challenger))
    level = 1 - (1 - LEVEL) / (1 + earlier)
    both = [_with_test(run, track, allow) for run in (challenger, champion)]
    values, customers = aligned(both, metric, "test")
    found = paired_difference(
        values[:, 0], values[:, 1], customers, resamples=_RESAMPLES, level=level
    )
    return Reading(difference=found, level=level, earlier=earlier)


def _with_test(run: TrackedRun, track: TrackConfig, allow: Sequence[str]) -> TrackedRun:
    """The run, or where it did not read test the same settings fitted again, which did."""
    if run.intervals("test"):
        return run
    before = abandoned.read_before(run)
    if before is not None:
        return runs(track, run_ids=[before])[0]
    hidden = pseudonyms_of(run.run_id, run.tags) is not None
    settings = settings_of_run(run, allow)
    settings = replace(settings, evaluate=replace(settings.evaluate, test=True))
    record = run_again(settings)
    if (record.fingerprint, record.split) != (run.fingerprint, run.split):
        raise InputError(
            f"data={run.data} is not what run {run.run_id[:8]} was measured on, so test cannot be "
            "read with its settings; train again on the data as they are now"
        )
    experiment = run.client.get_experiment(run.client.get_run(run.run_id).info.experiment_id).name
    tags = abandoned.reading_tags(run)
    store = TrackConfig(uri=track.uri, experiment=experiment, tags=tags, pseudonyms=hidden)
    logged = log_run(record, store)
    return runs(track, run_ids=[logged])[0]


def _figures(reading: Reading) -> dict[str, float]:
    found = reading.difference
    figures = {
        "difference": found.mean,
        "difference_low": found.low,
        "difference_high": found.high,
        "level": reading.level,
        "earlier_readings": float(reading.earlier),
    }
    return {key: value for key, value in figures.items() if math.isfinite(value)}
