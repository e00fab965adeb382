"""The error of wrong input, shown to the user as one line."""

import re

_KEY = re.compile(r"[\w.\[\]-]+(?=[:=])")


class InputError(ValueError):
    """Settings or data are wrong; the message says what was expected, what came and the remedy.

    Attributes:
        key: the setting, table or column that the message begins with, as `model.dim`; "" where it
            begins otherwise.

    >>> InputError("model.dim: expected a number >= 1, got 0").key
    'model.dim'
    """

    @property
    def key(self) -> str:
        """What is wrong, by name."""
        begins = _KEY.match(str(self))
        return begins.group() if begins else ""


class CheckpointError(InputError):
    """A kept fit cannot be read or written, or is of another one; the data may be right."""
