"""JSON documents and lines, settings, logs, pages and pictures."""

import html
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from recsys.ops.whole_file import write_whole
from recsys.privacy.person import Person
from recsys.privacy.places.place import Place

FORGOTTEN = "forgotten"
"""Stands where an id stood, in texts that are otherwise not about the person."""

_LINES = (".jsonl", ".ndjson", ".log", ".txt", ".out", ".err")
_TEXTS = (".yaml", ".yml", ".md")
_PAGES = (".html", ".htm", ".svg")
_PICTURES = (".png", ".pdf", ".svg")
_GONE = object()


def _ends(*endings: str) -> Any:
    return lambda path: path.is_file() and path.suffix.lower() in endings


def _read(path: Path) -> str:
    return path.read_bytes().decode("utf-8", "surrogateescape")


def _write(path: Path, text: str) -> None:
    write_whole(path, text.encode("utf-8", "surrogateescape"))


def forget_document(path: Path, person: Person, write_it: bool) -> int:
    """Removes entries of a JSON document that are about a person, and ids elsewhere in it."""
    try:
        old = json.loads(_read(path))
    except (ValueError, RecursionError):
        return forget_text(path, person, write_it)
    counter = [0]
    new = _without(old, person, "", counter)
    if counter[0] and write_it:
        rendered = json.dumps(None if new is _GONE else new, indent=2, ensure_ascii=False)
        _write(path, rendered + "\n")
    return counter[0]


def _without(value: Any, person: Person, key: str, counter: list[int]) -> Any:
    """The value without the person; `_GONE` where the value itself is about them."""
    if isinstance(value, dict):
        if any(
            person.is_of_person(item, name)
            for name, item in value.items()
            if isinstance(item, str | int | float)
        ):
            counter[0] += 1
            return _GONE
        value = _without_rows(value, person, counter)
        kept = {}
        for name, item in value.items():
            if person.is_of_person(name, key):
                counter[0] += 1
                continue
            made = _without(item, person, name, counter)
            kept[name] = None if made is _GONE else made
        return kept
    if isinstance(value, list):
        made_all = [_without(item, person, key, counter) for item in value]
        return [made for made in made_all if made is not _GONE]
    if isinstance(value, str | int | float) and not isinstance(value, bool):
        if person.is_of_person(value, key):
            counter[0] += 1
            # Not left out: in a list of cells all others would move.
            return FORGOTTEN if isinstance(value, str) else 0
        if isinstance(value, str):
            text, count = person.pattern.subn(FORGOTTEN, value)
            counter[0] += count
            return text
    return value


def _without_rows(value: dict[str, Any], person: Person, counter: list[int]) -> dict[str, Any]:
    """A table as pandas and MLflow write it, `{"columns": [...], "data": [[...]]}`."""
    names, rows = value.get("columns"), value.get("data")
    if not isinstance(names, list) or not isinstance(rows, list):
        return value
    kept = [
        row
        for row in rows
        if not isinstance(row, list)
        or not any(person.is_of_person(c, str(n)) for n, c in zip(names, row, strict=False))
    ]
    counter[0] += len(rows) - len(kept)
    return {**value, "data": kept}


def forget_lines(path: Path, person: Person, write_it: bool) -> int:
    """Removes the lines that name a person."""
    lines = _read(path).splitlines(keepends=True)
    kept = [line for line in lines if not _names(line, person)]
    if len(kept) < len(lines) and write_it:
        _write(path, "".join(kept))
    return len(lines) - len(kept)


def _names(line: str, person: Person) -> bool:
    if person.pattern.search(line):
        return True
    if not line.lstrip().startswith(("{", "[")):
        return False
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        return False
    counter = [0]
    _without(entry, person, "", counter)
    return counter[0] > 0


def forget_text(path: Path, person: Person, write_it: bool) -> int:
    """Writes `forgotten` where a text names a person."""
    new, count = person.pattern.subn(FORGOTTEN, _read(path))
    if count and write_it:
        _write(path, new)
    return count


def forget_page(path: Path, person: Person, write_it: bool) -> int:
    """Removes a page that names a person, and pictures of the same name beside it.

    What else such a page says (an age, a purchase) is about the person too, and no program can tell
    it from what is about others; the command that made the page makes it again.
    """
    text = _read(path)
    if not any(person.pattern.search(version) for version in (text, html.unescape(text))):
        return 0
    beside = [path, *(path.with_suffix(ending) for ending in _PICTURES)]
    pages = [each for each in dict.fromkeys(beside) if each.is_file()]
    if write_it:
        remove(pages)
    return len(pages)


def remove(paths: Iterable[Path]) -> None:
    """Removes files."""
    for path in paths:
        path.unlink(missing_ok=True)


DOCUMENTS = Place(
    name="JSON documents",
    holds="examples, assignments, answers; entries about the person go, their ids elsewhere become "
    f"'{FORGOTTEN}'",
    is_one=_ends(".json"),
    forget=forget_document,
)
LINES = Place(
    name="logs",
    holds="lines of text or JSON; those that name the person go",
    is_one=_ends(*_LINES),
    forget=forget_lines,
)
TEXTS = Place(
    name="settings and notes",
    holds=f"ids in YAML and Markdown; they become '{FORGOTTEN}'",
    is_one=_ends(*_TEXTS),
    forget=forget_text,
)
PAGES = Place(
    name="pages",
    holds="a customer's page, or the person among others; the page goes, with its pictures",
    is_one=_ends(*_PAGES),
    forget=forget_page,
)
