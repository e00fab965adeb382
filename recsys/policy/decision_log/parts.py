"""A log of decisions on the disk: a folder of Parquet parts that is only ever added to."""

import re
from pathlib import Path

import pandas as pd

from recsys.data import columns
from recsys.errors import InputError
from recsys.ops.whole_file import whole_file

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")


class DecisionLog:
    """A folder that `data=files` reads as the table `decisions`, if it is named `decisions`.

    A part appears in one step: a crash while it is written leaves all earlier ones, and nothing of
    it. A part is named by who writes it, after what it holds (a day, a round): written again after
    a crash it replaces itself, so nothing is logged twice.

    Args:
        folder: made with the first part.
    """

    def __init__(self, folder: Path | str) -> None:
        self.folder = Path(folder)

    def append(self, name: str, decisions: pd.DataFrame) -> Path:
        """Writes a part.

        Args:
            name: letters, digits, `_` and `-`.
            decisions: as `decision_table` makes them, with or without outcomes.

        Returns:
            The file.

        Raises:
            InputError: the name cannot be used, a decision_id repeats in the part, or the file
                cannot be written.
        """
        if not _NAME.fullmatch(name):
            raise InputError(f"part: expected letters, digits, _ and -, got '{name}'")
        repeated = _repeated(decisions)
        if repeated is not None:
            raise InputError(
                f"decisions: {columns.DECISION} '{repeated}' appears twice; a customer has one "
                "decision a moment, touchpoint and policy"
            )
        path = self.folder / f"{name}.parquet"
        with whole_file(path, "decisions") as file:
            decisions.to_parquet(file, index=False)
        return path

    def names(self) -> list[str]:
        """Names of the finished parts, sorted."""
        return sorted(path.stem for path in self.folder.glob("*.parquet") if path.name[0] != ".")

    def read(self) -> pd.DataFrame:
        """All parts, in the order of their names; no rows and columns where there is none.

        Raises:
            InputError: a decision is in two parts.
        """
        parts = [pd.read_parquet(self.folder / f"{name}.parquet") for name in self.names()]
        if not parts:
            return pd.DataFrame()
        table = pd.concat(parts, ignore_index=True)
        repeated = _repeated(table)
        if repeated is not None:
            raise InputError(
                f"decisions: {columns.DECISION} '{repeated}' is in two parts of {self.folder}; "
                "remove one of them"
            )
        return table


def _repeated(decisions: pd.DataFrame) -> str | None:
    """The first id that appears a second time."""
    twice = decisions.loc[decisions[columns.DECISION].duplicated(), columns.DECISION]
    return str(twice.iloc[0]) if len(twice) else None
