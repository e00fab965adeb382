"""Segments of several kinds: those of the toolkit, and those by a column of the firm's own."""

import pandas as pd

from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.pairwise import pairwise
from recsys.experiments.pairs import LEVEL, difference_columns, with_verdicts
from recsys.reports.ladder.rungs import Rungs, hits_of, segment_column
from recsys.tracking.read import TrackedRun

BUILT_IN = "recency, frequency and value"
"""What segments are called that are cut from the events."""


def segment_kinds(rungs: Rungs) -> pd.DataFrame:
    """The best run of each kind of segments, and one-to-one over it.

    Args:
        rungs: the runs of the ladder.

    Returns:
        One row a kind, the best first: segments, mean, low, high (share of customers for whom the
        list held a relevant product), difference, difference_low, difference_high, lift, lift_low,
        lift_high (one-to-one over it), p_value, p_holm, verdict (of one-to-one, these pairs as a
        family), run_id. Empty unless there are two kinds.
    """
    if len(rungs.segments) < 2:
        return pd.DataFrame()
    hits, customers = hits_of([rungs.top, *rungs.segments], rungs.metric)
    pairs = pairwise(hits, customers, level=LEVEL)
    of_top = pairs.first == 0
    columns = {name: values[of_top] for name, values in difference_columns(pairs).items()}
    table = with_verdicts(pd.DataFrame(columns)).rename(
        columns={"low": "difference_low", "high": "difference_high"}
    )
    intervals = bootstrap(dict(enumerate(hits.T[1:])), customers, level=LEVEL)
    ends = [(i.mean, i.low, i.high) for i in intervals.values()]
    rates = pd.DataFrame(ends, columns=["mean", "low", "high"])
    names = {"segments": [kind_of(run) for run in rungs.segments]}
    ids = {"run_id": [run.run_id for run in rungs.segments]}
    return pd.concat([pd.DataFrame(names), rates, table, pd.DataFrame(ids)], axis=1)


def kind_of(run: TrackedRun) -> str:
    """What the segments of a run are made from."""
    column = segment_column(run)
    return BUILT_IN if column is None else f"column {column}"
