"""The words of a command line: KEY=VALUE read as types, and the help that lists the keys."""

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from textwrap import wrap
from typing import TypeAlias

from recsys.errors import InputError
from recsys.ops.whole_numbers import parse_whole_number

_LONGEST_SHOWN = 60
_HELP_COLUMN, _HELP_WIDTH = 28, 96
_FILES = frozenset(
    {".csv", ".parquet", ".json", ".html", ".png", ".pdf", ".md", ".txt", ".xlsx", ".zip", ".db"}
)


@dataclass(frozen=True)
class Key:
    """A key of a command.

    Attributes:
        about: what it sets, in a few words.
        value: what `--help` shows as its value, in capitals: FOLDER; "" shows the default.
        default: the value that counts where the key is not given; None for no value.
    """

    about: str
    value: str = ""
    default: str | None = None


Keys: TypeAlias = Mapping[str, Key]
"""Name -> key, in the order of the help."""


def key_values(words: Sequence[str], keys: Keys, usage: str) -> dict[str, str]:
    """Reads the KEY=VALUE words of a command line.

    With `--help` among the words it prints the usage and the keys, and ends the process.

    Args:
        words: the words after the command.
        keys: the keys that the command has.
        usage: what the command does, with examples.

    Returns:
        name -> value, with the defaults of the keys that are not given.

    Raises:
        InputError: a word is not KEY=VALUE, its key is unknown (names the nearest), or it comes
            twice.
    """
    if {"-h", "--help"} & set(words):
        sys.stdout.write("\n".join([usage.strip(), "", *key_lines(keys)]) + "\n")
        raise SystemExit(0)
    given: dict[str, str] = {}
    for word in words:
        key, equals, value = word.partition("=")
        if key not in keys:
            near = get_close_matches(key, keys, n=1)
            hint = f"did you mean {near[0]}=" if near else f"known are {', '.join(keys)}"
            raise InputError(f"unknown argument '{word}'; {hint}")
        if not equals or not value:
            raise InputError(f"expected {key}=VALUE, got '{word}'")
        if key in given:
            raise InputError(f"{key}= is given twice")
        given[key] = value
    defaults = {name: key.default for name, key in keys.items() if key.default is not None}
    return defaults | given


def key_lines(keys: Keys) -> Iterator[str]:
    """The keys as lines of a help text, in two columns."""
    yield "Keys (values in CAPITALS are yours; others are the defaults):"
    for name, key in keys.items():
        yield from two_columns(f"{name}={key.value or key.default}", key.about)


def two_columns(name: str, about: str) -> Iterator[str]:
    """Lines of a help text: the name, and beside or below it what it is about."""
    lines = wrap(about, _HELP_WIDTH - _HELP_COLUMN)
    beside = len(name) < _HELP_COLUMN - 2 and lines
    yield f"  {name:<{_HELP_COLUMN}}{lines[0]}" if beside else f"  {name}"
    for line in lines[1 if beside else 0 :]:
        yield f"  {'':<{_HELP_COLUMN}}{line}"


def whole_number(key: str, text: str) -> int:
    """Reads a whole number of at least 1.

    Raises:
        InputError: the text is something else.
    """
    number = parse_whole_number(text)
    if number is None or number < 1:
        long = f"'{text[:_LONGEST_SHOWN]}...' ({len(text):,} characters)"
        got = f"'{text}'" if len(text) <= _LONGEST_SHOWN else long
        raise InputError(f"{key}: expected a whole number of at least 1, got {got}")
    return number


def number_within(key: str, text: str, low: float, high: float) -> float:
    """Reads a finite number of a range; both ends belong to it.

    Raises:
        InputError: the text is something else.
    """
    try:
        number = float(text)
    except ValueError:
        number = float("nan")
    if not low <= number <= high:
        most = "" if high == float("inf") else f" to {high:,g}"
        raise InputError(f"{key}: expected a number from {low:g}{most}, got '{text[:60]}'")
    return number


def number_of_seconds(key: str, text: str) -> float:
    """Reads a number of seconds, up to a day.

    Raises:
        InputError: the text is something else.
    """
    return number_within(key, text, 0, 86_400)


def named_file(given: Mapping[str, str], key: str, endings: tuple[str, ...]) -> Path | None:
    """The file that a key names; None where it is not given.

    Raises:
        InputError: its name has another ending.
    """
    if key not in given:
        return None
    path = Path(given[key])
    if path.suffix not in endings:
        raise InputError(f"{key}={path}: expected a name that ends in {' or '.join(endings)}")
    return path


def new_folder(key: str, text: str) -> Path:
    """Reads the name of a folder to write to, which need not exist.

    Raises:
        InputError: the name ends as that of a file does, such as offers.csv.
    """
    path = Path(text)
    if path.suffix.lower() in _FILES and not path.is_dir():
        raise InputError(
            f"{key}={path}: expected a folder, and {path.suffix} is the ending of a file"
        )
    return path


def truth(key: str, text: str) -> bool:
    """Reads `true` or `false`.

    Raises:
        InputError: the text is something else.
    """
    if text.lower() not in ("true", "false"):
        raise InputError(f"{key}: expected true or false, got '{text}'")
    return text.lower() == "true"
