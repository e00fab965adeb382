"""What scripts share: words of the form key=value, and one line with code 2 for bad input."""

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING, NoReturn

from recsys.errors import InputError

if TYPE_CHECKING:
    from multiprocessing.synchronize import Lock

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


@contextmanager
def exit_on_input_error(last_word: "Lock | None" = None) -> Iterator[None]:
    """Ends a script with one line on stderr and code 2: its input is no use, or the disk full.

    Args:
        last_word: what processes that do the same share, so that only the first of them speaks.
    """
    try:
        yield
    except InputError as error:
        _end(str(error), last_word)
    except OSError as error:
        # A full disk is met wherever something is written.
        if error.errno not in _FULL:
            raise
        file = f"{error.filename} cannot be written: " if error.filename else ""
        _end(f"{file}{os.strerror(error.errno)}; make room, and start again", last_word)


def _end(line: str, last_word: "Lock | None") -> NoReturn:
    if last_word is None or last_word.acquire(block=False):
        sys.stderr.write(f"error: {line}\n")
    raise SystemExit(2) from None


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
    if not text.isdecimal() or int(text) < 1:
        raise InputError(f"{key}: expected a whole number of at least 1, got '{text}'")
    return int(text)


def truth(key: str, text: str) -> bool:
    """`true` or `false`; `InputError` otherwise."""
    if text.lower() not in ("true", "false"):
        raise InputError(f"{key}: expected true or false, got '{text}'")
    return text.lower() == "true"
