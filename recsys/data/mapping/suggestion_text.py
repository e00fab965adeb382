"""A suggested mapping as YAML, with comments that say what it leaves open."""

import json
from collections.abc import Iterator, Sequence
from typing import Any

from recsys.data.faults.fault import Fault
from recsys.data.kinds import kind_of
from recsys.data.mapping.suggest import Suggestion

_EMPTIED = ("number", "feature", "flag")
"""Kinds of columns whose cells are emptied rather than their rows left out."""

_YAML_WORDS = ("true", "false", "yes", "no", "on", "off", "null", "nan")
_LISTED = 10


def as_yaml(suggestion: Suggestion, faults: Sequence[Fault]) -> str:
    """The mapping as YAML with comments.

    Args:
        suggestion: what was seen.
        faults: of the tables read by it; the remedies that a mapping has for them are offered as
            comments.
    """
    return "\n".join(_lines(suggestion, faults)) + "\n"


def _lines(suggestion: Suggestion, faults: Sequence[Fault]) -> Iterator[str]:
    yield "# Written by recsys check from what the files hold: read it before you use it, as"
    yield "# recsys check data=files data.root=FOLDER data.mapping=THIS_FILE"
    for name in suggestion.unread:
        yield f"# {_word(name)} is not used: no table was recognised in it, or another file has it"
    yield from _entries({k: v for k, v in suggestion.content.items() if k != "tables"}, 0)
    yield "tables:"
    for table, of in suggestion.content["tables"].items():
        yield f"  {table}:"
        yield from _entries(of, 2)
        for column, words in suggestion.unknown.get(table, {}).items():
            if words:
                listed = ", ".join(map(_word, words[:_LISTED]))
                yield f"    # values.{column} has no word of the library for {listed}"
        yield from _remedies(table, [fault for fault in faults if fault.table == table])


def _remedies(table: str, faults: Sequence[Fault]) -> Iterator[str]:
    """What the mapping can do about faults, for a reader to switch on."""
    rows: dict[str, int] = {}
    for fault in faults:
        if fault.column and fault.count and not fault.is_of_repeated_id:
            rows[fault.column] = rows.get(fault.column, 0) + fault.count
    if rows:
        remedies = (
            f"{_word(column)}: {'empty' if kind_of(table, column) in _EMPTIED else 'drop'}"
            for column in rows
        )
        yield f"    # bad_cells: {{{', '.join(remedies)}}}  # {sum(rows.values()):,} cells at fault"
    if any(fault.is_of_repeated_id for fault in faults):
        yield "    # duplicates: first  # or last"
    if any(fault.column is None and fault.lines for fault in faults):
        yield "    # bad_lines: drop"


def _entries(values: dict[str, Any], depth: int) -> Iterator[str]:
    indent = "  " * depth
    for key, value in values.items():
        if isinstance(value, dict) and not all(isinstance(of, bool) for of in value.values()):
            yield f"{indent}{_word(key)}:"
            yield from _entries(value, depth + 1)
        else:
            yield f"{indent}{_word(key)}: {_shown(value)}"


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_word(key)}: {_shown(of)}" for key, of in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_word, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else _word(value)


def _word(word: str) -> str:
    """A text as YAML reads it back: bare where it can be nothing else, otherwise in quotes."""
    is_bare = word.isascii() and word.replace("_", "").isalpha() and len(word) > 1
    if is_bare and word.lower() not in _YAML_WORDS:
        return word
    return json.dumps(word, ensure_ascii=False)
