"""Looks for a person in every file below some folders."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from recsys.privacy.scan.texts import BYTES, PAGES, texts

_ID_COLUMN = re.compile(
    r"(?:\w+_)?(?:customer|person|record)(?:_id|_a|_b)?|former_id|similar_id|id_[ab]", re.IGNORECASE
)
_LONG_TEXT = 6


@dataclass(frozen=True)
class Finding:
    """A trace of a person.

    Attributes:
        path: of the file.
        where: in the file.
    """

    path: Path
    where: str


def scan(
    folders: Sequence[Path], spellings: Iterable[str], *, columns: Iterable[str] = ()
) -> list[Finding]:
    """Every trace of some ids below some folders.

    A spelling that can only be this person's id (a longer text with a digit or an @) is looked for
    in all bytes, decoded texts, and names of files. One that may also be a product or a word ("7",
    "ann") counts only where a column or key of that name holds ids of customers. A file that cannot
    be decoded is a finding too: nobody can say what it holds.

    Args:
        folders: folders or files; links are not followed.
        spellings: ids, and what else stands for them.
        columns: further names of columns with ids of customers.
    """
    sought = _Sought.of(frozenset(spellings), columns)
    return [Finding(path, where) for path in _files(folders) for where in _traces(path, sought)]


@dataclass(frozen=True)
class _Sought:
    """What is looked for: values in columns of ids, and patterns in texts, bytes and pages."""

    values: frozenset[str]
    columns: frozenset[str]
    in_text: re.Pattern[str] | None
    in_bytes: re.Pattern[str] | None
    in_pages: re.Pattern[str] | None

    @classmethod
    def of(cls, spellings: frozenset[str], columns: Iterable[str]) -> "_Sought":
        alone = sorted(filter(_means_only_a_person, spellings), key=len, reverse=True)
        listed = f"(?:{'|'.join(map(re.escape, alone))})"

        def pattern(text: str) -> re.Pattern[str] | None:
            return re.compile(text) if alone else None

        return cls(
            values=spellings,
            columns=frozenset(name.lower() for name in columns),
            in_text=pattern(rf"(?<![0-9A-Za-z]){listed}(?![0-9A-Za-z])"),
            in_bytes=pattern(rf"{listed}(?![0-9])"),
            in_pages=pattern(listed),
        )

    def is_in(self, where: str, name: str, text: str) -> bool:
        """Whether a text of a file names the person."""
        if text in self.values and (_ID_COLUMN.fullmatch(name) or name.lower() in self.columns):
            return True
        kind = where.rpartition(": ")[2]
        pattern = {BYTES: self.in_bytes, PAGES: self.in_pages}.get(kind, self.in_text)
        return pattern is not None and pattern.search(text) is not None


def _traces(path: Path, sought: _Sought) -> Iterator[str]:
    """Places in a file that name the person, each once."""
    if sought.is_in("the name", "", path.name):
        yield "the name"
    if path.is_dir():
        return
    seen: set[str] = set()
    try:
        for where, name, text in texts(path.name, path.read_bytes()):
            if where not in seen and sought.is_in(where, name, text):
                seen.add(where)
                yield where
    except Exception as error:  # whatever a damaged file of any kind makes its reader say
        yield f"cannot be decoded: {' '.join(str(error).split())[:120] or type(error).__name__}"


def _means_only_a_person(text: str) -> bool:
    digits = sum(sign.isdigit() for sign in text)
    return "@" in text or (len(text) >= _LONG_TEXT and 0 < digits < len(text))


def _files(folders: Sequence[Path]) -> Iterator[Path]:
    for folder in folders:
        if folder.is_file():
            yield folder
        for root, names, files in os.walk(folder):
            for name in sorted((*names, *files)):
                path = Path(root) / name
                if not path.is_symlink():
                    yield path
