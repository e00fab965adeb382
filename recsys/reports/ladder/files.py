"""The ladder as a folder of files: page, picture and tables, written whole or not at all."""

from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import replaced
from recsys.reports.ladder.ladder import Ladder
from recsys.reports.ladder.page import PAGE, ladder_page
from recsys.reports.ladder.picture import overview
from recsys.reports.rendering import as_csv

PICTURE = "ladder.png"
TABLES = ("rungs.csv", "steps.csv", "attribution.csv", "offers.csv", "reasons.csv")
POLICY_TABLES = ("after_rules.csv", "rules.csv")
KINDS_TABLE = "segments.csv"


def ladder_files(ladder: Ladder) -> dict[str, bytes]:
    """The page, the picture and the tables of a ladder.

    Args:
        ladder: what is shown.

    Returns:
        file name -> content; an empty table is left out.
    """
    after = ladder.after_rules
    under_policy = (pd.DataFrame(),) * 2 if after is None else (after.rungs, after.rules)
    tables = (
        ladder.rates, ladder.steps, ladder.credit, ladder.answers, ladder.failures, *under_policy,
        ladder.segment_kinds,
    )  # fmt: skip
    csv = {
        name: as_csv(table).encode()
        for name, table in zip((*TABLES, *POLICY_TABLES, KINDS_TABLE), tables, strict=True)
        if not table.empty
    }
    return {PAGE: ladder_page(ladder).encode(), PICTURE: overview(ladder), **csv}


def require_room(folder: Path) -> None:
    """Refuses a folder that a ladder cannot be written to, before anything is computed.

    Args:
        folder: may exist or not; the files of an earlier ladder in it are no obstacle.

    Raises:
        InputError: it is a file, holds other files, or cannot be written.
    """
    if folder.exists() and not folder.is_dir():
        raise InputError(f"out={folder} is a file; set out= to a folder for {PAGE} and its tables")
    try:
        names = {path.name for path in folder.iterdir()} if folder.exists() else set()
        others = sorted(names - {PAGE, PICTURE, KINDS_TABLE, *TABLES, *POLICY_TABLES})
        if others:
            raise InputError(
                f"out={folder} also holds {others[0]}, which would be deleted with the earlier "
                "ladder; set out= to an empty or new folder"
            )
        parent = next(parent for parent in folder.resolve().parents if parent.exists())
        with TemporaryDirectory(dir=parent):
            pass
    except OSError as error:
        raise _unwritable(folder, error) from None


def write_ladder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Writes the folder in one step; an earlier ladder there is replaced.

    Args:
        folder: where to write.
        files: file name -> content.

    Raises:
        InputError: as `require_room`.
    """
    require_room(folder)
    try:
        # Other files may have been put there since.
        with replaced(folder.resolve(), lambda: require_room(folder)) as draft:
            for name, content in files.items():
                (draft / name).write_bytes(content)
    except OSError as error:
        raise _unwritable(folder, error) from None


def _unwritable(folder: Path, error: OSError) -> InputError:
    return InputError(f"out={folder} cannot be written: {reason(error)}")
