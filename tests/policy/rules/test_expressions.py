"""An expression computes from columns and does nothing else."""

import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.data.sql_expressions.expressions import (
    FUNCTIONS,
    Expression,
    require_columns,
    require_safe,
)
from recsys.data.sql_expressions.locked import locked_connection
from recsys.errors import InputError
from recsys.policy.rules.evaluate import Bounds, conditions, numbers
from recsys.policy.rules.policy import CUSTOMER_SIDE, OFFER_SIDE

BOTH = CUSTOMER_SIDE + OFFER_SIDE
CUSTOMERS = pd.DataFrame(
    {
        "customer.age": [17.0, np.nan, 40.0],
        "customer.region": pd.Series(["north", None, "south"], dtype="str"),
        "customer.since": pd.to_datetime(["2024-02-29", None, "2025-06-01"], utc=True),
        "customer.vip": pd.array([True, None, False], "boolean"),
    }
)
OFFERS = pd.DataFrame({"product.region": ["north", "south"], "product.price": [10.0, 300.0]})


def safe(text: str) -> Expression:
    return require_safe("policy.eligibility[2].where", text, BOTH)


def holds(text: str, bounds: Bounds | None = None) -> list[list[object]]:
    """True, False or None for each customer and offer."""
    true, unknown = conditions(safe(text), CUSTOMERS, OFFERS, bounds or Bounds())
    return np.where(unknown, None, true).tolist()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("customer.region = product.region", [[True, False], [None, None], [False, True]]),
        ("customer.age >= 18", [[False, False], [None, None], [True, True]]),
        ("customer.age >= 18 OR product.price < 100", [[True, False], [True, None], [True, True]]),
        ("customer.age IS NULL", [[False, False], [True, True], [False, False]]),
        ("customer.vip", [[True, True], [None, None], [False, False]]),
        ("customer.since < DATE '2025-01-01'", [[True, True], [None, None], [False, False]]),
        ("year(customer.since) = 2024", [[True, True], [None, None], [False, False]]),
        ("customer.region ILIKE 'N%' -- a comment", [[True] * 2, [None] * 2, [False] * 2]),
        ("CASE WHEN customer.age < 18 THEN product.price < 20 ELSE true END",
         [[True, False], [True, True], [True, True]]),
        ("true", [[True, True]] * 3),
        ("coalesce(customer.age, 20) BETWEEN 18 AND 30", [[False] * 2, [True] * 2, [False] * 2]),
        ("customer.region IN ('north', 'east')", [[True] * 2, [None] * 2, [False] * 2]),
    ],
)  # fmt: skip
def test_conditions_over_pairs(text: str, expected: list[list[object]]) -> None:
    assert holds(text) == expected


def test_numbers_of_customers() -> None:
    expression = require_safe("path", "greatest(customer.age / 10, 2)", CUSTOMER_SIDE)
    values = numbers(expression, CUSTOMERS, pd.DataFrame(index=range(1)), Bounds())
    np.testing.assert_array_equal(values[:, 0], [2.0, 2.0, 4.0])


UNSAFE = {
    "(SELECT 1) = 1": "got a subquery",
    "customer.age IN (SELECT 1)": "got a subquery",
    "EXISTS (FROM range(3))": "got a subquery",
    "read_text('/etc/passwd') = ''": "expected functions that only compute .*got 'read_text'",
    "read_csv('x') = 1": "got 'read_csv'",
    "glob('*') = 1": "got 'glob'",
    "getenv('HOME') = ''": "got 'getenv'",
    "current_setting('threads') = '1'": "got 'current_setting'",
    "getvariable('x') = 1": "got 'getvariable'",
    "random() < 0.5": "got 'random'",
    "now() > customer.since": "got 'now'",
    "query('SELECT 1') = 1": "got 'query'",
    "nextval('s') = 1": "got 'nextval'",
    "repeat(customer.region, 1000000) = ''": "got 'repeat'",
    "customer.region || customer.region = ''": "got '||'",
    "replace(customer.region, 'n', 'nn') = ''": "got 'replace'",
    "format('{:>1000000000}', customer.region) = ''": "got 'format'",
    "count(*) > 1": "got 'count_star'",
    "sum(customer.age) OVER () > 1": "got a window",
    "main.lower(customer.region) = ''": "got 'lower'",
    "lower(customer.region) FILTER (WHERE true) = ''": "got 'lower'",
    "list_transform([1], x -> x) = 1": "got",
    "[1, 2][1] = 1": "the operator array_extract|a list",
    "{'a': 1}.a = 1": "the operator struct_extract|a list",
    "COLUMNS('.*') > 1": "got a star",
    "*": "got a star",
    "#1 = 1": "got a column by its number",
    "$1 = 1": "got a parameter",
    "customer.region COLLATE nocase = 'N'": "got a collation",
    "CAST(customer.age AS INTEGER[1000000000]) IS NULL": "got the type array",
    "customer.age::ENUM('a') IS NULL": "got the type enum",
    "TRY(customer.age) = 1": "the operator operator_try",
    "true) FROM range(10) t(x) WHERE (true": "got more than one expression",
    "true), (false": "got more than one expression",
    "true); DROP TABLE pairs; SELECT (true": "got another statement",
    "true); COPY (SELECT 1) TO '/tmp/x.csv'; SELECT (true": "got another statement",
    "true); SET memory_limit = '9GB'; SELECT (true": "got another statement",
    "true) UNION SELECT (false": "got more than one expression",
    "true) ORDER BY (1": "got more than one expression",
    "customer.age >= ": "expected a SQL expression, got 'customer.age >= ': syntax error",
    "age >= 18": "expected columns as customer.COLUMN or product.COLUMN .*got 'age'",
    "custmer.age >= 18": "got 'custmer.age'; did you mean 'customer'",
    "customer.a.b = 1": "got 'customer.a.b'",
    'customer.region = "north"': "got 'north'; write .*; texts stand in single quotes",
    "lowr(customer.region) = 'n'": "got 'lowr'; did you mean 'lower'",
    "customer.Age > 1 AND customer.age > 2": "differ in more than case, got 'customer.Age' and",
    "(" * 2_000 + "true" + ")" * 2_000: "expected a SQL expression|nested operations",
    "NOT " * 900 + "true": "got over 100 nested operations",
    "true" + " AND true" * 1_000: "expected at most 5,000 characters, got 9,004",
    "\x00": "expected",
}


@pytest.mark.parametrize("text", UNSAFE, ids=[text[:50] for text in UNSAFE])
def test_what_does_more_than_compute_is_refused_before_it_runs(text: str) -> None:
    with pytest.raises(InputError, match=UNSAFE[text]) as refused:
        safe(text)
    assert str(refused.value).startswith("policy.eligibility[2].where: ")
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_allowed_function_is_one_that_duckdb_knows_and_repeats(name: str) -> None:
    known = locked_connection(5.0)
    kinds = known.execute(
        "SELECT DISTINCT function_type, stability FROM duckdb_functions() WHERE function_name = ?",
        [name],
    ).fetchall()
    # These are part of the grammar.
    if name not in ("coalesce", "ifnull", "nullif", "if", "datediff"):
        assert kinds
    assert {kind for kind, _ in kinds} <= {"scalar", "macro"}
    assert {stability for _, stability in kinds} <= {None, "CONSISTENT"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("customer.agee > 1", "got 'customer.agee'; did you mean 'customer.age'"),
        ("customer.price > 1", "got 'customer.price'; did you mean 'product.price'"),
        ("product.zzz = 1", "got 'product.zzz'; the table has price"),
        ("offer.reward > 1", "column 'offer.reward': the data have no table of offers"),
    ],
)
def test_an_unknown_column_is_named_with_the_nearest_known_one(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        require_columns(safe(text), {"customer": ["age", "region"], "product": ["price"]})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("customer.age", "expected a condition .*, got a value of type double; compare it"),
        ("NULL", "expected a condition"),
        ("customer.age > 'x'", "expected an expression that fits the columns, .*Could not convert"),
        ("customer.region - 1 = 0", "fits the columns, .*No function matches"),
        ("CAST(customer.region AS INTEGER) = 1", "fits the columns, .*Could not convert"),
    ],
)
def test_an_expression_that_does_not_fit_its_columns_is_refused(text: str, message: str) -> None:
    with pytest.raises(InputError, match=message) as refused:
        holds(text)
    assert "\n" not in str(refused.value)
    assert str(refused.value).count("policy.eligibility") == 1


def test_a_text_is_no_number() -> None:
    with pytest.raises(InputError, match="expected a number, got a value of type varchar"):
        numbers(safe("customer.region"), CUSTOMERS, OFFERS, Bounds())


def many(count: int) -> pd.DataFrame:
    return pd.DataFrame({"customer.age": np.arange(count, dtype=np.float64)})


SLOW = " + ".join(["sqrt(abs(ln(customer.age + 1) * exp(0.1)))"] * 100) + " > 1"


def test_an_expression_that_runs_too_long_is_stopped() -> None:
    started = time.perf_counter()
    with pytest.raises(InputError, match=r"expected at most 0\.2 seconds, got more; simplify"):
        conditions(safe(SLOW), many(4_000_000), pd.DataFrame(index=range(1)), Bounds(seconds=0.2))
    assert time.perf_counter() - started < 5


def test_the_time_limit_reaches_cursors_too() -> None:
    import duckdb

    slow = "SELECT sum(sqrt(a.range * b.range)) FROM range(1000000) a, range(1000000) b"
    for runner in (locked_connection(0.2), locked_connection(0.2).cursor()):
        started = time.perf_counter()
        with pytest.raises(duckdb.InterruptException, match="maximum execution time"):
            runner.execute(slow).fetchall()
        assert time.perf_counter() - started < 5


def test_the_memory_limit_holds_without_spilling_to_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import duckdb

    monkeypatch.chdir(tmp_path)
    connection = locked_connection(20.0, "20MB")
    distinct = "SELECT count(*) FROM (SELECT DISTINCT range FROM range(10000000))"
    with pytest.raises(duckdb.OutOfMemoryException):
        connection.execute(distinct).fetchall()
    assert list(tmp_path.iterdir()) == []


def test_the_connection_can_neither_read_write_nor_be_changed(tmp_path: Path) -> None:
    import duckdb

    connection = locked_connection(5.0)
    for statement in (
        "SELECT * FROM read_text('/etc/hostname')",
        f"COPY (SELECT 1) TO '{tmp_path}/x.csv'",
        f"ATTACH '{tmp_path}/x.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '9GB'",
        "SET max_execution_time = 0",
        "SET lock_configuration = false",
    ):
        with pytest.raises(duckdb.Error):
            connection.execute(statement)
    assert list(tmp_path.iterdir()) == []


def test_too_many_pairs_are_refused_with_the_way_out() -> None:
    with pytest.raises(InputError, match="at most 10 pairs of distinct values, got 6 of customers"):
        conditions(safe("customer.age > product.price"), many(6), OFFERS, Bounds(pairs=10))
