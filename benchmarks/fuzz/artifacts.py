"""Spoiled artifacts: damaged ones, and ones whose hashes somebody made anew."""

import hashlib
import json
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from safetensors.numpy import load_file, save_file

from benchmarks.fuzz.case import Command
from benchmarks.fuzz.mutate import VALUES, spoiled_bytes, spoiled_value
from benchmarks.fuzz.world import CUSTOMER, TABLES

PARTS = ("artifact", "tables")

_COMMANDS: tuple[tuple[str, ...], ...] = (
    ("recommend", "artifact=artifact", "customers=3", "at=as_of"),
    ("recommend", "artifact=artifact", "everyone=true", "at=as_of", "out=lists.parquet"),
    ("decide", "artifact=artifact", "at=2026-01-01", "out=plan.parquet"),
    ("decide", "artifact=artifact", f"customer={CUSTOMER}", "at=2026-01-01"),
    ("funnel", "artifact=artifact", "at=2026-01-01"),
    ("store", "artifact=artifact", "to=store"),
    ("similar", "artifact=artifact", f"customer={CUSTOMER}", "k=3"),
    ("refresh", "artifact=artifact", *TABLES, "policy=market", "out=fresh"),
    ("forget", f"customer={CUSTOMER}", "in=artifact"),
)  # fmt: skip
_FILES = ("manifest.json", "embeddings.safetensors", "ids.parquet", "rules.json")
_NAMES = (
    "../../outside/canary",
    "/etc/passwd",
    "..",
    ".",
    "",
    "a/b",
    "\x00",
    "ids.parquet/",
    "C:x",
)


def spoil(folder: Path, random: Random) -> Command:
    """Spoils the artifact, and names a command that loads it."""
    artifact = folder / "artifact"
    kind = random.randrange(6)
    name = random.choice(_FILES)
    path = artifact / name
    if kind == 0:
        about = f"{name}: bytes"
        path.write_bytes(spoiled_bytes(path.read_bytes(), random))
    elif kind == 1:
        about = f"{name}: bytes, hashed anew"
        path.write_bytes(spoiled_bytes(path.read_bytes(), random))
        _hash(artifact)
    elif kind == 2:
        about = f"manifest: {_manifest(artifact, random)}"
    elif kind == 3:
        about = f"arrays: {_arrays(artifact, random)}"
        _hash(artifact)
    elif kind == 4:
        about = f"ids: {_ids(artifact, random)}"
        _hash(artifact)
    else:
        rules = artifact / "rules.json"
        rules.write_text(json.dumps(spoiled_value(json.loads(rules.read_text()), random)))
        about = "rules, hashed anew"
        _hash(artifact)
    return Command(words=random.choice(_COMMANDS), about=about)


def _hash(artifact: Path) -> None:
    """A manifest that fits the files, as anybody can write it."""
    path = artifact / "manifest.json"
    try:
        body = json.loads(path.read_text(encoding="utf-8"))
        for name, entry in body["files"].items():
            raw = (artifact / name).read_bytes()
            entry |= {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}
    except (ValueError, LookupError, TypeError, AttributeError, OSError, RecursionError):
        return
    _sealed(path, body)


def _sealed(path: Path, body: dict[str, Any]) -> None:
    """Writes a manifest with its own hash."""
    body = {key: value for key, value in body.items() if key != "sha256"}
    digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    path.write_text(json.dumps({**body, "sha256": digest}, indent=2) + "\n")


def _manifest(artifact: Path, random: Random) -> str:
    path = artifact / "manifest.json"
    body = json.loads(path.read_text())
    kind = random.randrange(4)
    if kind == 0:
        name = random.choice(_NAMES)
        body["files"][name] = dict(body["files"]["rules.json"])
        about = f"lists {name!r}"
    elif kind == 1:
        target = random.choice(("/etc/passwd", "../../outside/canary", "manifest.json", "nowhere"))
        (artifact / "rules.json").unlink()
        (artifact / "rules.json").symlink_to(target)
        about = f"a link to {target}"
    elif kind == 2:
        key = random.choice(list(body["counts"]))
        body["counts"][key] = random.choice((2**62, -1, 0, 1.5, "many", None, 10**400))
        about = f"counts {key}"
    else:
        body = spoiled_value(body, random)
        about = "value"
    if isinstance(body, dict):
        _sealed(path, body)
    else:
        path.write_text(json.dumps(body))
    return about


def _arrays(artifact: Path, random: Random) -> str:
    path = artifact / "embeddings.safetensors"
    arrays = dict(load_file(path))
    name = random.choice(list(arrays))
    array = arrays.pop(name)
    kind = random.randrange(6)
    if kind == 0:
        return _saved(path, arrays, f"no {name}")
    if kind == 1:
        array = array[: len(array) // 2]
    elif kind == 2:
        array = array.astype(random.choice((np.float64, np.int8, np.uint64, np.bool_, np.int64)))
    elif kind == 3:
        array = array.reshape(-1)[None]
    elif kind == 4 and array.size:
        array = array.copy()
        largest = np.nan if array.dtype.kind == "f" else np.iinfo(array.dtype).max
        array.reshape(-1)[random.randrange(array.size)] = largest
    else:
        array = np.full_like(array, -1 if array.dtype.kind != "u" else 255)
    return _saved(path, {**arrays, name: np.ascontiguousarray(array)}, f"{name} ({kind})")


def _saved(path: Path, arrays: dict[str, Any], about: str) -> str:
    save_file(arrays, path)
    return about


def _ids(artifact: Path, random: Random) -> str:
    path = artifact / "ids.parquet"
    table = pq.read_table(path)
    name = random.choice(table.column_names)
    position = table.schema.get_field_index(name)
    kind = random.randrange(5)
    if kind == 0:
        table = table.drop([name])
    elif kind == 1:
        table = table.take(pa.array(random.sample(range(len(table)), len(table))))
    elif kind == 2:
        table = pa.concat_tables([table, table.slice(0, 3)])
    elif kind == 3:
        types = {"id_types": json.dumps(random.choice(({}, {"customer": "x"}, [], None)))}
        table = table.replace_schema_metadata(types)
    else:
        value = random.choice(VALUES)
        column = pa.array([str(value).encode("utf-8", "replace").decode()] * len(table))
        table = table.set_column(position, name, column)
    pq.write_table(table, path)
    return f"{name} ({kind})"
