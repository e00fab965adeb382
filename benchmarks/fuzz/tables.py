"""Spoiled tables, and the commands that read them."""

import csv
import os
from pathlib import Path
from random import Random
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.fuzz.case import Command
from benchmarks.fuzz.mutate import VALUES, spoiled_bytes
from benchmarks.fuzz.world import CUSTOMER, NAMES, STORE, TABLES

PARTS = ("tables", "parquet", "mlflow.db", "artifact")

_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("check", *TABLES[:2], TABLES[-1]),
    ("check", *TABLES[:2], "suggest=true"),
    ("train", *TABLES, "evaluate.resamples=10", "model=popularity", STORE),
    ("segments", *TABLES, "out=members.csv"),
    ("signals", *TABLES, "out=signals.csv"),
    ("value", *TABLES, "out=value.csv"),
    ("purposes", *TABLES, "out=strands.csv"),
    ("moments", *TABLES, "label=outcome"),
    ("life_events", *TABLES),
    ("journey_map", *TABLES, "out=links.csv"),
    ("customer", *TABLES, f"id={CUSTOMER}"),
    ("similar", *TABLES, f"customer={CUSTOMER}"),
    ("identities", "records=tables/records{ending}", "identities=tables/identities{ending}",
     "out=persons"),
    ("refresh", "artifact=artifact", *TABLES, "policy=market", "out=fresh"),
    ("monitor", "decisions=tables/decisions{ending}"),
    ("evaluate_policy", "decisions=tables/decisions{ending}", "target=uniform"),
    ("add_products", "artifact=artifact", "products=tables/products{ending}", "out=more"),
    ("decide", "artifact=artifact", "decisions=tables/decisions{ending}", "at=2026-01-01",
     "out=plan.parquet"),
    ("forget", f"customer={CUSTOMER}", "in=tables"),
)  # fmt: skip


def spoil(folder: Path, random: Random) -> Command:
    """Spoils a table, or two, and names a command that reads it."""
    is_parquet = random.random() < 0.4
    ending = ".parquet" if is_parquet else ".csv"
    if is_parquet:
        # The folder that commands name has the tables in this form.
        (folder / "tables").rename(folder / "csv")
        (folder / "parquet").rename(folder / "tables")
    name = random.choice((*NAMES, "interactions", "interactions", "customers", "decisions"))
    path = folder / "tables" / f"{name}{ending}"
    kind = random.randrange(4)
    if kind == 0:
        about = "bytes"
        path.write_bytes(spoiled_bytes(path.read_bytes(), random))
    elif kind == 1:
        about = _odd_file(path, random)
    elif is_parquet:
        about = _odd_parquet(path, random)
    else:
        about = _odd_csv(path, random)
    words = random.choice(_COMMANDS)
    readers = [words for words in _COMMANDS if any(name in word for word in words)]
    if readers and random.random() < 0.3:
        words = random.choice(readers)
    return Command(
        words=tuple(word.replace("{ending}", ending) for word in words),
        about=f"{path.name}: {about}",
    )


def _odd_file(path: Path, random: Random) -> str:
    """Something other than a file of that kind."""
    kind = random.choice(("folder", "link", "pipe", "other", "gone", "long", "outside"))
    raw = path.read_bytes()
    path.unlink()
    if kind == "folder":
        path.mkdir()
        (path / "part.csv").write_bytes(raw)
    elif kind == "link":
        path.symlink_to("nowhere")
    elif kind == "outside":
        path.symlink_to("../../outside/t.csv")
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "other":
        path.write_bytes(
            b"PAR1" + raw if path.suffix == ".csv" else raw.replace(b"PAR1", b"PK\3\4")
        )
    elif kind == "long":
        path.write_bytes(raw + b"x" * 2_000_000)
    return kind


def _odd_csv(path: Path, random: Random) -> str:
    with path.open(newline="") as file:
        rows = list(csv.reader(file))
    kind = random.randrange(6)
    column = random.randrange(len(rows[0]))
    value = random.choice(VALUES)
    text = str(value).encode("utf-8", "replace").decode()
    named = rows[0][column]
    if kind == 0:
        rows[0][column] = random.choice((text, "customer_id", "", named.upper()))
    elif kind == 1:
        for row in rows[1:]:
            row[column] = text
    elif kind == 2:
        rows[random.randrange(1, len(rows))] = [text] * random.choice((1, len(rows[0]), 40))
    elif kind == 3:
        other = random.randrange(len(rows[0]))
        for row in rows:
            row[column], row[other] = row[other], row[column]
    elif kind == 4:
        rows = [row[:column] + row[column + 1 :] for row in rows]
    else:
        for row in random.sample(rows[1:], min(3, len(rows) - 1)):
            row[column] = text
    with path.open("w", newline="", encoding="utf-8", errors="replace") as file:
        csv.writer(file).writerows(rows)
    return f"{('name', 'column', 'row', 'swap', 'drop', 'cells')[kind]} {named} {text[:40]!r}"


def _odd_parquet(path: Path, random: Random) -> str:
    table = pd.read_parquet(path)
    name = random.choice(list(table.columns))
    count = len(table)
    odd: dict[str, Any] = {
        "list": lambda: pa.array([["a"]] * count),
        "struct": lambda: pa.array([{"a": 1}] * count),
        "binary": lambda: pa.array([b"\xff\x00"] * count),
        "decimal": lambda: pa.array([10**30] * count, pa.decimal128(38, 0)),
        "duration": lambda: pa.array([2**62] * count, pa.duration("ns")),
        "dates": lambda: pa.array([2**31 - 1] * count, pa.date32()),
        "nanoseconds": lambda: pa.array([-(2**63) + 1] * count, pa.timestamp("ns", "UTC")),
        "seconds": lambda: pa.array([2**62] * count, pa.timestamp("s")),
        "nulls": lambda: pa.nulls(count),
        "unsigned": lambda: pa.array([2**64 - 1] * count, pa.uint64()),
        "floats": lambda: pa.array([float("nan")] * count),
        "half": lambda: pa.array([1.5] * count, pa.float64()).cast(pa.float16()),
        "flags": lambda: pa.array([True] * count),
        "dictionary": lambda: pa.array(["", "a"] * count)[:count].dictionary_encode(),
        "times": lambda: pa.array([1] * count, pa.time64("us")),
        "view": lambda: pa.array(["x" * 5000] * count, pa.string_view()),
    }
    kind = random.choice(list(odd))
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    position = arrow.schema.get_field_index(name)
    arrow = arrow.set_column(position, random.choice((name, name, "")) or name, odd[kind]())
    if random.random() < 0.1:
        arrow = arrow.append_column(name, odd[kind]())
    pq.write_table(arrow, path)
    return f"{name} as {kind}"
