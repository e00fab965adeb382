"""Starts a command under Hydra; bad input becomes one line on stderr and code 2."""

import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra.core.hydra_config import HydraConfig
from hydra.errors import HydraException
from hydra.types import RunMode
from omegaconf import DictConfig
from omegaconf.errors import OmegaConfBaseException

from recsys.cli.hydra_errors import UNREADABLE, in_one_line, refuse_unknown_flags
from recsys.cli.settings_help import settings_help
from recsys.errors import InputError
from recsys.experiments.processes import is_first
from recsys.experiments.secrets import hide_secrets, mask_hydra_files
from recsys.experiments.sweep import continue_on_failure, report_failures
from recsys.ops.terminal import exit_on_input_error, say


def launch(
    task: Callable[[DictConfig], Any], conf: Path, name: str, words: Sequence[str], usage: str
) -> None:
    """Composes `conf/name.yaml` with the command line and runs `task` (once a job with `-m`).

    With several jobs, those that fail do not stop the others; they are named at the end.

    Args:
        task: called with the configuration of a job.
        conf: the folder of configurations.
        name: the top configuration in it.
        words: settings and flags, as Hydra takes them; `--help` prints keys with their defaults.
        usage: what the command does, the first lines of its help.
    """
    with _arguments(words), exit_on_input_error(), as_input_errors():
        sys.argv[1:] = hide_secrets(sys.argv[1:])
        refuse_unknown_flags()
        if {"-h", "--help"} & set(words):
            say(*settings_help(conf, name, sys.argv[1:], usage).split("\n"))
            return
        _run(task, conf, name)


def _run(task: Callable[[DictConfig], Any], conf: Path, name: str) -> None:
    # Without it Hydra prints a long page and ends with code 1.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    started = False
    if not is_first():
        # Of the processes of a torchrun, only the first writes the folder of the run.
        sys.argv += ["hydra.run.dir=.", "hydra.output_subdir=null"]

    def guarded(config: DictConfig) -> None:
        nonlocal started
        started = True
        # Inside the job, because Hydra prints every exception that passes through it.
        is_one_of_many = HydraConfig.get().mode == RunMode.MULTIRUN
        with continue_on_failure() if is_one_of_many else exit_on_input_error(), as_input_errors():
            mask_hydra_files()
            task(config)

    wrapped = hydra.main(version_base="1.3", config_path=str(conf.resolve()), config_name=name)
    with report_failures():
        try:
            wrapped(guarded)()
        except (OSError, *UNREADABLE) as error:
            if started or isinstance(error, HydraException | OmegaConfBaseException):
                raise
            # OmegaConf raises one without a number for a file that holds no mapping.
            if not isinstance(error, OSError) or error.errno is None:
                raise InputError(in_one_line(error)) from None
            named = f" {error.filename}" if error.filename else ""
            raise InputError(
                f"the run's folder{named} cannot be made: {error.strerror}; set "
                "hydra.run.dir, or hydra.sweep.dir with -m"
            ) from None


@contextmanager
def _arguments(words: Sequence[str]) -> Iterator[None]:
    """Sets `sys.argv`, which Hydra reads, and restores it."""
    before = sys.argv
    sys.argv = [*before[:1], *words]
    try:
        yield
    finally:
        sys.argv = before


@contextmanager
def as_input_errors() -> Iterator[None]:
    """Turns the errors of Hydra and OmegaConf into an `InputError`."""
    try:
        yield
    except (HydraException, OmegaConfBaseException) as error:
        raise InputError(in_one_line(error)) from None
