"""One run in the several processes of a torchrun; without it PyTorch is not even loaded."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recsys.errors import InputError


def count() -> int:
    """Processes that torchrun started; 1 without it."""
    return int(os.environ.get("WORLD_SIZE", "1"))


def is_first() -> bool:
    """Whether this one evaluates, writes and speaks."""
    return int(os.environ.get("RANK", "0")) == 0


@contextmanager
def together() -> Iterator[None]:
    """Joins the processes for what is done inside."""
    if count() == 1:
        yield
        return
    from recsys.training.processes import joined

    with joined():
        yield


def shared(folder: Path) -> Path:
    """The folder of the first process, in all of them."""
    if count() == 1:
        return folder
    from recsys.training.processes import Processes

    return Path(Processes.here().told_by_first(str(folder)))


def refuse_several(model: str) -> None:
    """Raises `InputError` where several processes would each fit the same model by themselves."""
    if count() > 1:
        raise InputError(
            f"model={model} is fitted by one process; start it without torchrun (models that train "
            "in steps, as lightgcn, take several)"
        )
