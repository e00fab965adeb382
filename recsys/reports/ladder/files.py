"""The ladder as files: page, picture and tables, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import replaced
from recsys.reports.ladder.ladder import Ladder
from recsys.reports.ladder.page import PAGE, ladder_page
from recsys.reports.ladder.picture import whole
from recsys.reports.rendering import as_csv

PICTURE = "ladder.png"
TABLES = ("rungs.csv", "steps.csv", "attribution.csv", "offers.csv", "reasons.csv")


def ladder_files(found: Ladder) -> dict[str, bytes]:
    """File name -> content; a table that would be empty is left out."""
    tables = (found.rates, found.steps, found.credit, found.answers, found.failures)
    csv = {
        name: as_csv(table).encode()
        for name, table in zip(TABLES, tables, strict=True)
        if not table.empty
    }
    return {PAGE: ladder_page(found).encode(), PICTURE: whole(found), **csv}


def require_room(folder: Path) -> None:
    """Refuses what cannot become the folder of a ladder, before anything is computed.

    Raises:
        InputError: it is a file, holds other things, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"out={folder} is a file; give a folder for {PAGE} and its tables")
    try:
        there = {path.name for path in folder.iterdir()} if folder.exists() else set()
        others = sorted(there - {PAGE, PICTURE, *TABLES})
        if others:
            raise InputError(
                f"out={folder} also holds {others[0]}, which replacing the ladder would delete; "
                "give a folder of its own"
            )
        place = next(parent for parent in folder.resolve().parents if parent.exists())
        with TemporaryDirectory(dir=place):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None


def write_ladder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Puts the folder in place in one step; an earlier ladder there is replaced.

    Raises:
        InputError: as `require_room`.
    """
    require_room(folder)
    try:
        with replaced(folder.resolve()) as draft:
            for name, content in files.items():
                (draft / name).write_bytes(content)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"out={folder} cannot be written: {reason(error)}")
