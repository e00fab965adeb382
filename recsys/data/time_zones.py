"""Names of time zones, checked before anything is computed with them."""

from difflib import get_close_matches
from functools import cache
from zoneinfo import available_timezones

import pandas as pd

from recsys.data.cells import CellError, first


def refuse_unknown_zones(column: pd.Series) -> None:
    """Raises `CellError` at the first text that the IANA database of time zones does not list."""
    unknown = [zone for zone in column.dropna().unique() if zone not in _names()]
    if not unknown:
        return
    row = first(column.isin(unknown))
    zone = str(column.iloc[row])
    near = get_close_matches(zone[:40], sorted(_names()), n=1, cutoff=0.75)
    remedy = f"did you mean '{near[0]}'?" if near else "write such a name, or leave the cell empty"
    if not _names():
        remedy = "there is no time zone database on this machine: pip install tzdata"
    raise CellError(row, "a time zone of the IANA database such as Europe/Berlin", zone, remedy)


@cache
def _names() -> frozenset[str]:
    return frozenset(available_timezones())
