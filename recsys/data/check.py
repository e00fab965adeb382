"""Tables checked once at the door; a bad cell is named by table, row and column."""

from difflib import get_close_matches

import pandas as pd
from pandera.errors import SchemaErrors

from recsys.data import columns
from recsys.data.cells import (
    FILL,
    MEND,
    CellError,
    first,
    read_flags,
    read_numbers,
    read_whole_numbers,
    refuse_bad_ids,
    shown,
)
from recsys.data.feature_columns import read_feature
from recsys.data.moments import read_moments
from recsys.data.schema import SCHEMAS
from recsys.data.tables import Tables
from recsys.data.vocabulary import normalise_ids
from recsys.errors import InputError

_OPEN_TABLES = {"customers", "products"}
_IDS = (
    columns.CUSTOMER, columns.PRODUCT, columns.OFFER, columns.TOUCHPOINT, columns.DECISION,
    columns.ID_A, columns.ID_B,
)  # fmt: skip
_MOMENTS = (columns.TIMESTAMP, columns.VALID_FROM, columns.VALID_TO)
_UNIQUE = {"touchpoints": columns.TOUCHPOINT, "products": columns.PRODUCT,
           "customers": columns.CUSTOMER, "decisions": columns.DECISION}  # fmt: skip
_READERS = {"float64": read_numbers, "int64": read_whole_numbers, "bool": read_flags}


def check_tables(tables: Tables) -> Tables:
    """Tables with the types the library relies on.

    Ids become int64 (Int64 with gaps) or str, moments UTC, numbers float64, flags bool.

    Raises:
        InputError: one line with table, row (from 0), column, what was expected and the remedy.
    """
    checked = Tables(**{name: check_table(name, table) for name, table in tables.items()})
    _check_consent(checked)
    _check_shown(checked)
    return checked


def check_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """One checked table; see `check_tables`."""
    table = table.reset_index(drop=True)
    _check_columns(name, table)
    if table.empty:
        raise InputError(
            f"{name}: expected at least one row, got an empty table; is it the right file?"
        )
    for column in map(str, table.columns):
        try:
            _read_column(name, table, column)
        except CellError as error:
            raise InputError(
                _bad_cell(name, error.row, column, error.expected, error.got, error.remedy)
            ) from None
    try:
        table = SCHEMAS[name].validate(table, lazy=True)
    except SchemaErrors as errors:
        raise InputError(_first_failure(name, errors)) from None
    for column in _IDS:
        if column in table:
            table[column] = normalise_ids(table[column])
    _check_meaning(name, table)
    return table


def _read_column(name: str, table: pd.DataFrame, column: str) -> None:
    expected = SCHEMAS[name].columns
    if name == "customers" and column.startswith(columns.CONSENT_PREFIX):
        table[column] = read_flags(table[column])
    elif column not in expected:
        # A column whose name is no text is not looked at.
        if name in _OPEN_TABLES and column != "name" and column in table:
            table[column] = read_feature(table[column])
    elif column in _MOMENTS:
        table[column] = read_moments(table[column])
    elif column in _IDS:
        refuse_bad_ids(table[column])
    elif (kind := str(expected[column].dtype)) in _READERS:
        table[column] = _READERS[kind](table[column])


def _check_columns(name: str, table: pd.DataFrame) -> None:
    schema = SCHEMAS[name]
    known = [column for column in schema.columns if not column.startswith("^")]
    held = [str(column) for column in table.columns]
    for column in known:
        if schema.columns[column].required and column not in held:
            # A column that has a meaning of its own is no misspelling of another.
            near = get_close_matches(column, [c for c in held if c not in known], n=1, cutoff=0.6)
            remedy = (
                f"did you mean '{near[0]}'? rename it" if near else "add it or map a column to it"
            )
            raise InputError(
                f"{name}: column '{column}' is missing; the table has "
                f"{', '.join(held) or 'no column'}; {remedy}"
            )
    for column in held:
        if held.count(column) > 1:
            raise InputError(
                f"{name}: column '{column}' stands there {held.count(column)} times; keep one"
            )
        if name in _OPEN_TABLES or column in known or column.startswith(columns.CONTEXT_PREFIX):
            continue
        near = get_close_matches(column, known, n=1, cutoff=0.6)
        keep = f"name it '{columns.CONTEXT_PREFIX}{column}' to keep it as context"
        remedy = f"did you mean '{near[0]}'?" if near else f"drop it, or {keep}"
        raise InputError(f"{name}: column '{column}' is not known; {remedy}")


def _bad_cell(name: str, row: int, column: str, expected: str, got: object, remedy: str) -> str:
    return f"{name}: row {row}, column '{column}': expected {expected}, got {shown(got)}; {remedy}"


def _first_failure(name: str, errors: SchemaErrors) -> str:
    cases = errors.failure_cases
    case = cases.loc[cases["index"].astype("float").idxmin()]
    missing = case["check"] == "not_nullable"
    return _bad_cell(
        name,
        int(case["index"]),
        case["column"],
        "a value in every row" if missing else str(case["check"]),
        case["failure_case"],
        FILL if missing else MEND,
    )


def _check_meaning(name: str, table: pd.DataFrame) -> None:
    if name in _UNIQUE:
        _check_unique(name, table, _UNIQUE[name])
    if {columns.VALID_FROM, columns.VALID_TO} <= set(table.columns):
        _check_validity(name, table)
    if name != "interactions":
        return
    if columns.TIMESTAMP in table and columns.ORDER in table:
        raise InputError(
            "interactions: expected column 'timestamp' or column 'order', got both; "
            "keep the one that is true"
        )
    if columns.TIMESTAMP in table:
        missing = table[columns.TIMESTAMP].isna()
        if columns.PART in table:
            missing &= table[columns.PART] != columns.TEST_PART
        if missing.any():
            row = first(missing)
            raise InputError(_bad_cell(name, row, columns.TIMESTAMP, "a time", None, FILL))


def _check_unique(name: str, table: pd.DataFrame, key: str) -> None:
    dated = name == "customers" and columns.VALID_FROM in table
    repeated = table.duplicated([key, columns.VALID_FROM] if dated else [key])
    if repeated.any():
        row = first(repeated)
        remedy = "keep one row an id"
        if name == "customers":
            remedy += f", or tell its rows apart by '{columns.VALID_FROM}'"
        raise InputError(
            f"{name}: row {row}, column '{key}': expected an id once, "
            f"got {shown(table[key].iloc[row])} a second time; {remedy}"
        )


def _check_validity(name: str, table: pd.DataFrame) -> None:
    begins, ends = table[columns.VALID_FROM], table[columns.VALID_TO]
    closed = ends <= begins
    if closed.any():
        row = first(closed)
        raise InputError(
            _bad_cell(
                name, row, columns.VALID_TO, f"a time after '{columns.VALID_FROM}' "
                f"({shown(begins.iloc[row])})", ends.iloc[row],
                "it is the first moment that is no longer valid; mend it, or leave it empty",
            )
        )  # fmt: skip


def _check_shown(tables: Tables) -> None:
    """An answer to an offer that does not hold yet is one of the two tables dated wrongly."""
    offers, decisions = tables.offers, tables.decisions
    if offers is None or decisions is None or columns.VALID_FROM not in offers:
        return
    starts = offers.groupby(columns.OFFER)[columns.VALID_FROM].min()
    begins = decisions[columns.OFFER].map(starts)
    early = decisions[columns.TIMESTAMP] < begins
    if early.any():
        row = first(early)
        answer = decisions.iloc[row]
        raise InputError(
            f"decisions: row {row}, column '{columns.TIMESTAMP}': expected a time from "
            f"{shown(begins.iloc[row])} on, from which offer {shown(answer[columns.OFFER])} is "
            f"valid, got {shown(answer[columns.TIMESTAMP])} for its {answer[columns.OUTCOME]}; "
            "nobody answers an offer before it is shown: mend one of the two"
        )


def _check_consent(tables: Tables) -> None:
    """A consent that belongs to no touchpoint would silently close the one it was meant for."""
    if tables.customers is None:
        return
    named = [
        table[columns.TOUCHPOINT] for _, table in tables.items() if columns.TOUCHPOINT in table
    ]
    known = sorted({str(name) for column in named for name in column.dropna().unique()})
    for column in map(str, tables.customers.columns):
        touchpoint = column.removeprefix(columns.CONSENT_PREFIX)
        if known and column != touchpoint and touchpoint not in known:
            near = get_close_matches(touchpoint, known, n=1, cutoff=0.6)
            remedy = f"did you mean '{columns.CONSENT_PREFIX}{near[0]}'?" if near else "drop it"
            raise InputError(
                f"customers: column '{column}': no table knows a touchpoint '{touchpoint}'; there "
                f"are {', '.join(known[:12])}; {remedy}"
            )
