"""How long a study searches, and where its trials are kept."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

from recsys.errors import InputError
from recsys.experiments.config_types import check_values


@dataclass(frozen=True, kw_only=True)
class StudyConfig:
    """How long to search and where the trials are kept.

    Attributes:
        name: of the study; None for data and model.
        storage: path of the SQLite database of trials; several studies may share one.
        minutes: wall minutes of trials, divided by `processes`, over all starts of the study; no
            trial starts later. None for no limit.
        trials: number of trials, without those that repeat another. None for no limit.
        processes: trials at the same time, each in its own process.
        ray: where they run on Ray: "local", or the address of a cluster that this machine is part
            of, "auto" or HOST:PORT; None for processes of this machine.
        gpus: GPUs that Ray reserves for each; may be a fraction.
        prune: whether trials that fall behind are stopped early.
        seeds: number of runs of the best settings at the end, with seeds 0, 1, ...
        out: the experiment file; None for conf/experiment/tuned/NAME.yaml.
    """

    name: str | None = None
    storage: str = "tune.db"
    minutes: Annotated[float, Field(gt=0)] | None = 15.0
    trials: Annotated[int, Field(ge=1)] | None = None
    processes: Annotated[int, Field(ge=1)] = 1
    ray: str | None = None
    gpus: Annotated[float, Field(ge=0)] = 0.0
    prune: bool = True
    seeds: Annotated[int, Field(ge=0)] = 3
    out: str | None = None

    def __post_init__(self) -> None:
        """Raises `InputError` where a value is of another type or out of range."""
        check_values(StudyConfig, vars(self), "study")
        if self.minutes is None and self.trials is None:
            raise InputError("study: set study.minutes or study.trials, or it never ends")
