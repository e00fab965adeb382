"""UTC seconds, days and parts of a day, as rules and artifacts count them."""

import numpy as np

OPEN_START = int(np.iinfo(np.int64).min)
"""A valid_from without a start; a moment before all others."""
OPEN_END = int(np.iinfo(np.int64).max)
"""A valid_to without an end; a moment that never comes, or that is not known."""

FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999 in UTC seconds, which `datetime` can show."""

DAY = 86_400
DAYPARTS = ("night", "morning", "afternoon", "evening")
"""Quarters of the customer's own day, as `recsys.graph.touchpoints.DAYPARTS`."""
DAYPART = DAY // len(DAYPARTS)
MONDAY = 3
"""Day 0, 1 January 1970, was a Thursday; weekday = (day + 3) % 7 counts from Monday."""
