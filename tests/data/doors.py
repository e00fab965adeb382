"""The same tables through every door: files, databases, lakes and frames in memory."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import adbc_driver_postgresql.dbapi
import deltalake
import duckdb
import numpy as np
import pandas as pd
import polars as pl
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from recsys import Dataset
from recsys.data.sources.delta import Delta
from recsys.data.sources.files import Files
from recsys.data.sources.sql.source import Sql
from recsys.simulation.source import SimulatedMarket

Frames = Mapping[str, pd.DataFrame]

COLUMN_TYPES = {
    "products": {"price": "money", "margin": "numeric(12,2)"},
    "interactions": {"value": "numeric(12,2)", "duration": "numeric"},
    "customers": {"income": "numeric(12,2)"},
}
"""What a bank's PostgreSQL has for sums."""


def market() -> Frames:
    """A simulated market, whose customers have ids above 2^53 with gaps, branches and dates."""
    frames = dict(SimulatedMarket(events=1_500).load().items())
    customers = frames["customers"]
    numbers = np.arange(len(customers))
    frames["customers"] = customers.assign(
        household=pd.array(2**53 + 1 + 2 * numbers, "Int64").copy(),
        branch=pd.Series(np.where(numbers % 3, "007", "012"), dtype="str"),
        born=pd.Timestamp("1970-01-01") + pd.to_timedelta(numbers * 30, unit="D"),
        member=numbers % 2 == 0,
    )
    frames["customers"].loc[::5, "household"] = pd.NA
    frames["customers"].loc[::7, "born"] = pd.NaT
    return frames


def arrow(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)


def parquet(frames: Frames, folder: Path, _: str) -> Dataset:
    for name, frame in frames.items():
        pq.write_table(arrow(frame), folder / f"{name}.parquet")
    return Dataset.from_source(Files(root=str(folder), name="market"))


def hive(frames: Frames, folder: Path, _: str) -> Dataset:
    parquet(frames, folder, _)
    (folder / "customers.parquet").unlink()
    for branch, rows in frames["customers"].groupby("branch"):
        part = folder / "customers" / f"branch={branch}" / "part-0.parquet"
        part.parent.mkdir(parents=True)
        pq.write_table(arrow(rows.drop(columns="branch")), part)
    return Dataset.from_source(Files(root=str(folder), name="market"))


def csv_parts(frames: Frames, folder: Path, _: str) -> Dataset:
    for name, frame in frames.items():
        half = len(frame) // 2
        (folder / name).mkdir()
        frame[half:].to_csv(folder / name / "part-1.csv.gz", index=False)
        frame[:half].to_csv(folder / name / "part-0.csv", index=False)
    return Dataset.from_source(Files(root=str(folder), name="market"))


def duckdb_file(frames: Frames, folder: Path, _: str) -> Dataset:
    with duckdb.connect(folder / "shop.duckdb") as database:
        for name, frame in frames.items():
            database.register("rows", arrow(frame))
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM rows")
    uri = f"duckdb:///{folder / 'shop.duckdb'}"
    return Dataset.from_source(Sql(uri=uri, queries={name: name for name in frames}, name="market"))


def in_postgresql(frames: Frames, uri: str) -> None:
    """Writes the tables into a schema `market`, unless they are there."""
    with psycopg.connect(uri) as database:
        made = database.execute("SELECT 1 FROM pg_namespace WHERE nspname = 'market'").fetchone()
        database.execute("CREATE SCHEMA IF NOT EXISTS market")
    if made:
        return
    with adbc_driver_postgresql.dbapi.connect(uri) as database, database.cursor() as cursor:
        for name, frame in frames.items():
            cursor.adbc_ingest(name, arrow(frame), db_schema_name="market")
        database.commit()
    with psycopg.connect(uri) as database:
        for name, columns in COLUMN_TYPES.items():
            for column, kind in columns.items():
                change = f"TYPE {kind} USING CAST({column} AS numeric)::{kind}"
                database.execute(f"ALTER TABLE market.{name} ALTER {column} {change}")


def postgresql(frames: Frames, _: Path, uri: str) -> Dataset:
    in_postgresql(frames, uri)
    return from_postgresql(frames, uri)


def from_postgresql(frames: Frames, uri: str) -> Dataset:
    queries = {name: f"market.{name}" for name in frames}
    return Dataset.from_source(Sql(uri=uri, queries=queries, name="market"))


def psycopg_rows(frames: Frames, _: Path, uri: str) -> Dataset:
    in_postgresql(frames, uri)
    return from_postgresql(frames, uri.replace("postgresql://", "postgresql+psycopg://"))


def delta(frames: Frames, folder: Path, _: str) -> Dataset:
    for name, frame in frames.items():
        by = ["branch"] if name == "customers" else None
        deltalake.write_deltalake(str(folder / name), arrow(frame), partition_by=by)
    tables = {name: str(folder / name) for name in frames}
    return Dataset.from_source(Delta(tables=tables, name="market"))


def in_memory(frames: Mapping[str, Any]) -> Dataset:
    return Dataset.from_frames(**frames, name="market")


def pandas_frames(frames: Frames, _: Path, __: str) -> Dataset:
    return in_memory(frames)


def pandas_of_arrow(frames: Frames, _: Path, __: str) -> Dataset:
    return in_memory(
        {name: frame.convert_dtypes(dtype_backend="pyarrow") for name, frame in frames.items()}
    )


def polars_frames(frames: Frames, _: Path, __: str) -> Dataset:
    return in_memory({name: pl.from_arrow(arrow(frame)) for name, frame in frames.items()})


def arrow_tables(frames: Frames, _: Path, __: str) -> Dataset:
    return in_memory({name: arrow(frame) for name, frame in frames.items()})


DOORS = (
    hive, csv_parts, duckdb_file, postgresql, psycopg_rows, delta, pandas_frames, pandas_of_arrow,
    polars_frames, arrow_tables,
)  # fmt: skip
