"""The columns of every table, checked once at the door; a bad row is named with its remedy."""

from difflib import get_close_matches

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from recsys.data import columns
from recsys.data.moments import parse_moments
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
    return pa.Column(float, checks, required=False, nullable=True, coerce=True)


def _one_of(values: tuple[str, ...], required: bool = False) -> pa.Column:
    check = pa.Check.isin(values, error=f"one of {', '.join(values)}")
    return pa.Column(None, check, required=required)


def _flag() -> pa.Column:
    return pa.Column(bool, required=False, coerce=True)


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
            columns.ORDER: pa.Column("int64", required=False, coerce=True),
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
            rf"^{columns.CONSENT_PREFIX}.+$": pa.Column(
                bool, required=False, coerce=True, regex=True
            ),
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
_UNIQUE = {"touchpoints": [columns.TOUCHPOINT], "products": [columns.PRODUCT],
           "decisions": [columns.DECISION]}  # fmt: skip


def check_tables(tables: Tables) -> Tables:
    """Tables with the types the library relies on.

    Ids become int64 or str, moments UTC, numbers float64, flags bool.

    Raises:
        InputError: one line with table, row (from 0), column, what was expected and the remedy.
    """
    return Tables(**{name: check_table(name, table) for name, table in tables.items()})


def check_table(name: str, table: pd.DataFrame) -> pd.DataFrame:
    """One checked table; see `check_tables`."""
    table = table.reset_index(drop=True)
    if table.empty:
        raise InputError(
            f"{name}: expected at least one row, got an empty table; is it the right file?"
        )
    _check_columns(name, table)
    for column in _MOMENTS:
        if column in table:
            table[column] = parse_moments(table[column], f"{name}: column '{column}'")
    try:
        table = SCHEMAS[name].validate(table, lazy=True)
    except SchemaErrors as errors:
        raise InputError(_first_failure(name, errors)) from None
    for column in _IDS:
        if column in table:
            table[column] = normalise_ids(table[column])
    _check_meaning(name, table)
    return table


def _check_columns(name: str, table: pd.DataFrame) -> None:
    schema = SCHEMAS[name]
    known = [column for column in schema.columns if not column.startswith("^")]
    for column in known:
        if schema.columns[column].required and column not in table:
            near = get_close_matches(column, map(str, table.columns), n=1, cutoff=0.6)
            remedy = f"rename '{near[0]}'" if near else "add it or map a column to it"
            raise InputError(
                f"{name}: column '{column}' is missing; the table has "
                f"{', '.join(map(str, table.columns))}; {remedy}"
            )
    if name in _OPEN_TABLES:
        return
    for column in map(str, table.columns):
        if column not in known and not column.startswith(columns.CONTEXT_PREFIX):
            near = get_close_matches(column, known, n=1, cutoff=0.6)
            remedy = (
                f"did you mean '{near[0]}'?"
                if near
                else (
                    f"drop it, or name it '{columns.CONTEXT_PREFIX}{column}' to keep it as context"
                )
            )
            raise InputError(f"{name}: column '{column}' is not known; {remedy}")


def _first_failure(name: str, errors: SchemaErrors) -> str:
    cases = errors.failure_cases
    case = cases.loc[cases["index"].astype("float").fillna(-1).idxmin()]
    column, check = case["column"], str(case["check"])
    if check == "not_nullable":
        expected, remedy = "a value in every row", "fill it in or drop the row"
    elif check.startswith(("coerce_dtype", "dtype")):
        kind = check.split("(")[-1].rstrip(")").strip("'\"")
        words = {"float64": "numbers", "int64": "whole numbers", "bool": "true or false"}
        expected, remedy = words.get(kind, kind), "mend the value or drop the row"
    else:
        expected, remedy = check, "mend the value or drop the row"
    where = "" if pd.isna(case["index"]) else f" row {int(case['index'])},"
    came = "" if pd.isna(case["index"]) else f", got {case['failure_case']!r}"
    return f"{name}:{where} column '{column}': expected {expected}{came}; {remedy}"


def _check_meaning(name: str, table: pd.DataFrame) -> None:
    if name in _UNIQUE:
        repeated = table.duplicated(_UNIQUE[name])
        if repeated.any():
            row, column = int(repeated.idxmax()), _UNIQUE[name][0]
            raise InputError(
                f"{name}: row {row}, column '{column}': {table.at[row, column]!r} stands there a "
                "second time; keep one row an id"
            )
    if name != "interactions":
        return
    if columns.TIMESTAMP in table and columns.ORDER in table:
        raise InputError(
            "interactions: has both 'timestamp' and 'order'; keep the one that is true"
        )
    if columns.TIMESTAMP in table:
        missing = table[columns.TIMESTAMP].isna()
        if columns.PART in table:
            missing &= table[columns.PART] != columns.TEST_PART
        if missing.any():
            raise InputError(
                f"interactions: row {int(missing.idxmax())}, column 'timestamp': expected a time, "
                "got none; fill it in or drop the row"
            )
