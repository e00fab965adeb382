"""Starts a script under Hydra; whatever a person got wrong becomes one line and code 2."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hydra
from hydra.errors import HydraException
from omegaconf import DictConfig
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from recsys.command_line import exit_on_input_error
from recsys.errors import InputError


def launch(task: Callable[[DictConfig], Any], conf: Path, name: str) -> None:
    """Composes `conf/name.yaml` with the command line and runs `task` (once a job with `-m`).

    Args:
        task: what a job does.
        conf: the folder of configurations.
        name: the top configuration in it.
    """
    # Otherwise Hydra prints a page of its own and ends with code 1.
    os.environ.setdefault("HYDRA_FULL_ERROR", "1")
    started = False

    def guarded(config: DictConfig) -> None:
        nonlocal started
        started = True
        # Inside the job, because Hydra announces every exception that passes through it.
        with exit_on_input_error(), _named_if_missing():
            task(config)

    wrapped = hydra.main(version_base="1.3", config_path=str(conf.resolve()), config_name=name)
    with exit_on_input_error(), _named_if_missing():
        try:
            wrapped(guarded)()
        except (HydraException, OmegaConfBaseException) as error:
            raise InputError(_one_line(error)) from None
        except OSError as error:
            if started:
                raise
            raise InputError(f"hydra.run.dir: {error.filename}: {error.strerror}") from None


@contextmanager
def _named_if_missing() -> Iterator[None]:
    try:
        yield
    except MissingMandatoryValue as error:
        key = str(getattr(error, "full_key", None) or error)
        raise InputError(f"{key} is not set; say {key}=VALUE") from None


def _one_line(error: BaseException) -> str:
    causes: list[str] = []
    current: BaseException | None = error
    while current is not None and len(causes) < 2:
        causes.append(" ".join(str(current).split("\n")[:1]).strip().rstrip("."))
        current = current.__cause__
    hint = _hint(str(error))
    return "; ".join(dict.fromkeys(cause for cause in causes if cause)) + hint


def _hint(text: str) -> str:
    if "Available options in" in text:
        listed = text.split("Available options in")[1].split("Config search path")[0]
        options = [line.strip() for line in listed.splitlines()[1:]]
        return f"; there are {', '.join(option for option in options if option)}"
    return ""
