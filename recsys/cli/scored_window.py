"""The window that commands about customers score: valid, test, or the last part of the data."""

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.data.source import Cutoffs
from recsys.errors import InputError

_PARTS = 4
"""Where the data have no cut-offs, the last of so many parts of their time is scored."""


def scored_window(cutoffs: Cutoffs | None, data: Dataset, test: bool) -> tuple[int, int]:
    """Start and end of what is scored, in UTC microseconds.

    Args:
        cutoffs: of the source.
        data: with timestamps.
        test: whether test is read instead of valid.

    Raises:
        InputError: test of data without cut-offs.
    """
    when, end = data.times("what is known of customers")
    if cutoffs is None or not isinstance(cutoffs.valid_from, pd.Timestamp):
        if test:
            raise InputError("test: expected data with cut-offs, whose test it is, got none")
        return end - (end - int(when.min())) // _PARTS, end
    valid, tested = (
        int(pd.Timestamp(each).timestamp()) * SECOND
        for each in (cutoffs.valid_from, cutoffs.test_from)
    )
    return (tested, end) if test else (valid, tested)
