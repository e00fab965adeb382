"""Tables in several files: folders of parts, and values in names of folders, as `branch=007/`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal, TypeAlias
from urllib.parse import unquote

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.errors import InputError

PartitionKind: TypeAlias = Literal["text", "date", "integer", "ignore"]
Partitions: TypeAlias = Mapping[str, PartitionKind]
"""Name before the sign of equality -> how its values are read; text where it is not here."""

_NONE = "__HIVE_DEFAULT_PARTITION__"
_TEXT_ENDINGS = (".csv", ".txt", ".tsv")
_WHOLE = r"-?[0-9]{1,18}"
_EXPECTED = {"date": "a day such as 2026-01-31", "integer": "a whole number"}


def is_text(path: Path) -> bool:
    """Whether a file is text in fields, by its ending: CSV and its kin, plain or with gzip."""
    name = path.name.lower()
    return name.removesuffix(".gz").endswith(_TEXT_ENDINGS)


def is_of_text_parts(path: Path) -> bool:
    """Whether a table lies in a folder of CSV parts, or in a CSV file with gzip."""
    if not path.is_dir():
        return is_text(path) and path.suffix.lower() == ".gz"
    parts = parts_of(path)
    texts = [part for part in parts if is_text(part)]
    others = [part for part in parts if not is_text(part)]
    if texts and others:
        raise InputError(
            f"{path.name}: expected parts of one kind, got {shown_part(path, texts[0])} and "
            f"{shown_part(path, others[0])}; remove those of one kind"
        )
    return bool(texts)


def parts_of(path: Path) -> list[Path]:
    """The file itself, or all parts in a folder and the folders below, sorted.

    As in pyarrow, hidden files and files such as _SUCCESS are no parts.
    """
    if not path.is_dir():
        return [path]
    files = (part for part in sorted(path.rglob("*")) if not part.is_dir())
    return [
        part for part in files if not any(name[0] in "._" for name in part.relative_to(path).parts)
    ]


def shown_part(path: Path, part: Path) -> str:
    """The name of a part of a table, without the folders above the table's."""
    return part.name if part == path else part.relative_to(path).as_posix()


def partition_texts(path: Path, parts: Sequence[Path]) -> dict[str, list[str | None]]:
    """Name of each partition -> its value in each part [m], as written.

    Args:
        path: the folder of the table.
        parts: [m] files in it.

    Raises:
        InputError: a part lies in folders of other names than the first.
    """
    if not path.is_dir():
        return {}
    values = [_values(path, part) for part in parts]
    for part, of in zip(parts, values, strict=True):
        if list(of) != list(values[0]):
            raise InputError(
                f"{path.name}: expected every part in folders {_folders(values[0])} as "
                f"{shown_part(path, parts[0])}, got {shown_part(path, part)}; move it"
            )
    return {name: [of[name] for of in values] for name in values[0]} if values else {}


def typed_partition(
    name: str, texts: Sequence[str | None], rows: IntArray, partitions: Partitions
) -> pd.Series | None:
    """The values of a partition in each row; None if it is not to be read.

    Args:
        name: of the partition.
        texts: [m] values, as written.
        rows: [n] position in `texts` of each row.
        partitions: how it is read.

    Raises:
        InputError: a value is not of the type that is set.
    """
    kind = partitions.get(name, "text")
    if kind == "ignore":
        return None
    written = pd.Series(pd.array(list(texts), dtype="str"))
    if kind == "text":
        # The same value lies in several parts where there are several partitions.
        codes, names = pd.factorize(written)
        return pd.Series(pd.Categorical.from_codes(codes[rows], pd.Index(names, dtype="str")))
    values: pd.Series
    if kind == "date":
        values = pd.to_datetime(written, format="%Y-%m-%d", errors="coerce")
        values = values.astype("datetime64[us]")
    else:
        values = pd.to_numeric(written.where(written.str.fullmatch(_WHOLE))).astype("Int64")
    bad = values.isna() & written.notna()
    if bad.any():
        raise InputError(
            f"data.partitions.{name}={kind}: expected {_EXPECTED[kind]}, got a folder "
            f"{name}={written[bad].iloc[0]}; set data.partitions.{name}=text"
        )
    if kind == "integer" and not values.isna().any():
        values = values.astype("int64")
    return values.take(rows).reset_index(drop=True)


def require_partitions(folder: Path, partitions: Partitions) -> None:
    """Refuses settings of partitions that no folder is named after.

    Raises:
        InputError: names the first.
    """
    for name in partitions:
        named = (found.is_dir() for found in folder.glob(f"**/{name}=*"))
        if not any(named):
            raise InputError(
                f"data.partitions.{name}: expected folders {name}=VALUE in {folder}, and there are "
                "none; remove the setting"
            )


def rows_of_parts(sizes: Sequence[int]) -> IntArray:
    """[n] position of the part of each row, of parts [m] with so many rows."""
    return np.repeat(np.arange(len(sizes)), sizes)


def _values(path: Path, part: Path) -> dict[str, str | None]:
    names: dict[str, str | None] = {}
    for folder in part.relative_to(path).parts[:-1]:
        name, is_partition, value = folder.partition("=")
        if is_partition:
            names[unquote(name)] = None if value == _NONE else unquote(value)
    return names


def _folders(values: Mapping[str, str | None]) -> str:
    return "/".join(f"{name}=..." for name in values) or "without a partition"
