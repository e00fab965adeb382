"""Who gains: the rungs in slices, from models fitted again.

A run keeps one value a query and metric, and the intervals of its slices; it keeps neither which
slice a query is in nor which of its products were found. A step in a slice is paired by customer,
so both are made again from the run's own settings, and compared with what the run kept.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.queries import Window
from recsys.evaluation.catalogue_statistics import background
from recsys.evaluation.dimensions import cuts
from recsys.evaluation.full_ranking import rank
from recsys.evaluation.per_query import PerQuery, measured, sliced
from recsys.evaluation.slices import members
from recsys.experiments.rerun import settings_of_run
from recsys.reports.ladder.rungs import Rungs
from recsys.reports.ladder.steps import Part
from recsys.tracking.pseudonyms import pseudonyms_of
from recsys.tracking.read import TrackedRun

DIMENSIONS = ("touchpoint", "history", "new_or_repeat", "category", "segment")
"""Of those that runs are sliced by, the ones on the page, in their order there."""

Shown: TypeAlias = Callable[[list[Any]], list[Any]]
"""Customer ids as runs keep them: themselves, or their pseudonyms."""

FEWEST = 20
"""Customers below which the intervals of a slice are not to be relied on."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SlicedHits:
    """What the rungs found in every slice.

    Attributes:
        hits: part -> [Q, 3] as `recsys.reports.ladder.steps` takes them.
        customers: [Q] row numbers.
        small: slices left out for their size.
        strayed: model -> queries in which the fit differs from what the run kept, where any do.
    """

    hits: dict[Part, FloatArray]
    customers: IntArray
    small: list[Part]
    strayed: dict[str, int]


def sliced_hits(found: Rungs, window: Window, allow: Sequence[str] = ()) -> SlicedHits:
    """Fits each rung again on the past of the window, and cuts its hits into slices.

    Args:
        found: the rungs.
        window: of their valid, as `recsys.experiments.rerun.valid_of_run` makes it.
        allow: see `recsys.experiments.rerun.settings_of_run`.

    Raises:
        InputError: the runs keep customers under another key than the environment holds.
    """
    hidden = pseudonyms_of(found.top.run_id, found.top.tags)
    shown: Shown = hidden.of if hidden else list
    queries, name = window.queries, found.metric.partition("@")[0]
    evaluate = settings_of_run(found.top, allow).evaluate
    every = cuts(window, background(window), evaluate)
    # A dimension of one slice says what all customers say.
    wanted = {
        dimension: every[dimension]
        for dimension in DIMENSIONS
        if dimension in every and len(members(every[dimension])) > 1
    }
    columns_of: dict[Part, list[FloatArray]] = {}
    strayed: dict[str, int] = {}
    for run in found.runs:
        model = settings_of_run(run, allow).model.fit(window.past)
        ranking = rank(model.score, queries, found.k)
        values = measured(ranking, queries, [found.k], [name])
        for (dimension, part, _), value in sliced(
            ranking, queries, [found.k], [name], values, wanted
        ).items():
            hit = np.where(np.isnan(value), np.nan, value > 0)
            columns_of.setdefault((dimension, part), []).append(hit)
        strays = _strays(run, found.metric, values, window, shown)
        strayed |= {run.model: strays} if strays else {}
    hits = {part: np.column_stack(parts) for part, parts in columns_of.items()}
    small = [part for part, values in hits.items() if (~np.isnan(values[:, 0])).sum() < FEWEST]
    return SlicedHits(
        hits={part: values for part, values in hits.items() if part not in small},
        customers=queries.customers,
        small=small,
        strayed=strayed,
    )


def _strays(run: TrackedRun, metric: str, made: PerQuery, window: Window, shown: Shown) -> int:
    """Queries that the fitted model answers with a hit where the run had none, or the reverse."""
    kept = run.per_query("valid").set_index(columns.CUSTOMER)[metric].gt(0)
    ids = shown(window.past.customers.ids[made.customers].tolist())
    return int((kept.loc[ids].to_numpy() != (made.values[metric] > 0)).sum())
