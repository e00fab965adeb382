"""Limits of one request, and of how much of it a message repeats.

The numbers limit requests over HTTP, which anybody may send; Python calls may ask for more. `shown`
limits all messages.
"""

import reprlib
from itertools import islice
from typing import Any

BODY_BYTES = 4 * 2**20
"""Size of a request."""
ROWS = 1_000
"""Customers in one request."""
OFFERS = 1_000
"""k: offers for each customer."""
REASONS = 100
"""explain: reasons for each offer."""
EVENTS = 1_000
"""Fresh events of each row."""
LISTED = 10_000
"""Ids in `exclude`, and in `allow`."""
ID_CHARACTERS = 256
"""Length of an id of a customer or product, of an action, of a touchpoint."""
UNKNOWN_A_SECOND = 50
"""Requests with an unknown customer id, per second and worker. Further ones wait, so that guessing
ids is slow and does not slow down requests for known customers."""
WAITING = 500
"""Requests with an unknown customer id that may wait; further ones are refused with code 429."""

_WRITTEN_BITS = 256
SHOWN = 80
"""Characters of a value that a message repeats."""


def shown(value: Any) -> str:
    """A value as `repr` writes it, cut in the middle where it is long or deep.

    >>> shown("C7")
    "'C7'"
    >>> len(shown("7" * 10_000)) <= SHOWN + 30
    True
    """
    if isinstance(value, int) and value.bit_length() > _WRITTEN_BITS:
        # Python refuses to write whole numbers of over 4,300 digits.
        return f"a whole number of about {int(value.bit_length() * 0.30103) + 1:,} digits"
    if isinstance(value, str):
        cut = value if len(value) <= SHOWN else f"{value[:SHOWN]}..."
        return repr(cut) if cut is value else f"{cut!r} ({len(value):,} characters)"
    return _SHORT.repr(value)


class _Short(reprlib.Repr):
    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return "{...}"
        # Keep the given order, which reprlib would change.
        pairs = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        return f"{{{', '.join([*pairs, *(['...'] if len(x) > self.maxdict else [])])}}}"

    def repr_int(self, x: int, level: int) -> str:
        return shown(x) if x.bit_length() > _WRITTEN_BITS else repr(x)


_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = _SHORT.maxlong = SHOWN
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict, _SHORT.maxtuple = 3, 4, 4, 4
