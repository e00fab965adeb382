"""The one exception that a script turns into one line and exit code 2."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager


class InputError(ValueError):
    """What a person gave is not usable; says what was expected, what came and the remedy."""


@contextmanager
def exit_on_input_error() -> Iterator[None]:
    """Ends a script with one line on stderr and code 2 where its input is not usable."""
    try:
        yield
    except InputError as error:
        sys.stderr.write(f"error: {error}\n")
        raise SystemExit(2) from None
