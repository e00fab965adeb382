"""What the drivers of databases and stores say, in one line without secrets."""

import re

from recsys.ops.masking import masked

_COLOURS = r"\x1b\[[0-9;]*m"
_LONGEST = 300


def driver_words(error: Exception, address: str) -> str:
    """The message of a driver's error.

    Args:
        error: of any library.
        address: whose password the message may repeat.
    """
    own = getattr(error, "orig", None) or error  # SQLAlchemy adds a link to the driver's words
    text = " ".join(re.sub(_COLOURS, "", str(own)).split()).partition(" Query was: ")[0]
    return masked(text or type(own).__name__, address)[:_LONGEST].rstrip(". ")
