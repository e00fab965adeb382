"""Each type of PostgreSQL has the right value, by ADBC and by SQLAlchemy; secrets stay secret."""

import re
import sqlite3
import sys
from pathlib import Path
from typing import Any

import adbc_driver_sqlite
import duckdb
import pandas as pd
import psycopg
import pytest
from script_runner import run_script
from small_shop import FIT, shop_text

from recsys import Dataset
from recsys.data.check import check_tables
from recsys.data.faults.inspected import inspect
from recsys.data.sources.delta import Delta
from recsys.data.sources.sql.alchemy import amount
from recsys.data.sources.sql.source import Sql
from recsys.errors import InputError

ID, OTHER = 2**53 + 1, 2**53 + 3
UUID = "0b0c1ad4-58b5-4f1e-9a3e-4a7d4d0d6f01"
TABLES = f"""
CREATE TABLE events (
    customer_id bigint, product_id bigint, value numeric(10, 2), weight numeric,
    timestamp timestamptz, session_id uuid);
INSERT INTO events VALUES
    ({ID}, {OTHER}, 12.57, 3, '2026-01-31 12:00+01', '{UUID}'),
    (7, NULL, NULL, 0.1, '2026-01-31 12:00', NULL);
CREATE TABLE products (
    product_id bigint, price money, margin money, valid_from timestamp, valid_to date, loan boolean,
    rate numeric(6, 3), code text, level int);
INSERT INTO products VALUES
    ({OTHER}, '12.50', '-1234.05', '2026-01-01 12:00', 'infinity', true, 0.570, '007', 3),
    (4, NULL, '0.29', NULL, '2027-01-01', NULL, NULL, NULL, NULL);
CREATE TABLE customers (customer_id bigint, consent_app boolean);
INSERT INTO customers VALUES ({ID}, true), (7, false);
CREATE TABLE photos (customer_id bigint, photo bytea);
INSERT INTO photos VALUES ({ID}, '\\x00ff');
"""
QUERIES = {
    "interactions": "SELECT * FROM bank.events WHERE 'a:b%' LIKE 'a:b%';",
    "products": """
        SELECT product_id, price, margin, valid_from, NULLIF(valid_to, 'infinity') AS valid_to,
               loan, rate, code, level FROM bank.products""",
    "customers": "bank.customers",
}


@pytest.fixture(scope="module")
def bank(postgresql_uri: str) -> str:
    with psycopg.connect(postgresql_uri) as database:
        database.execute("CREATE SCHEMA bank")
        database.execute("SET search_path TO bank")
        database.execute(TABLES)
    return postgresql_uri


@pytest.fixture(params=["postgresql", "postgresql+psycopg"])
def uri(request: pytest.FixtureRequest, bank: str) -> str:
    return bank.replace("postgresql://", f"{request.param}://")


def moment(text: str) -> pd.Timestamp:
    return pd.Timestamp(text, tz="UTC")


# --- values -----------------------------------------------------------------------------


def test_every_type_has_the_right_value(uri: str) -> None:
    tables = check_tables(Sql(uri=uri, queries=QUERIES).load())
    events = tables.interactions
    assert events["customer_id"].tolist() == [ID, 7]
    assert events["product_id"].cat.categories.dtype == "int64"
    assert (events["product_id"][0], events["product_id"].isna().tolist()) == (OTHER, [False, True])
    assert events["value"].fillna(-1).tolist() == [12.57, -1]
    assert events["weight"].tolist() == [3.0, 0.1]
    assert events["timestamp"].tolist() == [moment("2026-01-31 11:00"), moment("2026-01-31 12:00")]
    assert events["session_id"].astype("str").fillna("").tolist() == [UUID, ""]
    assert tables.products is not None
    first, second = tables.products.to_dict("records")
    assert (first["product_id"], first["price"], first["margin"]) == (OTHER, 12.5, -1234.05)
    assert second["margin"] == 0.29
    assert first["valid_from"] == moment("2026-01-01 12:00")
    assert pd.isna(first["valid_to"])
    assert second["valid_to"] == moment("2027-01-01")
    assert (first["loan"], first["rate"], first["code"], first["level"]) == (True, 0.57, "007", 3)
    assert pd.isna(tables.products["price"][1])
    assert tables.customers is not None
    assert tables.customers["consent_app"].tolist() == [True, False]


def test_an_infinite_end_is_an_open_end_through_adbc(bank: str) -> None:
    queries = QUERIES | {"products": "bank.products"}
    products = Sql(uri=bank, queries=queries).load().products
    assert products is not None
    assert pd.isna(products["valid_to"][0])
    times = "SELECT 1 AS customer_id, t AS timestamp FROM (VALUES ('-infinity'::timestamptz)) v(t)"
    assert Sql(uri=bank, queries={"interactions": times}).load().interactions.isna().any(axis=None)


def test_money_is_read_as_the_locale_of_the_server_writes_it() -> None:
    assert [amount(text, 100) for text in ("$1,234.50", "-12,50 €", "($5.00)", None)] == [
        1234.5, -12.5, -5.0, None,
    ]  # fmt: skip
    assert amount("￥1250", 1) == 1250.0


def test_an_id_of_any_number_of_digits_is_kept(uri: str) -> None:
    query = "SELECT n AS customer_id FROM (VALUES (9007199254740993::numeric(20)), (5)) v(n)"
    ids = check_tables(Sql(uri=uri, queries={"interactions": query}).load()).interactions
    assert ids["customer_id"].tolist() == [ID, 5]
    query = "SELECT 123456789012345678901234567890::numeric AS customer_id"
    ids = Sql(uri=uri, queries={"interactions": query}).load().interactions
    assert [int(cell) for cell in ids["customer_id"]] == [123456789012345678901234567890]


def test_a_table_without_rows_has_its_columns(uri: str) -> None:
    query = "SELECT * FROM bank.events WHERE false"
    events = Sql(uri=uri, queries={"interactions": query}).load().interactions
    assert len(events) == 0
    assert "session_id" in events


# --- other databases --------------------------------------------------------------------


def test_sqlite_and_duckdb_keep_ids_and_are_not_written(tmp_path: Path) -> None:
    rows = [(ID, OTHER, "2026-01-31 12:00:00"), (7, None, "2026-01-31 13:00:00")]
    with sqlite3.connect(tmp_path / "shop.sqlite") as lite:
        lite.execute("CREATE TABLE e (customer_id INTEGER, product_id INTEGER, timestamp TEXT)")
        lite.executemany("INSERT INTO e VALUES (?, ?, ?)", rows)
    with duckdb.connect(tmp_path / "shop.duckdb") as duck:
        duck.execute("CREATE TABLE e (customer_id BIGINT, product_id HUGEINT, timestamp TIMESTAMP)")
        duck.executemany("INSERT INTO e VALUES (?, ?, ?)", rows)
    for scheme in ("sqlite", "duckdb"):
        uri = f"{scheme}:///{tmp_path}/shop.{scheme}"
        source = Sql(uri=uri, queries={"interactions": "e"})
        events = check_tables(source.load()).interactions
        assert source.name == "shop"
        assert events["product_id"].dropna().tolist() == [OTHER]
        assert events["timestamp"][0] == moment("2026-01-31 12:00")
        with pytest.raises(InputError, match=r"the database refuses it|expected a SELECT"):
            Sql(uri=uri, queries={"interactions": "DELETE FROM e"}).load()
        assert len(Sql(uri=uri, queries={"interactions": "e"}).load().interactions) == 2


def test_a_driver_of_adbc_is_known_by_its_scheme(tmp_path: Path, monkeypatch: Any) -> None:
    library = Path(adbc_driver_sqlite.__file__).parent / "libadbc_driver_sqlite.so"
    manifest = f'manifest_version = 1\nname = "SQLite"\n[Driver]\nshared = "{library}"\n'
    (tmp_path / "file.toml").write_text(manifest)
    monkeypatch.setenv("ADBC_DRIVER_PATH", str(tmp_path))
    with sqlite3.connect(tmp_path / "shop.db") as lite:
        lite.execute(f"CREATE TABLE e AS SELECT {ID} AS customer_id")
    source = Sql(uri=f"file:{tmp_path}/shop.db", queries={"interactions": "e"})
    assert source.load().interactions["customer_id"].tolist() == [ID]


# --- faults -----------------------------------------------------------------------------

FAULTS = {
    "bytes": ({"customers": "bank.photos"},
        "customers: row 0, column 'photo': expected one value in a cell", "decode it to text"),
    "column twice": ({"interactions": "SELECT 1 AS customer_id, 2 AS customer_id"},
        "interactions: data.queries.interactions: column 'customer_id' comes twice", "by AS"),
    "no such table": ({"interactions": "bank.nothing"},
        "interactions: data.queries.interactions: the database refuses it", "does not exist"),
    "no query": ({"interactions": "DELETE FROM bank.events"}, "the database refuses it"),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_a_load_and_a_check_say_the_same_of_a_fault(uri: str, name: str) -> None:
    queries, *says = FAULTS[name]
    source = Sql(uri=uri, queries={**QUERIES, **queries})
    with pytest.raises(InputError) as error:
        check_tables(source.load())
    inspected = inspect(source)
    message = re.sub(r"CURSOR.*|c_\w+|; and \d more.*", "", str(error.value))
    first = re.sub(r"CURSOR.*|c_\w+", "", inspected.faults[0].message)
    assert message == first
    for words in says:
        assert words in str(error.value)
    # The other tables are read all the same.
    assert set(inspected.collected.tables) >= {"products"}
    assert inspected.files["products"].name == "data.queries.products"


def test_all_tables_are_of_one_moment(uri: str, bank: str) -> None:
    source = Sql(uri=uri, queries=QUERIES)
    with source.reader() as read:
        before = read("customers")
        with psycopg.connect(bank) as other:
            other.execute("UPDATE bank.customers SET consent_app = NOT consent_app")
        again = read("customers")
    assert before is not None
    assert before.equals(again)


MISSING = {
    "postgresql://h/x": ("adbc_driver_postgresql", "adbc_driver_postgresql, which is missing; pip"),
    "postgresql+psycopg://h/x": ("psycopg", "the package psycopg, which is missing; pip install"),
    "snow://h/x": ("adbc_driver_manager", "the package adbc_driver_manager, which is missing; pip"),
}


@pytest.mark.parametrize("uri", MISSING)
def test_a_missing_package_is_one_line_with_what_to_install(uri: str, monkeypatch: Any) -> None:
    package, says = MISSING[uri]
    for module in ("adbc", "postgresql"):
        monkeypatch.delitem(sys.modules, f"recsys.data.sources.sql.{module}", raising=False)
        monkeypatch.delattr(f"recsys.data.sources.sql.{module}", raising=False)
    for name in [*sys.modules]:
        if name.partition(".")[0] == package:
            monkeypatch.setitem(sys.modules, name, None)
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(InputError, match=re.escape(says)) as error:
        Sql(uri=uri, queries={"interactions": "e"}).load()
    assert "'recsys[sql]'" in str(error.value)
    monkeypatch.setitem(sys.modules, "deltalake", None)
    with pytest.raises(InputError, match=r"data=delta needs deltalake; pip install 'recsys\[delt"):
        Delta(tables={"interactions": "e"}).load()


# --- secrets ----------------------------------------------------------------------------

SECRET = "Geheim-4711"


def test_a_password_is_in_no_message(monkeypatch: Any) -> None:
    for scheme in ("postgresql", "postgresql+psycopg", "mysql", "nothing"):
        monkeypatch.setenv("SHOP_URI", f"{scheme}://bank:{SECRET}@127.0.0.1:1/shop")
        source = Sql(uri_env="SHOP_URI", queries={"interactions": "e"})
        assert source.name == "shop"
        assert SECRET not in repr(source)
        with pytest.raises(InputError) as error:
            source.load()
        assert SECRET not in str(error.value)


def test_the_fingerprint_knows_no_address(bank: str) -> None:
    same = bank.replace("?", "?application_name=other&")
    prints = {
        Dataset.from_source(Sql(uri=uri, queries=QUERIES)).fingerprint for uri in (bank, same)
    }
    assert len(prints) == 1


@pytest.fixture
def shop(bank: str, tmp_path: Path, monkeypatch: Any) -> str:
    """A table `bank.shop`, and an address with a password that the server does not ask for."""
    with psycopg.connect(bank) as database, database.cursor() as cursor:
        header, *lines = shop_text("interactions").splitlines()
        kinds = {"timestamp": "timestamp", "value": "numeric", "duration": "int", "weight": "int"}
        columns = ", ".join(f"{name} {kinds.get(name, 'text')}" for name in header.split(","))
        cursor.execute("DROP TABLE IF EXISTS bank.shop")
        cursor.execute(f"CREATE TABLE bank.shop ({columns})")
        with cursor.copy("COPY bank.shop FROM STDIN (FORMAT csv)") as copy:
            copy.write("\n".join(lines))
    uri = bank.replace("postgres:@", f"postgres:{SECRET}@")
    assert SECRET in uri
    monkeypatch.setenv("SHOP_URI", uri)
    return uri


def kept_under(folder: Path) -> list[str]:
    """Names of files that hold the password."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert files
    return [path.name for path in files if SECRET.encode() in path.read_bytes()]


def test_a_check_says_no_password(shop: str, tmp_path: Path, capfd: Any) -> None:
    query = "data.queries.interactions=bank.shop"
    words = ["data=sql", query, "data.uri_env=SHOP_URI", "out=page.html"]
    assert run_script("check", *words, cwd=tmp_path) == 0
    words = ["data=sql", f"{query}s", "data.uri=${oc.env:SHOP_URI}"]
    assert run_script("check", *words, cwd=tmp_path) == 2
    printed = "".join(capfd.readouterr())
    assert "data.queries.interactions: the database refuses it" in " ".join(printed.split())
    assert SECRET not in printed
    assert not kept_under(tmp_path)


@pytest.mark.slow
def test_a_run_keeps_no_password(shop: str, tmp_path: Path, capfd: Any) -> None:
    words = [word for word in FIT if not word.startswith(("data=", "data.root"))]
    words += ["data=sql", "data.queries.interactions=bank.shop", f'data.uri="{shop}"']
    store = f"track.uri=sqlite:///{tmp_path}/mlflow.db"
    assert run_script("train", *words, store, cwd=tmp_path) == 0
    assert SECRET not in "".join(capfd.readouterr())
    assert not kept_under(tmp_path)
