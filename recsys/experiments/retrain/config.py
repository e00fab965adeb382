"""What a retraining is asked for, and what came of it."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from recsys.experiments.retrain.champion import MoveData
from recsys.experiments.retrain.data_checks import Limits
from recsys.experiments.retrain.members import Member
from recsys.tracking.metrics_json import plain

ALL = "all"
"""`accept_change=all` passes every check."""


@dataclass(frozen=True, kw_only=True)
class RetrainConfig:
    """A retraining.

    Attributes:
        name: of the registered model.
        move_data: champion's data settings -> those of the new data.
        data_name: what these are called, a file of conf/data; None for the champion's.
        first: configuration of a run, plain, for a first champion; None where there has to be one.
        challengers: models, or ids of runs whose models are challengers.
        metric: on test, that decides.
        valid_days, test_days: lengths of the windows; None for those of the last retraining, or of
            the champion's split.
        accept: checks of the data that may fail.
        limits: of these checks.
        export: fields of `ExportConfig` that are set; others are as in the champion's artifact.
        dry_run: whether nothing is promoted.
        allow: packages beside recsys whose classes may be built.
    """

    name: str
    move_data: MoveData
    data_name: str | None = None
    first: Mapping[str, Any] | None = None
    challengers: Sequence[Member | str] = ()
    metric: str = "ndcg@10"
    valid_days: int | None = None
    test_days: int | None = None
    accept: Sequence[str] = ()
    limits: Limits = field(default_factory=Limits)
    export: Mapping[str, Any] = field(default_factory=dict)
    dry_run: bool = False
    allow: Sequence[str] = ()

    def digest(self, fingerprint: str) -> str:
        """Equal for two calls that ask for the same on the same data; the champion does not count.

        Args:
            fingerprint: of the data.
        """
        asked = {
            "data": fingerprint,
            "challengers": [
                member if isinstance(member, str) else [member.label, plain(member.settings)]
                for member in self.challengers
            ],
            "metric": self.metric,
            "valid_days": self.valid_days,
            "test_days": self.test_days,
            "export": plain(self.export),
        }
        text = json.dumps(asked, sort_keys=True, default=str)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, kw_only=True)
class Retrained:
    """What came of a retraining.

    Attributes:
        is_promoted: whether there is a new champion; in a dry run whether there would be.
        run_id: of the retraining in MLflow.
        lines: what happened, for people.
    """

    is_promoted: bool
    run_id: str
    lines: Sequence[str]
