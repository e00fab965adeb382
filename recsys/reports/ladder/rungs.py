"""The three rungs of the ladder, out of runs on the same data."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.errors import InputError
from recsys.evaluation.measures import OF_HITS
from recsys.reports.comparison.ranking import ORACLE, ranked
from recsys.reports.comparison.sound import sound
from recsys.tracking.pseudonyms import refuse_different_keys
from recsys.tracking.read import TrackedRun, name_skipped
from recsys.tracking.run_tags import WINDOWS

MANY, FEW, ONE = "one to many", "one to few", "one to one"
RUNGS = (MANY, FEW, ONE)
"""From the lowest to the highest."""

_MODELS = {MANY: "popularity", FEW: "segment"}
_NONE = "None"
"""How a param without a value is logged."""

_ANY_OTHER = "own_history, als, graph_filter or any other"


@dataclass(frozen=True, kw_only=True, eq=False)
class Rungs:
    """The run of each rung.

    Attributes:
        runs: in the order of `RUNGS`.
        metric: by which the best run of each rung was chosen on valid.
        k: length of the lists, from the metric.
        candidates: number of runs that "one to one" was chosen from.
        segments: the best run of each kind of segments, those of the toolkit and those by a column
            of the firm's own, the best first: this one is the rung "one to few".
    """

    runs: Sequence[TrackedRun]
    metric: str
    k: int
    candidates: int
    segments: Sequence[TrackedRun] = ()

    @property
    def top(self) -> TrackedRun:
        """The run of one to one."""
        return self.runs[-1]


def rungs(runs: Sequence[TrackedRun], metric: str = "ndcg@10") -> Rungs:
    """The best run of each rung: of popularity, of segment, and of all other models but the oracle.

    Where there are segments of several kinds, the best of them are the rung.

    Args:
        runs: finished runs on one data set and one split.
        metric: a metric of lists with its cut-off, as "ndcg@10".

    Raises:
        InputError: a rung has no run, the metric has no cut-off, or the runs cannot be ranked
            together.
    """
    name, _, cut = metric.partition("@")
    if name not in OF_HITS or not re.fullmatch(r"[1-9]\d*", cut):
        raise InputError(
            f"metric={metric}: expected one of {', '.join(OF_HITS)} with the length of the list, "
            "as ndcg@10"
        )
    several = next((run for run in runs if WINDOWS in run.tags), None)
    if several is not None:
        raise InputError(
            f"the ladder is of one window, and run {several.run_id[:8]} has "
            f"{several.tags[WINDOWS]} (split=rolling); train with split=time, or set runs=ID,ID"
        )
    usable, skipped = sound(runs)
    name_skipped(skipped)
    order = [run for run in ranked(usable, metric) if run.model != ORACLE]
    lower = {
        rung: next((run for run in order if run.model == model), None)
        for rung, model in _MODELS.items()
    }
    others = [run for run in order if run.model not in _MODELS.values()]
    chosen = lower | {ONE: next(iter(others), None)}
    missing = [_MODELS.get(rung, _ANY_OTHER) for rung in RUNGS if chosen[rung] is None]
    if missing:
        raise InputError(
            f"the ladder has a rung without a run on data={runs[0].data}: train model="
            f"{' and model='.join(missing)} on it"
        )
    return Rungs(
        runs=[run for run in chosen.values() if run is not None],
        metric=metric,
        k=int(cut),
        candidates=len(others),
        segments=_of_each_kind([run for run in order if run.model == _MODELS[FEW]]),
    )


def segment_column(run: TrackedRun) -> str | None:
    """The column of the customers that a run of segments is by; None where the toolkit cut them."""
    column = run.params.get("model.column", _NONE)
    return None if column == _NONE else column


def _of_each_kind(runs: Sequence[TrackedRun]) -> list[TrackedRun]:
    """The first run of each column."""
    best: dict[str | None, TrackedRun] = {}
    for run in runs:
        best.setdefault(segment_column(run), run)
    return list(best.values())


def kept_hits(rungs: Rungs) -> tuple[FloatArray, IntArray]:
    """Whether the first k products held a relevant one, from the values that each run kept.

    Args:
        rungs: the run of each rung.

    Returns:
        [Q, 3] 0 or 1 by query and rung, and [Q] the customer of each query as a number; queries in
        the order of customer ids.

    Raises:
        InputError: two runs do not have the same customers in valid, or keep their ids under
            different pseudonyms.
    """
    return hits_of(rungs.runs, rungs.metric)


def hits_of(runs: Sequence[TrackedRun], metric: str) -> tuple[FloatArray, IntArray]:
    """As `kept_hits`, of any runs.

    Args:
        runs: R runs on the same customers.
        metric: of hits, with its cut-off.

    Returns:
        [Q, R] and [Q], see `kept_hits`.

    Raises:
        InputError: as `kept_hits`.
    """
    refuse_different_keys({run.run_id: run.tags for run in runs})
    # A metric of hits is above 0 exactly where the list holds one.
    hits_of_runs = [
        run.per_query("valid").set_index(columns.CUSTOMER)[metric].gt(0).sort_index(kind="stable")
        for run in runs
    ]
    for run, hits in zip(runs, hits_of_runs, strict=True):
        if not hits.index.equals(hits_of_runs[0].index):
            raise InputError(
                f"runs {run.run_id} and {runs[0].run_id} do not have the same "
                "customers in valid; train both again"
            )
    customers: IntArray = np.unique(hits_of_runs[0].index.to_numpy(), return_inverse=True)[1]
    return np.column_stack(hits_of_runs).astype(np.float64), customers
