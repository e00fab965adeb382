"""The folder that a source reads from."""

from collections.abc import Iterable
from pathlib import Path

from recsys.errors import InputError


def data_folder(root: str | None, needed: Iterable[str]) -> Path:
    """The folder at `root`, once it is known to hold the files that are needed.

    Raises:
        InputError: no folder there, or a file is missing; says what the folder holds instead.
    """
    if root is None:
        raise InputError("data.root is not set; say data.root=FOLDER")
    folder = Path(root).expanduser()
    if not folder.is_dir():
        raise InputError(f"data.root={root}: expected a folder, and there is none")
    missing = [name for name in needed if not (folder / name).exists()]
    if missing:
        held = ", ".join(sorted(path.name for path in folder.iterdir())[:8]) or "nothing"
        raise InputError(
            f"data.root={root}: expected {', '.join(missing)} there; the folder holds {held}"
        )
    return folder


def require_file(path: Path) -> None:
    """Raises `InputError` where reading would not end, as from a pipe or a device."""
    if path.is_dir():
        raise InputError(f"{path.name} cannot be read: Is a directory")
    if path.exists() and not path.is_file():
        raise InputError(
            f"{path.name} cannot be read: expected a file, got a pipe or a device; save the table "
            "as a file"
        )
