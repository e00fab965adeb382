"""The words of a command line: key=value, each read as what it is to be."""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.whole_numbers import parse_whole_number

_LONGEST_SHOWN = 60
_FILES = frozenset(
    {".csv", ".parquet", ".json", ".html", ".png", ".pdf", ".md", ".txt", ".xlsx", ".zip", ".db"}
)


def key_values(words: Sequence[str], known: Sequence[str], usage: str) -> dict[str, str]:
    """The key=value words of a command line; `--help` prints the usage and ends the script.

    Raises:
        InputError: a word of another form, an unknown key (the nearest is named), or one twice.
    """
    if {"-h", "--help"} & set(words):
        sys.stdout.write(usage.strip() + "\n")
        raise SystemExit(0)
    given: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in known:
            near = get_close_matches(key, known, n=1)
            hint = f"did you mean {near[0]}=" if near else f"known are {', '.join(known)}"
            raise InputError(f"unknown argument '{word}'; {hint}")
        if not equals or not value:
            raise InputError(f"expected {key}=VALUE, got '{word}'")
        if key in given:
            raise InputError(f"{key}= is given twice")
        given[key] = value
    return given


def whole_number(key: str, text: str) -> int:
    """A number of at least 1; `InputError` otherwise."""
    number = parse_whole_number(text)
    if number is None or number < 1:
        long = f"'{text[:_LONGEST_SHOWN]}...' ({len(text):,} characters)"
        got = f"'{text}'" if len(text) <= _LONGEST_SHOWN else long
        raise InputError(f"{key}: expected a whole number of at least 1, got {got}")
    return number


def new_folder(key: str, text: str) -> Path:
    """A folder to write to; `InputError` where the name is that of a file, as offers.csv is."""
    path = Path(text)
    if path.suffix.lower() in _FILES and not path.is_dir():
        raise InputError(
            f"{key}={path}: expected a folder, and {path.suffix} is the ending of a file"
        )
    return path


def truth(key: str, text: str) -> bool:
    """`true` or `false`; `InputError` otherwise."""
    if text.lower() not in ("true", "false"):
        raise InputError(f"{key}: expected true or false, got '{text}'")
    return text.lower() == "true"
