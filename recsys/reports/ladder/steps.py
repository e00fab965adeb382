"""Each rung over those below it, paired by customer, as one family of verdicts."""

from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.pairwise import pairwise
from recsys.experiments.pairs import LEVEL, difference_columns, with_verdicts
from recsys.reports.ladder.rungs import RUNGS

Part: TypeAlias = tuple[str, str]
"""A dimension and one of its slices."""

EVERYBODY: Part = ("all", "everybody")


def rates(hits: Mapping[Part, FloatArray], customers: IntArray) -> pd.DataFrame:
    """Share of the customers for whom the list of a rung held a relevant product.

    Args:
        hits: part -> [Q, 3] 0 or 1 by query and rung; nan for a query outside the part.
        customers: [Q] row numbers of the customers of the queries.

    Returns:
        One row a part and rung: dimension, slice, rung, mean, low, high, customers.
    """
    values = {
        (*part, rung): of_part[:, column]
        for part, of_part in hits.items()
        for column, rung in enumerate(RUNGS)
    }
    intervals = bootstrap(values, customers, level=LEVEL)
    rows = [(*key, i.mean, i.low, i.high, i.customers) for key, i in intervals.items()]
    return pd.DataFrame(
        rows, columns=["dimension", "slice", "rung", "mean", "low", "high", "customers"]
    )


def steps(
    hits: Mapping[Part, FloatArray], customers: IntArray, one_at_a_time: bool = True
) -> pd.DataFrame:
    """Each rung against the one below it in every part; verdicts hold for all rows as a family.

    Args:
        hits: as in `rates`.
        customers: as in `rates`.
        one_at_a_time: leave out the step of two rungs at once.

    Returns:
        One row a part and step, the lowest first: dimension, slice, rung, below, difference, low,
        high, lift, lift_low, lift_high (rung over below), p_value, customers, p_holm, verdict.
    """
    tables = [_steps(part, of_part, customers) for part, of_part in hits.items()]
    table = pd.concat(tables, ignore_index=True)
    next_below = dict(zip(RUNGS[1:], RUNGS[:-1], strict=True))
    if one_at_a_time:
        table = table[table["below"] == table["rung"].map(next_below)]
    return with_verdicts(table.reset_index(drop=True))


def _steps(part: Part, hits: FloatArray, customers: IntArray) -> pd.DataFrame:
    known = ~np.isnan(hits).any(axis=1)
    # Highest first: of two columns `pairwise` takes the later from the earlier.
    pairs = pairwise(hits[known, ::-1], customers[known], level=LEVEL)
    names = RUNGS[::-1]
    return pd.DataFrame(
        {
            "dimension": part[0],
            "slice": part[1],
            "rung": [names[column] for column in pairs.first],
            "below": [names[column] for column in pairs.second],
            **difference_columns(pairs),
            "customers": len(np.unique(customers[known])),
        }
    ).iloc[::-1]
