"""`hydra/launcher=ray`: the jobs of a sweep run on Ray.

Hydra takes launchers from this namespace only, and imports it at every start: Ray itself is loaded
when the first sweep is launched.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from hydra.core.config_store import ConfigStore
from hydra.core.utils import JobReturn
from hydra.plugins.launcher import Launcher
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig


@dataclass
class RayLauncherConf:
    """Settings `hydra.launcher.*`.

    Attributes:
        address: of a cluster that this machine is part of, "auto" or HOST:PORT; "local" starts Ray
            here.
        cpus: cores that Ray reserves for a job.
        gpus: GPUs that it reserves for a job; may be a fraction.
    """

    _target_: str = "hydra_plugins.recsys_ray_launcher.RayLauncher"
    address: str = "local"
    cpus: float = 1
    gpus: float = 0


class RayLauncher(Launcher):
    """Starts the jobs of a sweep as tasks of Ray; arguments as of `RayLauncherConf`."""

    def __init__(self, address: str, cpus: float, gpus: float) -> None:
        self.address, self.cpus, self.gpus = address, cpus, gpus

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Takes what a job needs."""
        self.context, self.task, self.config = hydra_context, task_function, config

    def launch(
        self, job_overrides: Sequence[Sequence[str]], initial_job_idx: int
    ) -> Sequence[JobReturn]:
        """Runs one job for each combination of settings."""
        from recsys.experiments.ray_sweep import run_jobs

        return run_jobs(
            self.context,
            self.task,
            self.config,
            list(enumerate(job_overrides, initial_job_idx)),
            address=self.address,
            cpus=self.cpus,
            gpus=self.gpus,
        )


ConfigStore.instance().store(
    group="hydra/launcher", name="ray", node=RayLauncherConf, provider="recsys_ray_launcher"
)
