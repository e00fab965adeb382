"""The jobs of a sweep as tasks of Ray; `hydra_plugins.recsys_ray_launcher` starts them."""

import sys
from collections.abc import Sequence
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from hydra.core.singleton import Singleton
from hydra.core.utils import JobReturn, run_job, setup_globals
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, open_dict

from recsys.experiments.ray_cluster import connected, enter_folder
from recsys.experiments.sweep import failures_apart, keep_failures

Job = tuple[int, Sequence[str]]
"""Number and settings."""


def run_jobs(
    context: HydraContext,
    task: TaskFunction,
    config: DictConfig,
    jobs: Sequence[Job],
    *,
    address: str,
    cpus: float,
    gpus: float,
) -> list[JobReturn]:
    """Runs the jobs at the same time, as far as the cores and GPUs suffice.

    Args:
        context: of Hydra.
        task: called with the configuration of a job.
        config: of the sweep.
        jobs: to run.
        address: of Ray, see `connected`.
        cpus: cores reserved for a job.
        gpus: GPUs reserved for a job.

    Returns:
        what Hydra's sweeper expects, in the order of the jobs.

    Raises:
        InputError: Ray cannot be reached.
    """
    setup_globals()
    with connected(address, "hydra.launcher.address") as ray:
        remote = ray.remote(num_cpus=cpus, num_gpus=gpus, max_retries=0)(_run)
        shared = ray.put((context, task, config, Singleton.get_state(), str(Path.cwd()), sys.argv))
        ended = ray.get([remote.remote(shared, job) for job in jobs])
    for _, failures in ended:
        keep_failures(failures)
    return [result for result, _ in ended]


def _run(
    shared: tuple[HydraContext, TaskFunction, DictConfig, object, str, list[str]], job: Job
) -> tuple[JobReturn, list[str]]:
    """One job, in a process of Ray; also returns its failure, as a file there is out of reach."""
    context, task, config, singletons, folder, words = shared
    number, overrides = job
    enter_folder(folder)
    sys.argv = words
    setup_globals()
    Singleton.set_state(singletons)
    of_job = context.config_loader.load_sweep_config(config, list(overrides))
    with open_dict(of_job):
        of_job.hydra.job.id = f"{of_job.hydra.job.name}_{number}"
        of_job.hydra.job.num = number
    HydraConfig.instance().set_config(of_job)
    Path(str(of_job.hydra.sweep.dir)).mkdir(parents=True, exist_ok=True)
    with failures_apart() as failures:
        result = run_job(
            hydra_context=context,
            config=of_job,
            task_function=task,
            job_dir_key="hydra.sweep.dir",
            job_subdir_key="hydra.sweep.subdir",
        )
    return result, failures
