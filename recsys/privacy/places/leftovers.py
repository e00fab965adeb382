"""What has no id inside: checkpoints, and drafts that killed processes left; and names of files."""

import pickle
import re
import shutil
from contextlib import suppress
from pathlib import Path

from recsys.ops import whole_file, whole_folder, work_folder
from recsys.ops.locks import lock
from recsys.privacy.person import Person
from recsys.privacy.places.place import Place

_DRAFTS = (whole_file.DRAFT_NAME, whole_folder.DRAFT_NAME, work_folder.FOLDER_NAME)


def is_checkpoint(path: Path) -> bool:
    """Whether a file is a checkpoint of a fit; read without running code from it."""
    if path.suffix != ".pt" or not path.is_file():
        return False
    import torch

    try:
        contents = torch.load(path, map_location="cpu", weights_only=True, mmap=True)
    except (OSError, RuntimeError, EOFError, KeyError, TypeError, ValueError,
            pickle.UnpicklingError):  # fmt: skip
        return False
    return isinstance(contents, dict) and "identity" in contents


def is_draft(path: Path) -> bool:
    """Whether a path is the draft of a process that was killed: one at work holds its lock."""
    if not any(re.fullmatch(pattern, path.name) for pattern in _DRAFTS):
        return False
    try:
        with lock(path, wait=False):
            return True
    except OSError:
        return False


def is_named(path: Path, person: Person) -> bool:
    """Whether a file or folder is named after a person."""
    words = re.split(r"[^\w@-]+", path.name)
    return not person.distinctive.isdisjoint({path.name, path.stem, *words})


def remove_whole(path: Path, _: Person, write_it: bool) -> int:
    """Removes a file, or a folder with all that is in it."""
    if write_it and path.is_dir():
        shutil.rmtree(path)
    elif write_it:
        with suppress(FileNotFoundError):
            path.unlink()
    return 1


CHECKPOINTS = Place(
    name="checkpoints",
    holds="a vector a customer in the order of the tables, without ids; no fit can go on from it "
    "once a table has changed, so it goes as a whole",
    is_one=is_checkpoint,
    forget=remove_whole,
    names_nobody=True,
)
DRAFTS = Place(
    name="drafts",
    holds="a part of any of these that a killed process left; it goes as a whole",
    is_one=is_draft,
    forget=remove_whole,
    names_nobody=True,
)
