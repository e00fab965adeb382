"""A small shop as a folder of CSV files, all eight tables, and ways to spoil one thing in it."""

from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pandas as pd

Spoil = Callable[[Path], object]
"""Changes what lies in a folder: `tables/` of the shop, and whatever else a script may meet."""

TABLES = {
    "interactions": """
        customer_id,product_id,touchpoint,action,timestamp,value,duration,weight,session_id
        ann,milk,app,view,2026-01-01,,10,1,s1
        ann,milk,app,purchase,2026-01-01,1.5,20,1,s1
        bob,milk,store,purchase,2026-01-02,1.5,30,1,s2
        bob,bread,store,purchase,2026-01-03,2,5,2,s2
        dan,,app,contact,2026-01-05,,60,1,s3
        ann,bread,app,purchase,2026-01-12,2,5,1,s4
        cleo,tea,app,purchase,2026-01-13,4,5,1,s5
        bob,tea,store,purchase,2026-01-14,4,5,1,s6
        ann,jam,app,purchase,2026-01-22,3,5,1,s7
        cleo,bread,app,accept,2026-01-23,2,5,1,s8
    """,
    "customers": """
        customer_id,age,consent_app,language,time_zone,valid_from
        ann,30,true,de,Europe/Berlin,2026-01-01
        ann,31,true,de,Europe/Berlin,2026-01-11
        bob,40,false,en,Europe/London,2026-01-01
        cleo,50,true,fr,Europe/Paris,2026-01-01
    """,
    "products": """
        product_id,name,category,price,margin,valid_from,valid_to
        milk,Milk,drinks,1.5,0.1,2025-01-01,2027-01-01
        bread,Bread,food,2,0.2,2025-01-01,2027-01-01
        tea,Tea,drinks,4,0.3,2025-01-01,2027-01-01
        jam,Jam,food,3,0.4,2025-01-01,2027-01-01
    """,
    "offers": """
        offer_id,product_id,touchpoint,variant,valid_from,valid_to,reward
        o1,milk,app,call now,2026-01-01,2026-02-01,1
        o1,tea,app,call now,2026-01-01,2026-02-01,1
        o2,jam,store,,2026-01-01,2026-02-01,2
    """,
    "touchpoints": """
        touchpoint,cost,outbound,capacity
        app,0.1,true,100
        store,2,false,10
    """,
    "identities": """
        id_a,id_b,kind,timestamp,confidence
        ann,phone-7,device,2026-01-02,0.9
        cleo,phone-8,device,2026-01-02,0.8
    """,
    "decisions": """
        decision_id,customer_id,offer_id,touchpoint,timestamp,policy,outcome,propensity,reward,slate_id,position
        d1,ann,o1,app,2026-01-04,old,accept,0.5,1,l1,1
        d2,bob,o2,store,2026-01-04,old,ignore,0.5,0,l2,1
    """,
    "records": """
        record_id,source,customer_id,given_name,surname,birth_date,email,phone,street,street_number,postcode,city,loyalty_id,timestamp
        r1,shop,ann,Ann,Alt,1990-01-01,ann@x.org,030 1234567,Main St,1,01067,Dresden,L1,2026-01-01
        r2,card,,Anne,Alt,1990-01-01,ANN@x.org,,Main St,1,01067,Dresden,,2026-01-02
        r3,shop,bob,Bob,Berg,1980-02-02,bob@x.org,030 7654321,High St,2,10115,Berlin,L2,2026-01-03
    """,
}  # fmt: skip

FIT = (
    "data=files", "data.root=tables", "data.valid_from=2026-01-10", "data.test_from=2026-01-20",
    "model=popularity", "evaluate.resamples=10",
)  # fmt: skip
"""A run on the shop that takes no time."""


def write_shop(folder: Path) -> Path:
    """Writes all tables as CSV."""
    folder.mkdir()
    for name in TABLES:
        (folder / f"{name}.csv").write_text(shop_text(name))
    return folder


def shop_text(table: str) -> str:
    """The lines of a table's file."""
    return "".join(f"{line.strip()}\n" for line in TABLES[table].strip().splitlines())


def cell(table: str, row: int, column: str, value: str) -> Spoil:
    """Writes one cell anew; row from 0, as messages count."""

    def spoil(folder: Path) -> None:
        frame = _read(folder, table)
        frame.loc[row, column] = value
        _write(folder, table, frame)

    return spoil


def no_column(table: str, column: str) -> Spoil:
    """Takes a column away."""
    return lambda folder: _write(folder, table, _read(folder, table).drop(columns=column))


def renamed(table: str, column: str, name: str) -> Spoil:
    """Gives a column another name."""
    return lambda folder: _write(folder, table, _read(folder, table).rename(columns={column: name}))


def column(table: str, name: str, value: str) -> Spoil:
    """Adds a column of one value, or overwrites one."""
    return lambda folder: _write(folder, table, _read(folder, table).assign(**{name: value}))


def row_twice(table: str, row: int) -> Spoil:
    """Appends a row that is there already."""

    def spoil(folder: Path) -> None:
        frame = _read(folder, table)
        _write(folder, table, pd.concat([frame, frame.iloc[[row]]]))

    return spoil


def no_rows(table: str) -> Spoil:
    """Leaves the header alone."""
    return lambda folder: _write(folder, table, _read(folder, table).iloc[:0])


def content(path: str, text: str | bytes) -> Spoil:
    """Writes a file, its folders made; path from the folder that scripts run in."""

    def spoil(folder: Path) -> None:
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())

    return spoil


def removed(path: str) -> Spoil:
    """Removes a file."""
    return lambda folder: (folder / path).unlink()


def parquet(table: str, change: Callable[[pd.DataFrame], pd.DataFrame]) -> Spoil:
    """Writes a table as Parquet instead of CSV, with whatever types `change` gives it."""

    def spoil(folder: Path) -> None:
        frame = change(pd.read_csv(folder / "tables" / f"{table}.csv"))
        frame.to_parquet(folder / "tables" / f"{table}.parquet", index=False)

    return spoil


def moved(path: str, to: str) -> Spoil:
    """Moves a file, folders made."""

    def spoil(folder: Path) -> None:
        (folder / to).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).rename(folder / to)

    return spoil


def all_of(*spoils: Spoil) -> Spoil:
    """One after the other."""
    return lambda folder: [spoil(folder) for spoil in spoils]


def _read(folder: Path, table: str) -> pd.DataFrame:
    return pd.read_csv(folder / "tables" / f"{table}.csv", dtype="str", keep_default_na=False)


def _write(folder: Path, table: str, frame: pd.DataFrame) -> None:
    text = StringIO()
    frame.to_csv(text, index=False)
    (folder / "tables" / f"{table}.csv").write_text(text.getvalue())
