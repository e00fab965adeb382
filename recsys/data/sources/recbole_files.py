"""RecBole's atomic files in a folder: their names, their typed headers, the parts of a split."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from recsys.data.kinds import WORDS, Kind
from recsys.data.sources.folder import content, data_folder
from recsys.data.sources.text_file import TextFile, first_line
from recsys.errors import InputError

TYPES = ("token", "token_seq", "float", "float_seq")

_PARTS = ("train", "valid", "test")


class AtomicFile(NamedTuple):
    """A file, and what its header says.

    Attributes:
        file: as it is to be read.
        types: name of each field -> its type.
    """

    file: TextFile
    types: Mapping[str, str]


def read_header(path: Path) -> AtomicFile:
    """The fields of an atomic file.

    Raises:
        InputError: it is missing, or a field has no type, an unknown one, or a name of another.
    """
    cells = first_line(path).split("\t")
    types: dict[str, str] = {}
    for number, cell in enumerate(cells, start=1):
        name, _, kind = cell.rpartition(":")
        if not name or kind not in TYPES:
            commas = "; separate fields by tabs" if len(cells) == 1 and "," in cell else ""
            raise InputError(
                f"{path.name}: line 1, field {number}: expected NAME:TYPE with a type of "
                f"{', '.join(TYPES)}, got '{cell[:80]}'{commas}"
            )
        if name in types:
            raise InputError(f"{path.name}: column '{name}' appears twice; keep one of them")
        types[name] = kind
    return AtomicFile(TextFile(path=path, names=list(types), separator="\t"), types)


def require_type(found: AtomicFile, name: str, kind: Kind) -> None:
    """Refuses a field whose type is not that of its column here.

    Args:
        found: the file.
        name: of the field.
        kind: of the column.

    Raises:
        InputError: says which type is expected.
    """
    expected, got = "token" if kind in WORDS else "float", found.types[name]
    if got != expected:
        raise InputError(
            f"{found.file.path.name}: line 1, column '{name}': expected type {expected}, got "
            f"{got}; write {name}:{expected}"
        )


def only_data_set(folder: Path) -> str:
    """NAME of the files of a folder: the folder's own, or the only one.

    Raises:
        InputError: there are none, or several.
    """
    names = sorted({path.name.partition(".")[0] for path in folder.glob("*.inter")})
    own = folder.resolve().name
    if any((folder / f"{own}{middle}.inter").exists() for middle in ("", ".train")):
        return own
    if len(names) != 1:
        got = ", ".join(names) if names else f"none; the folder holds {content(folder)}"
        raise InputError(
            f"data.root={folder}: expected the files of one data set, as NAME.inter, got {got}"
            + ("; set data.dataset=NAME" if names else "")
        )
    return names[0]


def parts_of_split(folder: Path, dataset: str, named: Sequence[str] | None) -> tuple[str, ...]:
    """The parts of a published split, the last one test; none where there is a single file.

    Args:
        folder: of the files.
        dataset: NAME of the files.
        named: the parts, where they are set.

    Raises:
        InputError: there are no such files.
    """
    if named is not None:
        if isinstance(named, str) or not 2 <= len(named) <= 3:
            got = named if isinstance(named, str) else list(named)
            raise InputError(
                "data.benchmark_filename: expected the parts of train and test, or of train, valid "
                f"and test, as [train, test], got {got}"
            )
        data_folder(str(folder), [f"{dataset}.{part}.inter" for part in named])
        return tuple(named)
    if (folder / f"{dataset}.inter").exists():
        return ()
    present = tuple(part for part in _PARTS if (folder / f"{dataset}.{part}.inter").exists())
    if present[:1] != _PARTS[:1] or present[-1:] != _PARTS[-1:]:
        raise InputError(
            f"data.root={folder}: expected {dataset}.inter, or {dataset}.train.inter and "
            f"{dataset}.test.inter; the folder holds {content(folder)}"
        )
    return present
