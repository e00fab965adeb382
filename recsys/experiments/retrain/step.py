"""What the steps of a retraining share."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recsys.experiments.config import Settings
from recsys.experiments.retrain.champion import Champion
from recsys.experiments.retrain.config import RetrainConfig
from recsys.experiments.retrain.members import LoadedSource, Member, settings_of_member
from recsys.experiments.retrain.windows import CutOffs
from recsys.tracking.retrainings import Retraining
from recsys.tracking.store import TrackConfig


@dataclass(frozen=True, kw_only=True)
class Step:
    """A retraining that is being carried out.

    Attributes:
        config: what was asked for.
        base: the champion; None before the first.
        track: the experiment that its runs are in.
        source: of the new data, loaded.
        plain: configuration of its runs, without the windows; `model` is the champion's.
        retraining: its run in MLflow.
        state: folder of what is not in MLflow yet.
    """

    config: RetrainConfig
    base: Champion | None
    track: TrackConfig
    source: LoadedSource
    plain: Mapping[str, Any]
    retraining: Retraining
    state: Path

    def settings(self, member: Member, windows: CutOffs) -> Settings:
        """The settings of a member's run.

        Raises:
            InputError: one is wrong.
        """
        config = {**self.plain, "split": windows.settings()}
        return settings_of_member(member, config, self.source, self.config.allow)
