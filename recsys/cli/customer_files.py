"""What the commands about customers share: keys, their cut-off, and the files that they write."""

from collections.abc import Callable, Mapping
from io import BytesIO
from pathlib import Path

import pandas as pd

from recsys.cli.words import Key
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.rendering import as_csv

AT = {"at": Key("cut-off; by default the end of the data", "DATE")}
OUT = {"out": Key("file with a row a customer (.parquet or .csv)", "FILE")}
WITH_PAGE = {"page": Key("write a page as well", "FILE.html")}
TABLES = (".parquet", ".csv")
"""How names of tables end."""


def table_content(table: pd.DataFrame, suffix: str) -> bytes:
    """A table as Parquet, or as CSV where the name ends so."""
    if suffix == ".csv":
        return as_csv(table).encode()
    content = BytesIO()
    table.to_parquet(content, index=False)
    return content.getvalue()


def write_table(
    path: Path | None, table: Callable[[], pd.DataFrame], key: str, called: str
) -> None:
    """Writes the table of a key such as `out=`, and says what it is; nothing without a file."""
    if path is not None:
        write_whole(path, table_content(table(), path.suffix), key)
        say("", f"{called}: {path}")


def write_page(page: Path | None, html: Callable[[], str]) -> None:
    """Writes the page of `page=`, and says so; nothing without one."""
    if page is not None:
        write_whole(page, html(), "page")
        say("", f"Page: {page}")


def moment_of(given: Mapping[str, str], data: Dataset) -> int:
    """The cut-off `at=`, or the end of the data, in UTC microseconds.

    Raises:
        InputError: it is no date, or not within the data, or these have no timestamps.
    """
    when, end = data.times("what is known of customers")
    if "at" not in given:
        return end
    moment = pd.to_datetime(given["at"], utc=True, errors="coerce")
    first, last = timestamp(int(when.min())), timestamp(end)
    if pd.isna(moment) or not first < moment <= last:
        raise InputError(
            f"at: expected a moment from {first:%Y-%m-%d %H:%M} to {last:%Y-%m-%d %H:%M} UTC, got "
            f"'{given['at']}'"
        )
    return int(moment.value // 1_000)


def linked_at(given: Mapping[str, str], data: Dataset) -> tuple[Dataset, int]:
    """All events, with identities as they were known at the cut-off, and the cut-off.

    Raises:
        InputError: as for `moment_of`.
    """
    moment = moment_of(given, data)
    return data.as_linked_before(timestamp(moment)) if "at" in given else data, moment


def known_before(given: Mapping[str, str], data: Dataset) -> Dataset:
    """The data before the cut-off `at=`; all of them without one.

    Raises:
        InputError: as for `moment_of`.
    """
    if "at" not in given:
        return data
    data, moment = linked_at(given, data)
    return data.before(moment)
