"""What the drivers of databases and stores say, in one line without secrets."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from recsys.errors import InputError
from recsys.ops.masking import masked

_COLOURS = r"\x1b\[[0-9;]*m"
_LONGEST = 300


@contextmanager
def driver_errors(what: str, address: str) -> Iterator[None]:
    """Words the errors of a driver; each database, store and catalogue has classes of its own.

    Args:
        what: went wrong, to stand before its words.
        address: whose password the message may repeat.

    Raises:
        InputError: the block raises any error; one that is an `InputError` stays as it is.
    """
    try:
        yield
    except InputError:
        raise
    except Exception as error:
        raise InputError(f"{what}: {driver_words(error, address)}") from None


def driver_words(error: Exception, address: str) -> str:
    """The message of a driver's error.

    Args:
        error: of any library.
        address: whose password the message may repeat.
    """
    own = getattr(error, "orig", None) or error  # SQLAlchemy adds a link to the driver's words
    text = " ".join(re.sub(_COLOURS, "", str(own)).split()).partition(" Query was: ")[0]
    return masked(text or type(own).__name__, address)[:_LONGEST].rstrip(". ")
