"""The body of a request over HTTP, JSON or Parquet, as rows and params: one line where it is bad.

The forms are those of MLflow: https://mlflow.org/docs/latest/genai/serving/.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import InputError
from recsys.ops.shown_text import LONGEST_VALUE, shortened, shown
from recsys.serving.artifact import limits
from recsys.serving.mlflow_model.request import COLUMNS, refuse_unknown

JSON, PARQUET = "application/json", "application/vnd.apache.parquet"
_FORMS = ("dataframe_records", "dataframe_split", "inputs", "instances")
_PARAMS = "params"
_DIGITS = 20
"""Of a whole number, its sign included: those of 64 bits are no longer."""


def parsed(body: bytes, content_type: str) -> tuple[Any, Mapping[str, Any]]:
    """Rows as `request.rows` takes them, and params.

    Raises:
        InputError: the body is not of the form that its type says, or of another type.
    """
    kind, _, rest = content_type.partition(";")
    charset = rest.strip().lower().removeprefix("charset=").strip('"')
    if charset not in ("", "utf-8", "utf8"):
        raise InputError(f"content-type: expected charset=utf-8, got {shown(rest.strip())}")
    if kind.strip().lower() == JSON:
        return _of_json(body)
    if kind.strip().lower() == PARQUET:
        return _of_parquet(body), {}
    raise InputError(
        f"content-type: expected {JSON} or {PARQUET}, got {shown(kind.strip())}; CSV cannot "
        "hold lists of events and does not tell the id 007 from 7"
    )


def _of_json(body: bytes) -> tuple[Any, Mapping[str, Any]]:
    try:
        said = json.loads(body, parse_int=_whole, object_pairs_hook=_once)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else _place(error)
        raise InputError(f"expected JSON in the body: {why}") from None
    if not isinstance(said, dict):
        raise InputError(f"expected a JSON object with {_FORMS[0]}, got {shown(said)}")
    refuse_unknown("key", said, (*_FORMS, _PARAMS))
    forms = [name for name in _FORMS if name in said]
    if len(forms) != 1:
        raise InputError(
            f"expected one of {', '.join(_FORMS)}, got {' and '.join(forms) or 'none'}"
        )
    params = said.get(_PARAMS) or {}
    if not isinstance(params, dict):
        raise InputError(f"{_PARAMS}: expected an object, got {shown(params)}")
    rows = said[forms[0]]
    return _of_split(rows) if forms[0] == "dataframe_split" else rows, params


def _of_split(said: Any) -> list[dict[str, Any]]:
    if not isinstance(said, dict):
        raise InputError(f"dataframe_split: expected an object, got {shown(said)}")
    refuse_unknown("key of dataframe_split", said, ("columns", "data", "index"))
    names, lines = said.get("columns"), said.get("data")
    if not (
        isinstance(names, list)
        and isinstance(lines, list)
        and all(isinstance(item, list) and len(item) == len(names) for item in lines)
    ):
        raise InputError("dataframe_split: expected columns, and data with as many values a row")
    refuse_unknown("column", names, COLUMNS)
    if len(set(names)) < len(names):
        raise InputError("dataframe_split: a column appears twice")
    return [dict(zip(names, line, strict=True)) for line in lines]


def _of_parquet(body: bytes) -> list[dict[str, Any]]:
    try:
        # pq.read_table would import pandas where it is installed.
        file = pq.ParquetFile(pa.BufferReader(body))
        about = file.metadata
        if about.num_rows > limits.ROWS:
            raise InputError(f"expected at most {limits.ROWS:,} rows, got {about.num_rows:,}")
        sizes = [about.row_group(item).total_byte_size for item in range(about.num_row_groups)]
        if sum(sizes) > limits.BODY_BYTES:
            raise InputError(f"the body unpacks to {sum(sizes):,} bytes; {_largest()}")
        refuse_unknown("column", file.schema_arrow.names, COLUMNS)
        rows: list[dict[str, Any]] = file.read().to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        said = (str(error).splitlines() or ["it cannot be read"])[0]
        raise InputError(
            f"expected Parquet in the body: {shortened(said, LONGEST_VALUE)}"
        ) from None
    return rows


def require_size(size: int) -> None:
    """Raises `InputError` where a body of so many bytes is too large."""
    if size > limits.BODY_BYTES:
        raise InputError(f"the body has {size:,} bytes or more; {_largest()}")


def _largest() -> str:
    return f"at most {limits.BODY_BYTES:,} are read: ask in several requests"


def _whole(text: str) -> int:
    if len(text) > _DIGITS:
        raise InputError(f"expected whole numbers of 64 bits, got one of {len(text):,} characters")
    return int(text)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    unique = dict(pairs)
    if len(unique) < len(pairs):
        _refuse_twice([name for name, _ in pairs])
    return unique


def _refuse_twice(names: list[str]) -> NoReturn:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            break
        seen.add(name)
    raise InputError(f"key {shown(name)} appears twice in one object")


def _place(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1:,}"
    return "it is not UTF-8"
