"""Cut-offs for data that were published without: where 80 % and 90 % of the events have passed."""

import numpy as np
import pandas as pd

from recsys.data.interactions import DAY, NEVER, SECOND, microseconds, timestamp
from recsys.data.source import Cutoffs

_SHARES = (0.8, 0.9)


def cutoffs_by_share(moments: pd.Series) -> Cutoffs | None:
    """The midnights (UTC) that are nearest to where 80 % and 90 % of the events have passed.

    Where the days lie outside of the data, or are one day, whole seconds take their place. Nothing
    but times is looked at, so the cut-offs tell a model nothing of what was chosen.

    Args:
        moments: [n] UTC timestamps of the events; null counts as none.

    Returns:
        None where there are not enough distinct times for two cut-offs.
    """
    when = microseconds(moments)
    when = when[when != NEVER]
    if not len(when):
        return None
    positions = [int(share * len(when)) for share in _SHARES]
    # No sort: hundreds of millions of times would take long.
    found = np.partition(when, positions)[positions]
    first, last = int(when.min()), int(when.max())
    for unit in (DAY, SECOND):
        valid_from, test_from = (int(moment + unit // 2) // unit * unit for moment in found)
        if first < valid_from < test_from <= last:
            return Cutoffs(valid_from=timestamp(valid_from), test_from=timestamp(test_from))
    return None
