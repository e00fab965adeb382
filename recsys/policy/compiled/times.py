"""UTC seconds, days and parts of a day, as rules and artifacts count them."""

from recsys.ops.until import DAY as DAY
from recsys.ops.until import OPEN_END as OPEN_END
from recsys.ops.until import OPEN_START as OPEN_START

FIRST_SECOND, LAST_SECOND = -62_135_596_800, 253_402_300_799
"""The years 1 to 9999 in UTC seconds, which `datetime` can show."""

DAYPARTS = ("night", "morning", "afternoon", "evening")
"""Quarters of the customer's own day, as `recsys.graph.dayparts.DAYPARTS`."""
DAYPART = DAY // len(DAYPARTS)
MONDAY = 3
"""Day 0, 1 January 1970, was a Thursday; weekday = (day + 3) % 7 counts from Monday."""
