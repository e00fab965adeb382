"""One run in the processes of torchrun; without torchrun, PyTorch is not imported."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.errors import InputError


def process_count() -> int:
    """The number of processes that torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this process is the one that evaluates, writes and prints."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def joined() -> Iterator[None]:
    """Connects the processes inside; does nothing without torchrun."""
    if process_count() == 1:
        yield
        return
    from recsys.training import processes

    with processes.joined():
        yield


def shared_folder(folder: Path) -> Path:
    """The `folder` of the first process, returned in all processes."""
    if process_count() == 1:
        return folder
    from recsys.training.processes import Processes

    return Path(Processes.here().told_by_first(str(folder)))


def refuse_several(model: str) -> None:
    """Raises `InputError` where there are several processes, for a model that is fitted by one."""
    if process_count() > 1:
        raise InputError(
            f"model={model} is fitted by one process; start it without torchrun (models that train "
            "in steps, as lightgcn, can use several)"
        )
