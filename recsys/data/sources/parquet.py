"""A Parquet file: whole, or with the columns that a source counts on."""

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa

from recsys.errors import InputError


def read_parquet(path: Path) -> pd.DataFrame:
    """The whole file, or all parts in a folder.

    Raises:
        InputError: it is no Parquet, damaged, or a folder without parts.
    """
    if path.is_dir() and not any(path.iterdir()):
        raise InputError(f"{path.name}: expected Parquet parts in the folder, got none")
    try:
        return pd.read_parquet(path)
    except (ValueError, OSError, pa.ArrowException) as error:
        reason = (str(error) or type(error).__name__).splitlines()[0]
        raise InputError(
            f"{path.name} cannot be read as Parquet: {reason.rstrip('.')}; export it again"
        ) from None


def read_columns(path: Path, needed: Sequence[str], seconds: str | None = None) -> pd.DataFrame:
    """These columns of the file, in this order.

    Args:
        path: of the file.
        needed: names of the columns.
        seconds: one of them that holds seconds since 1970; it comes back as UTC moments.

    Raises:
        InputError: the file cannot be read, or lacks a column; says what it holds instead.
    """
    frame = read_parquet(path)
    missing = [column for column in needed if column not in frame]
    if missing:
        raise InputError(
            f"{path.name}: expected column '{missing[0]}'; the file holds "
            f"{', '.join(map(str, frame.columns)) or 'no column'}; is it the published one?"
        )
    frame = frame[list(needed)].copy()
    if seconds is None:
        return frame
    if not pd.api.types.is_integer_dtype(frame[seconds].dtype):
        raise InputError(
            f"{path.name}: column '{seconds}': expected whole seconds since 1970, got "
            f"{frame[seconds].dtype}; is it the published one?"
        )
    frame[seconds] = pd.to_datetime(frame[seconds], unit="s", utc=True)
    return frame
