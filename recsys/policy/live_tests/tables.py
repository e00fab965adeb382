"""The files of a live test: the log, the customers, their scores, and a policy's probabilities."""

from pathlib import Path

import pandas as pd

from recsys.arrays import FloatArray
from recsys.data import columns
from recsys.data.cells import CellError, bad_cell, read_numbers
from recsys.data.check import check_table
from recsys.data.codes import read_ids
from recsys.data.kinds import Kind, kind_of
from recsys.data.sources.csv_file import read_csv
from recsys.data.sources.parquet import read_parquet
from recsys.errors import InputError

SCORE, PROBABILITY = "score", "probability"


def read_decisions(path: Path) -> pd.DataFrame:
    """The checked table `decisions` in a Parquet or CSV file, or a folder of Parquet parts.

    Raises:
        InputError: the file cannot be read, or a cell is wrong.
    """
    return check_table("decisions", _read("decisions", path, "decisions"))


def read_customers(path: Path) -> pd.Series:
    """The ids of a table of customers, each once, in its order.

    Raises:
        InputError: as `read_decisions`.
    """
    table = check_table("customers", _read("customers", path, "customers"))
    ids: pd.Series = table[columns.CUSTOMER].drop_duplicates()
    return ids.reset_index(drop=True)


def read_scores(path: Path) -> pd.Series:
    """Scores by customer, from a file with the columns `customer_id` and `score`.

    Raises:
        InputError: the file cannot be read, a cell is wrong, or an id comes twice.
    """
    return _numbers_by_id("scores", path, columns.CUSTOMER, SCORE)


def read_probabilities(path: Path, decisions: pd.DataFrame) -> FloatArray:
    """[N] probability of each logged action under another policy.

    Args:
        path: a file with the columns `decision_id` and `probability`.
        decisions: [N] the log.

    Raises:
        InputError: the file cannot be read, a cell is wrong, or a decision has no probability.
    """
    known = _numbers_by_id("target", path, columns.DECISION, PROBABILITY)
    logged = decisions[columns.DECISION].astype(known.index.dtype, errors="ignore")
    probabilities = logged.map(known)
    if probabilities.isna().any():
        missing = decisions[columns.DECISION][probabilities.isna()].iloc[0]
        raise InputError(
            f"target: expected a probability of every decision, got none of {missing}; add its row"
        )
    return probabilities.to_numpy("float64")


def _numbers_by_id(key: str, path: Path, identity: str, number: str) -> pd.Series:
    table = _read(key, path, None)
    missing = [name for name in (identity, number) if name not in table]
    if missing:
        raise InputError(f"{key}={path}: column '{missing[0]}' is missing; add it")
    column = identity
    try:
        ids = read_ids(table[column])
        column = number
        numbers = read_numbers(table[column])
    except CellError as error:
        raise bad_cell(key, error.row, column, error.expected, error.got, error.remedy) from None
    twice = ids.duplicated()
    if twice.any():
        raise InputError(f"{key}={path}: {identity} {ids[twice].iloc[0]} appears twice; keep one")
    if numbers.isna().any():
        row = int(numbers.isna().argmax())
        raise InputError(f"{key}: row {row}, column '{number}': expected a number, got none")
    return pd.Series(numbers.to_numpy(), index=pd.Index(ids))


def _read(key: str, path: Path, table: str | None) -> pd.DataFrame:
    if not path.exists():
        raise InputError(f"{key}={path}: expected a file, and there is none")
    if path.suffix not in (".csv", ".parquet") and not path.is_dir():
        raise InputError(
            f"{key}={path}: expected a name that ends in .parquet or .csv, or a folder of Parquet "
            "parts"
        )

    def kind(name: str) -> Kind:
        if table is not None:
            return kind_of(table, name)
        return "number" if name in (SCORE, PROBABILITY) else "id"

    try:
        return read_csv(path, kind) if path.suffix == ".csv" else read_parquet(path)
    except InputError as error:
        raise InputError(f"{key}: {error}") from None
