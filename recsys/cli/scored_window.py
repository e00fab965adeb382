"""The window that commands about customers score: valid, test, or the last days of the data."""

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, SECOND
from recsys.data.source import Cutoffs
from recsys.errors import InputError

_DAYS = 60
"""At the end, where the data have no cut-offs."""


def scored_window(cutoffs: Cutoffs | None, data: Dataset, test: bool) -> tuple[int, int]:
    """Start and end of what is scored, in UTC microseconds.

    Args:
        cutoffs: of the source.
        data: with timestamps.
        test: whether test is read instead of valid.

    Raises:
        InputError: test of data without cut-offs.
    """
    assert data.as_of is not None
    if cutoffs is None or not isinstance(cutoffs.valid_from, pd.Timestamp):
        if test:
            raise InputError("test: expected data with cut-offs, whose test it is, got none")
        return data.as_of - _DAYS * DAY, data.as_of
    valid, tested = (
        int(pd.Timestamp(each).timestamp()) * SECOND
        for each in (cutoffs.valid_from, cutoffs.test_from)
    )
    return (tested, data.as_of) if test else (valid, tested)
