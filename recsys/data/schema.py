"""The columns of every table, checked once at the door; a bad row is named with its remedy."""

from difflib import get_close_matches

import pandas as pd
import pandera.pandas as pa
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
from recsys.data.moments import read_moments
from recsys.data.tables import Tables
from recsys.data.vocabulary import normalise_ids
from recsys.errors import InputError


def _id(required: bool = True, nullable: bool = False) -> pa.Column:
    return pa.Column(None, required=required, nullable=nullable)


def _number(low: float | None = None, high: float | None = None) -> pa.Column:
    checks = []
    if low is not None:
        checks.append(pa.Check.ge(low, error=f"a number of at least {low:g}"))
    if high is not None:
        checks.append(pa.Check.le(high, error=f"a number of at most {high:g}"))
    return pa.Column(float, checks, required=False, nullable=True)


def _one_of(values: tuple[str, ...], required: bool = False) -> pa.Column:
    check = pa.Check.isin(values, error=f"one of {', '.join(values)}")
    return pa.Column(None, check, required=required)


def _flag() -> pa.Column:
    return pa.Column(bool, required=False)


def _moment(nullable: bool = True) -> pa.Column:
    return pa.Column(None, required=False, nullable=nullable)


SCHEMAS = {
    "interactions": pa.DataFrameSchema(
        {
            columns.CUSTOMER: _id(),
            columns.PRODUCT: _id(required=False, nullable=True),
            columns.TOUCHPOINT: _id(required=False, nullable=True),
            columns.ACTION: _one_of(columns.ACTIONS),
            columns.TIMESTAMP: _moment(),
            columns.ORDER: pa.Column("int64", required=False),
            columns.VALUE: _number(),
            columns.DURATION: _number(low=0),
            columns.WEIGHT: _number(low=0),
            columns.SESSION: _id(required=False, nullable=True),
            columns.PART: _one_of((columns.TRAIN_PART, columns.TEST_PART)),
        }
    ),
    "customers": pa.DataFrameSchema(
        {
            columns.CUSTOMER: _id(),
            rf"^{columns.CONSENT_PREFIX}.+$": pa.Column(bool, required=False, regex=True),
            columns.LANGUAGE: _id(required=False, nullable=True),
            columns.TIME_ZONE: _id(required=False, nullable=True),
            columns.VALID_FROM: _moment(),
        }
    ),
    "products": pa.DataFrameSchema(
        {
            columns.PRODUCT: _id(),
            columns.CATEGORY: _id(required=False, nullable=True),
            columns.PRICE: _number(low=0),
            columns.MARGIN: _number(),
            columns.VALID_FROM: _moment(),
            columns.VALID_TO: _moment(),
        }
    ),
    "offers": pa.DataFrameSchema(
        {
            columns.OFFER: _id(),
            columns.PRODUCT: _id(),
            columns.TOUCHPOINT: _id(required=False, nullable=True),
            columns.VARIANT: _id(required=False, nullable=True),
            columns.VALID_FROM: _moment(),
            columns.VALID_TO: _moment(),
            columns.REWARD: _number(),
        }
    ),
    "touchpoints": pa.DataFrameSchema(
        {
            columns.TOUCHPOINT: _id(),
            columns.COST: _number(low=0),
            columns.OUTBOUND: _flag(),
            columns.CAPACITY: _number(low=0),
        }
    ),
    "identities": pa.DataFrameSchema(
        {
            columns.ID_A: _id(),
            columns.ID_B: _id(),
            columns.KIND: _id(),
            columns.TIMESTAMP: _moment(),
            columns.CONFIDENCE: _number(low=0, high=1),
        }
    ),
    "decisions": pa.DataFrameSchema(
        {
            columns.DECISION: _id(),
            columns.CUSTOMER: _id(),
            columns.OFFER: _id(),
            columns.TOUCHPOINT: _id(),
            columns.TIMESTAMP: _moment(nullable=False),
            columns.POLICY: _id(),
            columns.PROPENSITY: _number(low=0, high=1),
            columns.OUTCOME: _one_of(columns.OUTCOMES, required=True),
            columns.REWARD: _number(),
            columns.SLATE: _id(required=False, nullable=True),
            columns.POSITION: _number(low=0),
        }
    ),
}
"""Expected columns by table; products and customers may carry any further features."""

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
    return Tables(**{name: check_table(name, table) for name, table in tables.items()})


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
        return
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
