"""Reports of live tests as folders, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import replaced

PAGE, PICTURE, PLAN, TABLE = "live_test.html", "live_test.png", "live_test.yaml", "live_test.csv"


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes a report; an earlier one in the folder is replaced.

    Args:
        folder: where to write.
        files: file name -> content.

    Raises:
        InputError: it is a file, holds other files, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"out={folder} is a file; set out= to a folder for {PAGE}")
    try:
        with replaced(folder.resolve(), lambda: _refuse_others(folder)) as draft:
            for name, content in files.items():
                (draft / name).write_bytes(content)
    except OSError as error:
        raise InputError(f"out={folder} cannot be written: {reason(error)}") from None


def _refuse_others(folder: Path) -> None:
    names = {path.name for path in folder.iterdir()} if folder.exists() else set()
    others = sorted(names - {PAGE, PICTURE, PLAN, TABLE})
    if others:
        raise InputError(
            f"out={folder} also holds {others[0]}, which would be deleted; set out= to an empty or "
            "new folder"
        )
