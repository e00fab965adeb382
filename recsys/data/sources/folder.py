"""The folder and the files that a source reads from."""

from collections.abc import Iterable
from pathlib import Path

from recsys.errors import InputError

_LISTED = 8


def data_folder(root: str | None, needed: Iterable[str]) -> Path:
    """The folder at `root`, which has the needed files.

    Args:
        root: as set by the user; `~` is the home folder.
        needed: names of files and folders.

    Raises:
        InputError: there is no such folder, or a file is missing; says what the folder has.
    """
    if root is None:
        raise InputError("data.root is not set; set data.root=FOLDER")
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise InputError(f"data.root={root}: expected a folder, and there is none")
    missing = [name for name in needed if not (folder / name).exists()]
    if missing:
        raise InputError(
            f"data.root={root}: expected {', '.join(missing)} there; the folder holds "
            f"{content(folder)}"
        )
    return folder


def content(folder: Path) -> str:
    """The first names in a folder, separated by commas; `nothing` if it is empty."""
    return ", ".join(sorted(path.name for path in folder.iterdir())[:_LISTED]) or "nothing"


def require_file(path: Path) -> None:
    """Refuses paths from which reading would fail or never end, as folders, pipes and devices.

    Raises:
        InputError: the path exists and is no regular file.
    """
    if path.is_dir():
        raise InputError(f"{path.name} cannot be read: Is a directory")
    if path.exists() and not path.is_file():
        raise InputError(
            f"{path.name} cannot be read: expected a file, got a pipe or a device; save the table "
            "as a file"
        )


def usual_file(folder: Path, table: str) -> Path | None:
    """The file or folder of a table, as `TABLE.parquet`; None without one.

    Names are `TABLE.parquet`, `TABLE.csv`, `TABLE.csv.gz` and `TABLE/` with parts.

    Raises:
        InputError: there are several.
    """
    names = (f"{table}.parquet", f"{table}.csv", f"{table}.csv.gz", table)
    paths = [folder / name for name in names if (folder / name).exists()]
    if len(paths) > 1:
        raise InputError(
            f"{table}: expected one file, got {' and '.join(path.name for path in paths)} in "
            f"{folder}; remove all but one"
        )
    return paths[0] if paths else None


def no_interactions(folder: Path) -> InputError:
    """The error of a folder without the file that every data set needs."""
    return InputError(
        f"data.root={folder}: expected interactions.parquet, interactions.csv (or .csv.gz) or a "
        f"folder interactions/ of Parquet or CSV parts; the folder holds {content(folder)}"
    )
