"""The policy in question: a file of probabilities, uniform, or the shares of a logged policy."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.data import columns
from recsys.data.cells import CellError, bad_cell, first_true, listed, read_numbers
from recsys.data.codes import read_ids
from recsys.errors import InputError
from recsys.reports.off_policy.artifact_policy import GREEDY, artifact_probabilities
from recsys.reports.off_policy.decision_log import (
    DecisionLog,
    cell_names,
    read_decisions,
    read_table,
)

PROBABILITY = "probability"
_SLACK = 1e-5


@dataclass(frozen=True, kw_only=True, eq=False)
class Target:
    """A policy to evaluate.

    Attributes:
        name: as the command line gives it.
        about: what it is, in a sentence.
        probabilities: [N, A] of each offer, or [N] of the logged one.
        offers: [A] ids; those of the log come first.
        is_approximate: whether the policy itself had other probabilities.
    """

    name: str
    about: str
    probabilities: FloatArray
    offers: IdArray
    is_approximate: bool = False


def target_of(key: str, text: str, decisions: DecisionLog, choose: str = GREEDY) -> Target:
    """The policy that the command line names.

    Args:
        key: of the command line, for messages.
        text: `uniform`, `policy:NAME`, `log:FILE`, `artifact:FOLDER` or a file of probabilities.
        decisions: the log.
        choose: how an artifact's offer is chosen, see `slot_policy`.

    Raises:
        InputError: there is no such policy or file, or names the first bad cell.
    """
    kind, _, name = text.partition(":")
    if text == "uniform":
        return _uniform(decisions)
    if kind == "policy" and name:
        others = decisions.others
        rows = others[columns.POLICY].astype(str) == name
        if not rows.any():
            raise InputError(
                f"{key}={text}: the table has no decision of it; it has "
                f"{listed(others[columns.POLICY].drop_duplicates().sort_values())}"
            )
        return _frequencies(key, text, others[rows], decisions)
    if kind == "log" and name:
        return _frequencies(key, text, read_decisions(Path(name)), decisions)
    if kind == "artifact" and name:
        probabilities, about = artifact_probabilities(key, name, choose, decisions)
        return Target(name=text, about=about, probabilities=probabilities, offers=decisions.offers)
    return _from_file(key, text, decisions)


def aligned(targets: Sequence[Target], offers: IdArray) -> list[Target]:
    """The policies with the same offers in the same order, so that they can be compared.

    Args:
        targets: policies on one log.
        offers: [A] ids of the log, which come first.
    """
    tables = [target for target in targets if target.probabilities.ndim == 2]
    beyond = [target.offers[len(offers) :] for target in tables]
    every = np.concatenate([offers, np.unique(np.concatenate([offers[:0], *beyond]))])
    return [_widened(target, every) if target in tables else target for target in targets]


def _widened(target: Target, offers: IdArray) -> Target:
    probabilities = np.zeros((len(target.probabilities), len(offers)))
    probabilities[:, _positions(offers, target.offers)] = target.probabilities
    return replace(target, probabilities=probabilities, offers=offers)


def _uniform(decisions: DecisionLog) -> Target:
    support = decisions.support.astype(np.float64)
    return Target(
        name="uniform",
        about=f"all offers that the log made in a cell, equally often ({_cell(decisions)})",
        probabilities=support / support.sum(axis=1, keepdims=True),
        offers=decisions.offers,
    )


def _frequencies(key: str, text: str, other: pd.DataFrame, decisions: DecisionLog) -> Target:
    """Shares of offers in each cell of another log; the policy's own probabilities may vary."""
    made = cell_names(other, decisions.by)
    known = set(made)
    absent = [name for name in decisions.names if name not in known]
    if absent:
        raise InputError(
            f"{key}={text}: it has no decision in {absent[0] or 'the table'}, where the log has "
            "some; set by= to fewer columns, or touchpoint= to one that both have"
        )
    offers = _with_others(decisions.offers, other[columns.OFFER])
    counts = np.zeros((len(decisions.names), len(offers)))
    inside = made.isin(decisions.names).to_numpy()
    cells = np.searchsorted(decisions.names, made[inside].to_numpy())
    actions = _positions(offers, other[columns.OFFER][inside])
    np.add.at(counts, (cells, actions), 1)
    shares = counts / counts.sum(axis=1, keepdims=True)
    return Target(
        name=text,
        about=(
            f"the shares of offers among {len(other):,} of its decisions by {_cell(decisions)}; "
            "approximate, as its own probabilities may differ from decision to decision"
        ),
        probabilities=shares[decisions.cells],
        offers=offers,
        is_approximate=True,
    )


def _from_file(key: str, text: str, decisions: DecisionLog) -> Target:
    """Probabilities of all offers, or of the logged one where the file has no offers."""
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
        return _of_logged(key, text, table, ids)
    table = table[table[columns.DECISION].isin(ids)]
    offers = _with_others(decisions.offers, table[columns.OFFER])
    probabilities = np.zeros((len(ids), len(offers)))
    rows = _positions(ids, table[columns.DECISION])
    np.add.at(
        probabilities,
        (rows, _positions(offers, table[columns.OFFER])),
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
    return Target(
        name=text, about="probabilities of a file", probabilities=probabilities, offers=offers
    )


def _of_logged(key: str, text: str, table: pd.DataFrame, ids: pd.Series) -> Target:
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
    return Target(
        name=text,
        about="probabilities of the logged offers, of a file",
        probabilities=values.to_numpy(np.float64),
        offers=np.empty(0),
    )


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


def _with_others(offers: IdArray, other: pd.Series) -> IdArray:
    """The offers of the log, and after them those that only the target makes."""
    if len(other) and isinstance(other.iloc[0], str) != isinstance(offers[0], str):
        raise InputError(
            f"target: expected ids of offers as {offers[0]!r}, got {other.iloc[0]!r}; write them "
            "alike in both tables"
        )
    beyond = np.setdiff1d(other.to_numpy(), offers)
    return np.concatenate([offers, beyond])


def _positions(ids: IdArray | pd.Series, wanted: IdArray | pd.Series) -> IntArray:
    """Where each wanted id is among ids; all are."""
    return np.asarray(pd.Index(ids).get_indexer(pd.Index(wanted)))


def _cell(decisions: DecisionLog) -> str:
    return " x ".join(decisions.by) or "the whole log"
