"""The output of commands: one line and exit code 2 for bad input, and harmless lines."""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NoReturn, TextIO, cast

from recsys.errors import InputError
from recsys.ops.masking import masked_line
from recsys.ops.shown_text import for_terminal, shortened

if TYPE_CHECKING:
    from multiprocessing.synchronize import Lock

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
"""Errors of a disk that takes no more."""
_LONGEST = 2000
"""Characters of an error line, so that one that repeats a huge cell still shows its remedy."""


@contextmanager
def exit_on_input_error(last_word: "Lock | None" = None) -> Iterator[None]:
    """Turns an `InputError`, or a full disk, into one line on stderr and exit code 2.

    A reader that closes the output early (`| head`) is no error: the script runs to its end.

    Args:
        last_word: a lock that several processes of one command share, so that only the first one
            prints its error; None for a single process.
    """
    try:
        with _while_somebody_reads():
            yield
    except InputError as error:
        _end(str(error), last_word)
    except OSError as error:
        # Any write can meet a full disk.
        if error.errno not in FULL:
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
    """Standard output that discards what is written after its reader has closed it.

    Args:
        stream: the output to write to until then.
    """

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """As for a stream."""
        try:
            return self._stream.write(text)
        except BrokenPipeError:
            self._close()
            return len(text)

    def flush(self) -> None:
        """As for a stream."""
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
    """Writes lines to stdout; a line end inside of one, as in a name of the data, is escaped."""
    # A name that the encoding of a terminal lacks must not end a script.
    with suppress(AttributeError):
        sys.stdout.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]
    sys.stdout.write("".join(f"{for_terminal(line)}\n" for line in lines))
