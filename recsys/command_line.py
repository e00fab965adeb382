"""What scripts share: words of the form key=value, and one line with code 2 for bad input."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from typing import TYPE_CHECKING

from recsys.errors import InputError
from recsys.masking import masked

if TYPE_CHECKING:
    from multiprocessing.synchronize import Lock


@contextmanager
def exit_on_input_error(last_word: "Lock | None" = None) -> Iterator[None]:
    """Ends a script with one line on stderr and code 2 where its input is not usable.

    Args:
        last_word: what processes that do the same share, so that only the first of them speaks.
    """
    try:
        yield
    except InputError as error:
        if last_word is None or last_word.acquire(block=False):
            sys.stderr.write(f"error: {masked(str(error))}\n")
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
