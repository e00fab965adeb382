"""The columns of every table: names, types and ranges.

In `SCHEMAS`, `required` columns have to exist and `nullable` ones may have empty cells. The type of
columns without one follows from `recsys.data.kinds`.
"""

import pandera.pandas as pa

from recsys.data import columns


def _id(required: bool = True, nullable: bool = False) -> pa.Column:
    return pa.Column(None, required=required, nullable=nullable)


def _number(low: float | None = None, high: float | None = None) -> pa.Column:
    checks = []
    if low is not None:
        checks.append(pa.Check.ge(low, error=f"a number of at least {low:g}"))
    if high is not None:
        checks.append(pa.Check.le(high, error=f"a number of at most {high:g}"))
    return pa.Column(float, checks, required=False, nullable=True)


def _probability_above_0() -> pa.Column:
    column = _number(high=1)
    column.checks.insert(0, pa.Check.gt(0, error="a number above 0"))
    return column


def _one_of(values: tuple[str, ...], required: bool = False) -> pa.Column:
    check = pa.Check.isin(values, error=f"one of {', '.join(values)}")
    return pa.Column(None, check, required=required)


def _flag() -> pa.Column:
    return pa.Column(bool, required=False)


def _moment(required: bool = False) -> pa.Column:
    return pa.Column(None, required=required, nullable=not required)


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
            columns.NAME: _id(required=False, nullable=True),
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
            columns.LANGUAGE: _id(required=False, nullable=True),
            columns.CAMPAIGN: _id(required=False, nullable=True),
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
    "records": pa.DataFrameSchema(
        {
            columns.RECORD: _id(),
            columns.SOURCE: _id(required=False, nullable=True),
            columns.CUSTOMER: _id(required=False, nullable=True),
            columns.GIVEN_NAME: _id(required=False, nullable=True),
            columns.SURNAME: _id(required=False, nullable=True),
            columns.BIRTH_DATE: _id(required=False, nullable=True),
            columns.EMAIL: _id(required=False, nullable=True),
            columns.PHONE: _id(required=False, nullable=True),
            columns.STREET: _id(required=False, nullable=True),
            columns.STREET_NUMBER: _id(required=False, nullable=True),
            columns.POSTCODE: _id(required=False, nullable=True),
            columns.CITY: _id(required=False, nullable=True),
            columns.LOYALTY: _id(required=False, nullable=True),
            columns.TIMESTAMP: _moment(),
        }
    ),
    "decisions": pa.DataFrameSchema(
        {
            columns.DECISION: _id(),
            columns.CUSTOMER: _id(),
            columns.OFFER: _id(),
            columns.TOUCHPOINT: _id(),
            columns.TIMESTAMP: _moment(required=True),
            columns.POLICY: _id(),
            columns.PROPENSITY: _probability_above_0(),
            columns.OUTCOME: _one_of(columns.OUTCOMES, required=True),
            columns.REWARD: _number(),
            columns.SLATE: _id(required=False, nullable=True),
            columns.POSITION: _number(low=0),
            columns.VARIANT: _id(required=False, nullable=True),
            columns.CAMPAIGN: _id(required=False, nullable=True),
            columns.POLICY_VERSION: _id(required=False, nullable=True),
            columns.RULES_VERSION: _id(required=False, nullable=True),
            columns.PROBABILITY: _number(low=0, high=1),
            columns.EXPECTED_VALUE: _number(),
            columns.MODEL_VERSION: _id(required=False, nullable=True),
            columns.KNOWN: _flag(),
            columns.FALLBACK: _flag(),
            columns.SCORE: _number(),
        }
    ),
}
"""Table -> its columns. Customers and products may have further ones, as features; interactions may
have columns `context_*`, and records any, as texts (`loyalty_id_*` and `handle_*` are keys)."""
