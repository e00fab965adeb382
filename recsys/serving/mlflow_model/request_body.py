"""Parsing the body of a request over HTTP, JSON or Parquet, into rows and params.

The forms are those of MLflow: https://mlflow.org/docs/latest/genai/serving/.
"""

import json
from collections.abc import Mapping
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.parquet as pq

from recsys.errors import InputError
from recsys.ops.shown_text import LONGEST_VALUE, shortened, shown
from recsys.serving.mlflow_model import limits
from recsys.serving.mlflow_model.request_values import COLUMNS, refuse_unknown

JSON, PARQUET = "application/json", "application/vnd.apache.parquet"
_FORMS = ("dataframe_records", "dataframe_split", "inputs", "instances")
_PARAMS = "params"
_DIGITS = 20
"""Largest number of characters of a 64-bit integer, with its sign."""


def parsed(body: bytes, content_type: str) -> tuple[Any, Mapping[str, Any]]:
    """Rows for `request.rows`, and params.

    Args:
        body: of the request.
        content_type: the header; `application/json` or `application/vnd.apache.parquet`.

    Raises:
        InputError: the body does not have the form of its type, or the type is another.
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
        payload = json.loads(body, parse_int=_integer, object_pairs_hook=_object)
    except InputError:
        raise
    except (ValueError, RecursionError) as error:
        why = "nested too deeply" if isinstance(error, RecursionError) else _reason(error)
        raise InputError(f"expected JSON in the body: {why}") from None
    if not isinstance(payload, dict):
        raise InputError(f"expected a JSON object with {_FORMS[0]}, got {shown(payload)}")
    refuse_unknown("key", payload, (*_FORMS, _PARAMS))
    forms = [name for name in _FORMS if name in payload]
    if len(forms) != 1:
        raise InputError(
            f"expected one of {', '.join(_FORMS)}, got {' and '.join(forms) or 'none'}"
        )
    params = payload.get(_PARAMS) or {}
    if not isinstance(params, dict):
        raise InputError(f"{_PARAMS}: expected an object, got {shown(params)}")
    rows = payload[forms[0]]
    return _of_split(rows) if forms[0] == "dataframe_split" else rows, params


def _of_split(split: Any) -> list[dict[str, Any]]:
    if not isinstance(split, dict):
        raise InputError(f"dataframe_split: expected an object, got {shown(split)}")
    refuse_unknown("key of dataframe_split", split, ("columns", "data", "index"))
    names, lines = split.get("columns"), split.get("data")
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
        footer = file.metadata
        if footer.num_rows > limits.ROWS:
            raise InputError(f"expected at most {limits.ROWS:,} rows, got {footer.num_rows:,}")
        sizes = [footer.row_group(item).total_byte_size for item in range(footer.num_row_groups)]
        if sum(sizes) > limits.BODY_BYTES:
            raise InputError(f"the body unpacks to {sum(sizes):,} bytes; {_largest()}")
        refuse_unknown("column", file.schema_arrow.names, COLUMNS)
        rows: list[dict[str, Any]] = file.read().to_pylist()
    except (OSError, ValueError, pa.ArrowException) as error:
        if isinstance(error, InputError):
            raise
        why = (str(error).splitlines() or ["it cannot be read"])[0]
        raise InputError(f"expected Parquet in the body: {shortened(why, LONGEST_VALUE)}") from None
    return rows


def require_size(size: int) -> None:
    """Raises `InputError` where a body of `size` bytes is too large."""
    if size > limits.BODY_BYTES:
        raise InputError(f"the body has {size:,} bytes or more; {_largest()}")


def _largest() -> str:
    return f"at most {limits.BODY_BYTES:,} are read: ask in several requests"


def _integer(text: str) -> int:
    if len(text) > _DIGITS:
        raise InputError(f"expected whole numbers of 64 bits, got one of {len(text):,} characters")
    return int(text)


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
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


def _reason(error: ValueError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"{error.msg} at character {error.pos + 1:,}"
    return "it is not UTF-8"
