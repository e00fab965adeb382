"""Which parts of a table are as they were when a store kept them."""

import hashlib
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys.data.cells import listed
from recsys.data.part_store.manifest import KeptPart, Manifest

_SETTLED = 2_000_000_000
"""Nanoseconds. A file may be written again within one tick of its file system's clock."""

_NAMED = 3


@dataclass(frozen=True, kw_only=True)
class PartFile:
    """A part as it lies in the folder of its table.

    Attributes:
        name: below that folder.
        path: of the file.
    """

    name: str
    path: Path


@dataclass(frozen=True, kw_only=True)
class Changes:
    """What an update of a store found, as names of parts.

    Attributes:
        added: that it did not have.
        changed: that are other than they were, and are read again.
        gone: that are no longer there, and are removed.
        is_anew: whether the settings are others, so that all parts are read again.
    """

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    is_anew: bool = False

    @property
    def line(self) -> str | None:
        """What became of the parts that the store had; None if they are as they were."""
        words = ["it is of other settings or another version, so all parts are read again"]
        words = words if self.is_anew else []
        for names, one, several in (
            (self.changed, "has changed and is read again", "have changed and are read again"),
            (self.gone, "is gone, and its events too", "are gone, and their events too"),
        ):
            if names:
                words.append(f"{listed(names, _NAMED)} {one if len(names) == 1 else several}")
        return "; ".join(words) or None


def compared(
    manifest: Manifest, files: Sequence[PartFile]
) -> tuple[dict[str, KeptPart], tuple[str, ...]]:
    """The parts that are as they were, by name; and the names of those that have changed.

    A file of the same size and time is the same. A file of another time is the same if its content
    is: copies and downloads have new times.

    Args:
        manifest: of the store.
        files: of the table.

    Raises:
        OSError: a file cannot be read.
    """
    parts = {part.name: part for part in manifest.parts}
    kept: dict[str, KeptPart] = {}
    changed = []
    for file in files:
        part = parts.get(file.name)
        if part is None:
            continue
        about = file.path.stat()
        if (about.st_size, about.st_mtime_ns) == (part.size, part.changed_ns):
            kept[file.name] = part
        elif about.st_size == part.size and digest(file.path) == part.sha256:
            time_of = {"changed_ns": settled(about.st_mtime_ns)}
            kept[file.name] = part.model_copy(update=time_of)
        else:
            changed.append(file.name)
    return kept, tuple(changed)


def settled(changed_ns: int) -> int | None:
    """The time of a file's last change; None if another change could have the same time."""
    return changed_ns if time.time_ns() - changed_ns > _SETTLED else None


def digest(path: Path) -> str:
    """SHA-256 of a file.

    Raises:
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
