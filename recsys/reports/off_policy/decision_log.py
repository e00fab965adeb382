"""A table `decisions` as the arrays that off-policy estimators take."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.data import columns
from recsys.data.cells import bad_cell, first_true, listed
from recsys.data.check import check_table
from recsys.data.kinds import kind_of
from recsys.data.sources.csv_file import read_csv
from recsys.data.sources.folder import require_file
from recsys.data.sources.parquet import read_parquet
from recsys.errors import InputError
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.reports.off_policy.cells import cell_names, require_part, values_of

REWARDS = ("accept", "reward")
_LARGEST = 400_000_000
"""Probabilities, decisions x offers, that fit in memory."""


@dataclass(frozen=True, kw_only=True, eq=False)
class EvaluatedLog:
    """Decisions of one policy, or of one touchpoint, and all that the table says about the others.

    Attributes:
        frame: [N] rows in use, checked.
        others: all rows of the table.
        log: the rows in use as arrays; actions are positions in `offers`.
        offers: [A] ids, ascending.
        by: columns and periods whose values make a cell.
        cells: [N] the cell of each row, as a position in `names`.
        names: what each cell is called.
        seen: [names, A] the offers that the log made in each cell, those of rows left out as well.
        left_out: rows that `only` has left out.
    """

    frame: pd.DataFrame
    others: pd.DataFrame
    log: LoggedDecisions
    offers: IdArray
    by: tuple[str, ...]
    cells: IntArray
    names: IdArray
    seen: BoolArray
    left_out: int = 0

    @property
    def support(self) -> BoolArray:
        """[N, A] the offers that were made in the cell of each row."""
        return self.seen[self.cells]

    @property
    def parts(self) -> str:
        """What makes a cell, in words."""
        return " x ".join(self.by) or "the whole log"

    def only(self, rows: BoolArray) -> "EvaluatedLog":
        """The same log with some of its rows [N]; what a cell could play stays as it was."""
        kept: dict[str, Any] = {}
        for field in fields(self.log):
            values = getattr(self.log, field.name)
            kept[field.name] = None if values is None else values[rows]
        return replace(
            self,
            frame=self.frame[rows].reset_index(drop=True),
            log=LoggedDecisions(**kept),
            cells=self.cells[rows],
            left_out=self.left_out + int((~rows).sum()),
        )

    @property
    def flags(self) -> FloatArray:
        """[N, D] a flag for each value of each part of a cell, for a reward model."""
        parts = [pd.get_dummies(values_of(self.frame, name)) for name in self.by]
        return np.column_stack([np.empty((len(self.frame), 0)), *parts]).astype(np.float64)


def read_decisions(path: Path, key: str = "decisions") -> pd.DataFrame:
    """The checked table `decisions` of a Parquet or CSV file, or a folder of Parquet parts.

    Args:
        path: of the file.
        key: of the command line, for messages.

    Raises:
        InputError: there is no such file, or names the first bad cell.
    """
    return check_table("decisions", read_table(key, path))


def read_table(key: str, path: Path, table: str = "decisions") -> pd.DataFrame:
    """A Parquet or CSV file as it is.

    Args:
        key: of the command line, for messages.
        path: of the file.
        table: whose columns it has, which decides what a CSV cell is.

    Raises:
        InputError: there is no such file, or it cannot be read.
    """
    path = path.expanduser()
    if not path.exists():
        raise InputError(f"{key}={path}: expected a file, and there is none")
    try:
        if path.suffix == ".csv":
            require_file(path)
            return read_csv(path, lambda name: kind_of(table, name))
        return read_parquet(path)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None


def decision_log(
    table: pd.DataFrame,
    *,
    by: Sequence[str] = (columns.TOUCHPOINT,),
    policy: str | None = None,
    touchpoint: str | None = None,
    reward: str = "accept",
    are_customers_independent: bool = True,
) -> EvaluatedLog:
    """The decisions to learn from, as arrays.

    Args:
        table: checked decisions.
        by: columns of the table and periods (`cells.TIMES`) that make a cell.
        policy: only decisions of this policy.
        touchpoint: only decisions at this touchpoint.
        reward: "accept" for 1 where an offer was accepted, else 0; or "reward" for that column.
        are_customers_independent: False takes each decision, or slate, as independent.

    Raises:
        InputError: a column is missing or has gaps, no decision is left, or slates have gaps.
    """
    for name in by:
        require_part(table, name)
    chosen = table
    for column, value in ((columns.POLICY, policy), (columns.TOUCHPOINT, touchpoint)):
        if value is not None:
            chosen = _only(chosen, column, value)
    chosen = chosen.reset_index(drop=True)
    offers, actions = np.unique(chosen[columns.OFFER].to_numpy(), return_inverse=True)
    if len(chosen) * len(offers) > _LARGEST:
        raise InputError(
            f"decisions: {len(chosen):,} rows x {len(offers):,} offers are too many probabilities; "
            "set touchpoint= or policy=, or cut the table by time"
        )
    codes, names = pd.factorize(cell_names(chosen, by), sort=True)
    seen = np.zeros((len(names), len(offers)), dtype=bool)
    seen[codes, actions] = True
    return EvaluatedLog(
        frame=chosen,
        others=table,
        log=LoggedDecisions(
            actions=actions,
            rewards=_rewards(chosen, reward),
            propensities=_complete(chosen, columns.PROPENSITY),
            customers=_customers(chosen) if are_customers_independent else None,
            **_slates(chosen),
        ),
        offers=offers,
        by=tuple(by),
        cells=codes,
        names=np.asarray(names),
        seen=seen,
    )


def _only(table: pd.DataFrame, column: str, value: str) -> pd.DataFrame:
    rows = table[column].astype(str) == value
    if not rows.any():
        raise InputError(
            f"{column}={value}: the log has no such decision; it has "
            f"{listed(table[column].drop_duplicates().sort_values())}"
        )
    return table[rows]


def _complete(table: pd.DataFrame, column: str) -> FloatArray:
    if column not in table:
        raise InputError(
            f"decisions: expected column '{column}'; the table has {listed(table.columns)}"
        )
    gaps = table[column].isna()
    if gaps.any():
        raise bad_cell(
            "decisions", first_true(gaps), column, "a number in every row", None,
            "log it with each decision, or leave out the rows without it",
        )  # fmt: skip
    return table[column].to_numpy(np.float64)


def _rewards(table: pd.DataFrame, reward: str) -> FloatArray:
    if reward not in REWARDS:
        raise InputError(f"reward: expected {' or '.join(REWARDS)}, got {reward!r}")
    if reward == "reward":
        return _complete(table, columns.REWARD)
    return np.asarray(table[columns.OUTCOME] == "accept", np.float64)


def _customers(table: pd.DataFrame) -> IntArray:
    return np.asarray(pd.factorize(table[columns.CUSTOMER])[0])


def _slates(table: pd.DataFrame) -> Mapping[str, IntArray]:
    if columns.SLATE not in table or table[columns.SLATE].isna().all():
        return {}
    gaps = table[columns.SLATE].isna()
    if gaps.any():
        raise bad_cell(
            "decisions", first_true(gaps), columns.SLATE, "a slate in every row or in none", None,
            "give single decisions a slate of their own",
        )  # fmt: skip
    positions = _complete(table, columns.POSITION)
    broken = pd.Series(positions % 1 != 0)
    if broken.any():
        row = first_true(broken)
        raise bad_cell(
            "decisions", row, columns.POSITION, "a whole number", positions[row], "fix the cell"
        )
    slates = pd.factorize(table[columns.SLATE])[0]
    return {"slate_ids": slates, "positions": positions.astype(np.int64)}


def with_others(offers: IdArray, other: pd.Series) -> IdArray:
    """The offers of the log, and after them those that only the target makes."""
    if len(other) and isinstance(other.iloc[0], str) != isinstance(offers[0], str):
        raise InputError(
            f"target: expected ids of offers as {offers[0]!r}, got {other.iloc[0]!r}; write them "
            "alike in both tables"
        )
    beyond = np.setdiff1d(other.to_numpy(), offers)
    return np.concatenate([offers, beyond])


def positions_of(ids: IdArray | pd.Series, wanted: IdArray | pd.Series) -> IntArray:
    """Where each wanted id is among ids; all are."""
    return np.asarray(pd.Index(ids).get_indexer(pd.Index(wanted)))
