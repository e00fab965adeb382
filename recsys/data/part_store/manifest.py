"""What a store holds, as `store.json` says it: the only file that is ever replaced."""

import json
import re
from pathlib import Path
from typing import Annotated, Any, TypeAlias

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.ops.whole_file import reason, write_whole

NAME = "store.json"
FORMAT = 1

_FILE = r"^(events|values)-[0-9]+\.arrow$"

FileName: TypeAlias = Annotated[str, StringConstraints(pattern=_FILE)]
"""Of a file in the store; a manifest that somebody else wrote names no file elsewhere."""


class KeptPart(BaseModel):
    """A part as it was checked.

    Attributes:
        name: of its file, below the folder of the table.
        size: bytes of the file.
        changed_ns: when the file was last written, nanoseconds since 1970; None where it was
            written just before it was read, so that it may have been written again since.
        sha256: of the file.
        kept: the file in the store.
        rows: number of events.
        first, last: the first and last moment in UTC microseconds, or position of an order; None
            without one.
        sums: column of numbers -> sum of their absolute values.
        counts: "action", "touchpoint" and "day" -> value -> number of events.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    size: int
    changed_ns: int | None
    sha256: str
    kept: FileName
    rows: int
    first: int | None
    last: int | None
    sums: dict[str, float]
    counts: dict[str, dict[str, int]]


class Manifest(BaseModel):
    """All of a store.

    Attributes:
        format: of the files.
        settings: what the parts were read with; with others they are read again.
        parts: those kept.
        values: files of values, in the order in which they are joined.
        has_unused: whether a part has gone, whose values may occur in no other.
        written: how many files were ever written; the next one has this number.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: int = FORMAT
    settings: dict[str, Any]
    parts: tuple[KeptPart, ...] = ()
    values: tuple[FileName, ...] = ()
    has_unused: bool = False
    written: int = 0

    @property
    def files(self) -> set[str]:
        """Names of the files that it needs."""
        return {*self.values, *(part.kept for part in self.parts)}


def read_manifest(folder: Path) -> Manifest | None:
    """The manifest of a store; None for a folder that is empty or not there.

    Raises:
        InputError: the folder holds something else, or its manifest cannot be read.
    """
    path = folder / NAME
    try:
        if not path.exists():
            if folder.exists() and not all(map(_may_be_ours, folder.iterdir())):
                raise InputError(
                    f"data.store={folder}: expected a store or an empty folder, got a folder of "
                    "other files; name another one"
                )
            return None
        content = json.loads(path.read_bytes())
    except OSError as error:
        raise InputError(f"data.store={folder} cannot be read: {reason(error)}") from None
    except ValueError as error:
        raise error if isinstance(error, InputError) else _damaged(folder) from None
    if isinstance(content, dict) and content.get("format") != FORMAT:
        raise InputError(
            f"data.store={folder}: expected a store of format {FORMAT}, got "
            f"{shown(content.get('format'))}; remove the folder, it is built again"
        )
    try:
        return Manifest.model_validate(content)
    except ValidationError:
        raise _damaged(folder) from None


def is_of_events(name: str) -> bool:
    """Whether a file of this name is one that a manifest may name."""
    return re.fullmatch(_FILE, name) is not None


def _may_be_ours(path: Path) -> bool:
    # A process that is killed before it writes the first manifest leaves such files.
    return path.name.startswith(".") or is_of_events(path.name)


def _damaged(folder: Path) -> InputError:
    return InputError(
        f"data.store={folder}: {NAME} is damaged; remove the folder, it is built again"
    )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes the manifest in one step: from then on the store holds what it says.

    Raises:
        InputError: the file cannot be written.
    """
    write_whole(folder / NAME, manifest.model_dump_json(), "data.store")
