"""The runs of a retraining: champion and challengers, fitted on the same new windows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from recsys.data.filter_seen import FilterSeenLike
from recsys.data.source import Cutoffs, Source
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.experiments.config import Settings, settings_of
from recsys.experiments.run import run
from recsys.ops.filter_seen import FilterSeen
from recsys.tracking.read import TrackedRun
from recsys.tracking.retraining_members import fitted_run, log_member
from recsys.tracking.retrainings import Retraining
from recsys.tracking.store import TrackConfig

CHAMPION = "champion"


@dataclass(frozen=True, kw_only=True)
class Member:
    """A model with its settings.

    Attributes:
        label: "champion", or the name of the challenger.
        model: name of the model.
        settings: of the model, plain, as the part `model` of a run's configuration.
    """

    label: str
    model: str
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class LoadedSource:
    """A source whose tables are in memory: all fits see the same, though files may change.

    Attributes:
        source: that the tables came from.
        tables: as it loaded them.
    """

    source: Source
    tables: Tables

    @property
    def name(self) -> str:
        """As the source's."""
        return self.source.name

    @property
    def version(self) -> str:
        """As the source's."""
        return self.source.version

    @property
    def cutoffs(self) -> Cutoffs | None:
        """As the source's."""
        return self.source.cutoffs

    @property
    def filter_seen(self) -> FilterSeenLike | FilterSeen:
        """As the source's."""
        return self.source.filter_seen

    @property
    def targets(self) -> tuple[str, ...]:
        """As the source's."""
        return self.source.targets

    def load(self) -> Tables:
        """The tables."""
        return self.tables


def settings_of_member(
    member: Member, config: Mapping[str, Any], source: LoadedSource, allow: Sequence[str]
) -> Settings:
    """The settings of a member's run, which reads test.

    Args:
        member: whose model is put into the configuration.
        config: of the retraining: plain, with the new data and windows.
        source: with the tables.
        allow: packages beside recsys whose classes may be built.

    Raises:
        InputError: a setting is wrong.
    """
    plain = {
        **config,
        "model": dict(member.settings),
        "names": {**config["names"], "model": member.model},
        "evaluate": {**config["evaluate"], "test": True},
    }
    return replace(settings_of(plain, allow), source=source)


def fit_member(
    member: Member, settings: Settings, retraining: Retraining, track: TrackConfig, state: Path
) -> TrackedRun:
    """The finished run of a member: fitted now, or by a call that was killed.

    Args:
        member: to fit.
        settings: of its run.
        retraining: that it belongs to.
        track: where runs are.
        state: folder for checkpoints.

    Raises:
        InputError: it cannot be fitted or logged.
    """
    fitted = fitted_run(retraining, track, member.label)
    if fitted is not None:
        return fitted
    record = run(settings, state / "checkpoints" / member.label)
    return log_member(retraining, record, track, member.label)


def refuse_equal_labels(members: Sequence[Member]) -> None:
    """Refuses challengers that are named twice, or as the champion."""
    labels = [member.label for member in members]
    for label in labels:
        if labels.count(label) > 1:
            raise InputError(f"challengers: {label} is named twice; name each once")
