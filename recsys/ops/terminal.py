"""What a command says: one line with code 2 for bad input, and lines that hold no surprises."""

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

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
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
