"""A target policy as a file: probabilities of every offer, or of the logged ones alone."""

from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray
from recsys.data import columns
from recsys.data.cells import CellError, bad_cell, first_true, listed, read_numbers
from recsys.data.codes import read_ids
from recsys.errors import InputError
from recsys.reports.off_policy.decision_log import (
    EvaluatedLog,
    positions_of,
    read_table,
    with_others,
)

PROBABILITY = "probability"
_SLACK = 1e-5


def read_probabilities(key: str, text: str, decisions: EvaluatedLog) -> tuple[FloatArray, IdArray]:
    """[N, A] probabilities and [A] offers, those of the log first; or [N] of the logged offers.

    Args:
        key: of the command line, for messages.
        text: a Parquet or CSV file with decision_id, probability and, for all offers, offer_id.
        decisions: the log.

    Raises:
        InputError: a column or a decision is missing, or names the first bad cell.
    """
    if not Path(text).expanduser().exists():
        raise InputError(
            f"{key}={text}: expected a file, and there is none; give the path of a file, uniform, "
            "policy:NAME, log:FILE or artifact:FOLDER"
        )
    table = read_table(key, Path(text))
    for column in (columns.DECISION, PROBABILITY):
        if column not in table:
            raise InputError(
                f"{key}={text}: expected column '{column}', got {listed(table.columns)}; give "
                "decision_id, offer_id and probability"
            )
    table = _checked(key, table)
    ids = decisions.frame[columns.DECISION]
    if columns.OFFER not in table:
        return _of_logged(key, text, table, ids), np.empty(0)
    table = table[table[columns.DECISION].isin(ids)]
    offers = with_others(decisions.offers, table[columns.OFFER])
    probabilities = np.zeros((len(ids), len(offers)))
    rows = positions_of(ids, table[columns.DECISION])
    np.add.at(
        probabilities,
        (rows, positions_of(offers, table[columns.OFFER])),
        table[PROBABILITY].to_numpy(),
    )
    is_named = ids.isin(table[columns.DECISION])
    if not is_named.all():
        raise InputError(
            f"{key}={text}: expected rows for each of the log's {len(ids):,} decisions, got none "
            f"for {(~is_named).sum():,} of them, such as {ids[~is_named].iloc[0]}; list every "
            "offer that the policy may make in each decision"
        )
    wrong = pd.Series(np.abs(probabilities.sum(axis=1) - 1) > _SLACK)
    if wrong.any():
        row = first_true(wrong)
        raise InputError(
            f"{key}={text}: expected probabilities that sum to 1 for each decision, got "
            f"{probabilities[row].sum():.6g} for decision {ids.iloc[row]}; list every offer that "
            "the policy may make"
        )
    return probabilities, offers


def _of_logged(key: str, text: str, table: pd.DataFrame, ids: pd.Series) -> FloatArray:
    repeated = table[columns.DECISION].duplicated()
    if repeated.any():
        row = first_true(repeated)
        raise bad_cell(
            key, row, columns.DECISION, "each decision once",
            table[columns.DECISION].iloc[row], "add a column offer_id for probabilities of all",
        )  # fmt: skip
    values = table.set_index(columns.DECISION)[PROBABILITY].reindex(ids)
    if values.isna().any():
        absent = ids.iloc[first_true(values.isna().reset_index(drop=True))]
        raise InputError(f"{key}={text}: expected a row for each decision, got none for {absent}")
    return values.to_numpy(np.float64)


def _checked(key: str, table: pd.DataFrame) -> pd.DataFrame:
    """The columns in use with their types, and probabilities from 0 to 1."""
    readers = {
        columns.DECISION: read_ids, columns.OFFER: read_ids, PROBABILITY: read_numbers
    }  # fmt: skip
    read = {}
    for column in (name for name in readers if name in table):
        try:
            read[column] = readers[column](table[column])
        except CellError as error:
            raise bad_cell(
                key, error.row, column, error.expected, error.got, error.remedy
            ) from None
    checked = pd.DataFrame(read)
    bad = ~checked[PROBABILITY].between(0, 1 + _SLACK)
    if bad.any():
        row = first_true(bad)
        raise bad_cell(
            key, row, PROBABILITY, "a probability from 0 to 1",
            checked[PROBABILITY].iloc[row], "fix the cell",
        )  # fmt: skip
    return checked
