"""How a file is written, from the file itself: encoding, separator, numbers, dates and flags."""

import codecs
import csv
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from recsys.data.mapping.dates import parsed
from recsys.data.mapping.numbers import number_pattern
from recsys.data.mapping.words import EMPTY, FLAGS, PLAIN_FLAGS
from recsys.data.sources.gzipped import open_bytes, open_text

SEPARATORS = (",", ";", "\t", "|")
_LINES, _CELLS, _FEW = 200, 100_000, 40
MOSTLY = 0.9
"""A column is of a type if this share of its cells is."""

_NUMBER = f"{number_pattern(',', '.')}|{number_pattern('.', ',')}"
_WITH_COMMA = r"[-+]?[\d.]*\d,\d+"
_WITH_POINT = r"[-+]?[\d,]*\d\.\d+"
_THOUSANDS_POINT = r"[-+]?\d{1,3}(?:\.\d{3})+(?:,\d+)?"
_THOUSANDS_COMMA = r"[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"
_FAR = r"9999|2999"


@dataclass
class Look:
    """What the cells of a column look like.

    Attributes:
        name: of the column.
        cells: number of cells with a value.
        distinct: number of distinct values among the first cells.
        words: its values, most frequent first; empty if they are many.
        is_number, is_date, is_flag: whether nearly all cells are.
        formats: of its dates, most frequent first; empty for ISO 8601.
    """

    name: str
    cells: int
    distinct: int
    words: list[str]
    is_number: bool = False
    is_date: bool = False
    is_flag: bool = False
    formats: list[str] = field(default_factory=list)
    decimal_commas: int = 0
    decimal_points: int = 0
    thousands: str | None = None
    open_ends: list[str] = field(default_factory=list)


def encoding_of(path: Path) -> str:
    """UTF-8 if the whole file is, else UTF-16 with its mark, else Windows' Western European."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    with open_bytes(path) as file:
        block = file.read(1 << 22)
        if block[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16"
        try:
            while block:
                decoder.decode(block)
                block = file.read(1 << 22)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return "cp1252"
    return "utf-8"


def separator_of(path: Path, encoding: str) -> str:
    """The sign that splits the first lines into the same number of fields, as many as possible."""
    with open_text(path, encoding, errors="replace") as file:
        lines = [line for line, _ in zip(file, range(_LINES), strict=False)]
    best, fields = ",", (0.0, 1)
    for separator in SEPARATORS:
        counts = [len(row) for row in csv.reader(lines, delimiter=separator) if row]
        if counts and counts[0] > 1:
            agreeing = round(counts.count(counts[0]) / len(counts), 1)
            if (agreeing, counts[0]) > fields:
                best, fields = separator, (agreeing, counts[0])
    return best


def look_at(name: str, cells: pd.Series) -> Look:
    """What the cells of a column look like.

    Args:
        name: of the column.
        cells: [n] texts.
    """
    present = cells.dropna()
    head = present.iloc[:_CELLS].str.strip()
    counts = head.value_counts()
    words = list(present.value_counts().index[:_FEW]) if len(counts) <= _FEW else []
    look = Look(name, len(present), len(counts), words)
    head = head[~head.isin(EMPTY)]
    if len(head):
        _look_for_flags(look, head)
        _look_for_numbers(look, head)
        _look_for_dates(look, head)
    return look


def _look_for_flags(look: Look, head: pd.Series) -> None:
    known = head.str.lower().isin([*FLAGS, *PLAIN_FLAGS])
    look.is_flag = look.distinct <= 6 and known.mean() >= 0.8


def _look_for_numbers(look: Look, head: pd.Series) -> None:
    is_number = head.str.fullmatch(_NUMBER)
    has_zeros = head.str.match(r"[-+]?0\d")
    look.is_number = is_number.mean() >= MOSTLY and not has_zeros.any()
    if look.is_number:
        look.decimal_commas = int(head.str.fullmatch(_WITH_COMMA).sum())
        look.decimal_points = int(head.str.fullmatch(_WITH_POINT).sum())
        if head.str.fullmatch(_THOUSANDS_POINT).any() and look.decimal_commas:
            look.thousands = "."
        elif head.str.fullmatch(_THOUSANDS_COMMA).any() and look.decimal_points:
            look.thousands = ","


def _look_for_dates(look: Look, head: pd.Series) -> None:
    shapes = head.str.replace(r"\d", "0", regex=True).value_counts()
    of_dates = {shape: count for shape, count in shapes.items() if _is_date(str(shape))}
    if sum(of_dates.values()) < MOSTLY * len(head):
        return
    look.is_date = True
    if all(str(shape).startswith("0000-00-00") for shape in of_dates):
        formats: list[str] = []
    else:
        formats = list(dict.fromkeys(_format(str(shape), head) for shape in of_dates))
    look.formats = formats
    far = head[head.str.contains(_FAR)]
    if len(far):
        days = parsed(far, formats or ["%Y-%m-%d"], "UTC").dropna().dt.strftime("%Y-%m-%d")
        look.open_ends = sorted({day for day in days if day.endswith("12-31")})


_DATE = re.compile(
    r"(00?\.00?\.(?:0000|00)|00?/00?/0000|0000-00-00|0000/00/00)"
    r"(?:([T ]| {2})(00?:00(?::00(?:[.,]0+)?)?)( ?)([-+]00:?00|Z)?)?"
)
_DAYS = {"0000-00-00": "%Y-%m-%d", "0000/00/00": "%Y/%m/%d"}


def _is_date(shape: str) -> bool:
    return _DATE.fullmatch(shape) is not None


def _format(shape: str, head: pd.Series) -> str:
    match = _DATE.fullmatch(shape)
    assert match is not None
    day, between, clock, blank, offset = match.groups()
    form = _DAYS.get(day, "")
    if not form:
        year = "%Y" if day.endswith("0000") else "%y"
        form = f"%d.%m.{year}" if "." in day else _slashes(head)
    if clock:
        seconds = ":%S" if clock.count(":") == 2 else ""
        fraction = f"{clock[clock.index('.')]}%f" if "." in clock else ""
        form += f"{between}%H:%M{seconds}{fraction}"
        form += f"{blank}%z" if offset else ""
    return form


def _slashes(head: pd.Series) -> str:
    first = head.str.extract(r"^(\d{1,2})/")[0].dropna().astype("int64")
    return "%d/%m/%Y" if (first > 12).any() else "%m/%d/%Y"


def joined_formats(looks: Iterable[Look]) -> list[str]:
    """The formats of all columns, those with more detail first; empty if all are ISO 8601."""
    counts: Counter[str] = Counter()
    for look in looks:
        if look.is_date:
            counts.update(look.formats or ["%Y-%m-%d"])
    if set(counts) <= {"%Y-%m-%d"}:
        return []
    return sorted(counts, key=lambda form: (-len(form), form))
