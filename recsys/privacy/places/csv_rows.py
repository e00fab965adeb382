"""CSV, plain or with gzip: own tables and results."""

import csv
import gzip
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import IO, TextIO, cast

from recsys.errors import InputError
from recsys.ops.whole_file import whole_file
from recsys.privacy.person import Person
from recsys.privacy.places.place import Place

_ENDINGS = (".csv", ".tsv", ".csv.gz", ".tsv.gz", ".txt.gz")
_SEPARATORS = ",;\t|"
_WIDEST = 2**24
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def is_csv(path: Path) -> bool:
    """Whether a file's name ends as that of a table of text does."""
    return path.is_file() and path.name.lower().endswith(_ENDINGS)


def forget(path: Path, person: Person, write_it: bool) -> int:
    """Removes the records that mean a person; all others stay byte for byte.

    Raises:
        InputError: the file cannot be read or written.
    """
    encoding = _encoding(path)
    try:
        with _opened(path, encoding) as file:
            count = sum(is_gone for _, is_gone in _records(file, person))
        if count and write_it:
            with _opened(path, encoding) as file, whole_file(path) as new:
                _write(new, (text for text, is_gone in _records(file, person) if not is_gone),
                       encoding, path.suffix.lower() == ".gz")  # fmt: skip
    except (OSError, EOFError, UnicodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}; remove it, or repair it") from None
    return count


def header_and_records(path: Path) -> Iterator[list[str]]:
    """The cells of each record, the header first.

    Raises:
        OSError, EOFError, UnicodeError, csv.Error: the file cannot be read.
    """
    with _opened(path, _encoding(path)) as file:
        separator = ","
        for number, text in enumerate(_texts(file)):
            separator = _separator(text) if not number else separator
            yield _cells(text, separator)


def _records(file: TextIO, person: Person) -> Iterator[tuple[str, bool]]:
    """Each record as it is written, and whether it means the person."""
    names: Sequence[str] = ()
    separator = ","
    for number, text in enumerate(_texts(file)):
        if not number:
            separator = _separator(text)
            names = [name.strip().lstrip("\ufeff") for name in _cells(text, separator)]
            yield text, False
            continue
        cells = _cells(text, separator)
        named = zip(cells, [*names, *[""] * (len(cells) - len(names))], strict=False)
        yield text, any(person.is_of_person(cell.strip(), name) for cell, name in named)


def _texts(file: TextIO) -> Iterator[str]:
    """Records as written: lines, joined while a quote is open."""
    lines: list[str] = []
    quotes, width = 0, 0
    for line in file:
        lines.append(line)
        quotes, width = quotes + line.count('"'), width + len(line)
        if quotes % 2 == 0 or width > _WIDEST:
            yield "".join(lines)
            lines, quotes, width = [], 0, 0
    if lines:
        yield "".join(lines)


def _cells(text: str, separator: str) -> list[str]:
    csv.field_size_limit(2 * _WIDEST)
    return next(csv.reader([text], delimiter=separator), [])


def _separator(header: str) -> str:
    return max(_SEPARATORS, key=header.count)


def _encoding(path: Path) -> str:
    with _bytes(path) as file:
        return "utf-16" if file.read(2) in _UTF16 else "utf-8"


def _bytes(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return cast(IO[bytes], gzip.open(path, "rb"))
    return path.open("rb")


def _opened(path: Path, encoding: str) -> TextIO:
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    if path.suffix.lower() == ".gz":
        return gzip.open(path, "rt", encoding=encoding, errors=errors, newline="")
    return path.open(encoding=encoding, errors=errors, newline="")


def _write(new: IO[bytes], texts: Iterable[str], encoding: str, is_packed: bool) -> None:
    errors = "surrogateescape" if encoding == "utf-8" else "strict"
    packed = gzip.GzipFile(fileobj=new, mode="wb", mtime=0) if is_packed else None
    target: IO[bytes] = new if packed is None else packed  # type: ignore[assignment]
    for number, text in enumerate(texts):
        # Only the first piece begins with the mark of the byte order.
        written = text.encode(encoding, errors)
        target.write(written[2:] if encoding == "utf-16" and number else written)
    if packed is not None:
        packed.close()


CSV = Place(
    name="CSV files",
    holds="a record an event, customer, link or result; the records go, the others stay byte for "
    "byte",
    is_one=is_csv,
    forget=forget,
)
