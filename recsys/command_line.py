"""What scripts share: words of the form key=value, and one line with code 2 for bad input."""

import errno
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, cast

from recsys.errors import InputError
from recsys.masking import masked_line
from recsys.shown_text import for_terminal, shortened
from recsys.whole_numbers import parse_whole_number

if TYPE_CHECKING:
    from multiprocessing.synchronize import Lock

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LONGEST_SHOWN = 60
_FILES = frozenset(
    {".csv", ".parquet", ".json", ".html", ".png", ".pdf", ".md", ".txt", ".xlsx", ".zip", ".db"}
)
_LONGEST = 2000
"""Characters of an error line: one that echoes a huge cell still shows its remedy."""


@contextmanager
def exit_on_input_error(last_word: "Lock | None" = None) -> Iterator[None]:
    """Ends a script with one line on stderr and code 2: its input is no use, or the disk full.

    A reader that has seen enough (`| head`) is no error: the script goes on to its end in silence.

    Args:
        last_word: what processes that do the same share, so that only the first of them speaks.
    """
    try:
        with _while_somebody_reads():
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
        sys.stderr.write(f"error: {shortened(for_terminal(masked_line(line)), _LONGEST)}\n")
    raise SystemExit(2) from None


@contextmanager
def _while_somebody_reads() -> Iterator[None]:
    written = sys.stdout
    sys.stdout = cast(TextIO, _Written(written))
    try:
        yield
    finally:
        sys.stdout.flush()
        sys.stdout = written


class _Written:
    """Standard output, which is nowhere from the moment on at which its reader has closed it.

    Args:
        stream: the output that there was.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As of a stream."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._close()
            return len(text)

    def flush(self) -> None:
        """As of a stream."""
        try:
            self._stream.flush()
        except BrokenPipeError:
            self._close()

    def _close(self) -> None:
        # The stream still holds what could not be written, and Python writes it when it ends.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, self._stream.fileno())
        os.close(nowhere)


def say(*lines: str) -> None:
    """Writes lines to stdout, each of them one line whatever names of the data stand in it."""
    # A name that the encoding of a terminal lacks must not end a script.
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.write("".join(f"{for_terminal(line)}\n" for line in lines))


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
