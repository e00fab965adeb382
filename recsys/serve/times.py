"""How times are kept: int64 UTC seconds, or positions in an order, and what stands for none."""

from typing import Literal, TypeAlias

import numpy as np

Clock: TypeAlias = Literal["timestamp", "order"]

OPEN_START = int(np.iinfo(np.int64).min)
"""A valid_from where something has always been on offer."""
OPEN_END = int(np.iinfo(np.int64).max)
"""A valid_to where no end is known; an event's time where none is known."""

FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999: UTC seconds that a calendar can show."""
