"""Finished parts of a long job, which a killed start leaves to the next one."""

import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from recsys.errors import InputError
from recsys.ops.locks import lock, lock_folder
from recsys.ops.whole_file import partial, reason

FOLDER_NAME = r"\.recsys-work-[0-9a-f]{16}-[0-9a-f]{16}"
"""Pattern of the names of folders of parts."""


@contextmanager
def work_folder(target: Path, about: str, key: str) -> Iterator[Path]:
    """Yields a folder beside `target` for finished parts of what will be there.

    It is removed at the end, also after an error, but not by a kill: the next start with an equal
    `about` is given it as it was left. Folders that were left by other starts for the same target
    are removed, unless a process is at work in them. A second process with an equal `about` waits.

    Args:
        target: the file or folder that the job makes.
        about: all that the parts depend on, so that none is taken for another.
        key: setting that names the target, for the error message.

    Raises:
        InputError: the folder cannot be written.
    """
    named = hashlib.sha256(os.fsencode(target.name)).hexdigest()[:16]
    prefix = f".recsys-work-{named}-"
    folder = target.with_name(prefix + hashlib.sha256(about.encode()).hexdigest()[:16])
    with ExitStack() as held:
        with _as_input_error(target, key):
            target.parent.mkdir(parents=True, exist_ok=True)
            _remove_others(folder, prefix)
            held.enter_context(lock_folder(folder))
        try:
            yield folder
        except Exception:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def part_file(path: Path, target: Path, key: str) -> Iterator[BinaryIO]:
    """Yields a file to write a part into, which is complete or absent.

    Args:
        path: of the part; its folder is created if it is missing.
        target: that it is a part of.
        key: setting that names the target, for the error message.

    Raises:
        InputError: the part cannot be written.
    """
    with _as_input_error(target, key):
        path.parent.mkdir(parents=True, exist_ok=True)
        with partial(path) as (_, descriptor), open(descriptor, "wb", closefd=False) as file:
            yield file


@contextmanager
def _as_input_error(target: Path, key: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{key}={target} cannot be written: {reason(error)}") from None


def _remove_others(folder: Path, prefix: str) -> None:
    for other in folder.parent.iterdir():
        if other.name.startswith(prefix) and other != folder:
            with suppress(OSError), lock(other, wait=False):
                shutil.rmtree(other)
