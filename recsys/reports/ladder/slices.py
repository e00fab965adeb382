"""Who gains: the rungs in slices, from models fitted again.

A run keeps one value per query and metric, and the intervals of its slices. It keeps neither the
slice of a query nor the relevant products that were listed. A step in a slice is paired by
customer, so both are computed again from the settings of the run, and compared with what it kept.
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
from recsys.models.base import Recommender
from recsys.reports.ladder.rungs import Rungs
from recsys.reports.ladder.steps import Part
from recsys.tracking.pseudonyms import pseudonyms_of
from recsys.tracking.read import TrackedRun

DIMENSIONS = ("touchpoint", "history", "new_or_repeat", "category", "segment")
"""The dimensions on the page, in their order there."""

KeptIds: TypeAlias = Callable[[list[Any]], list[Any]]
"""Customer ids -> the ids that runs keep: the same, or pseudonyms."""

FEWEST = 20
"""A slice with fewer customers is left out: its intervals would not be reliable."""


@dataclass(frozen=True, kw_only=True, eq=False)
class SlicedHits:
    """The hits of the rungs in every slice.

    Attributes:
        hits: part -> [Q, 3] 0 or 1 by query and rung; nan for a query outside the part.
        customers: [Q] row numbers.
        small: slices left out because they have too few customers.
        strayed: model -> number of queries in which the model, fitted again, differs from its run;
            only models that differ.
    """

    hits: dict[Part, FloatArray]
    customers: IntArray
    small: list[Part]
    strayed: dict[str, int]


def fitted_again(rungs: Rungs, window: Window, allow: Sequence[str] = ()) -> list[Recommender]:
    """The model of each rung, fitted again on the past of the window.

    Args:
        rungs: the run of each rung.
        window: their validation window, as `recsys.experiments.rerun.valid_of_run` makes it.
        allow: packages besides recsys whose classes a run may name.
    """
    return [settings_of_run(run, allow).model.fit(window.past) for run in rungs.runs]


def sliced_hits(
    rungs: Rungs, window: Window, models: Sequence[Recommender], allow: Sequence[str] = ()
) -> SlicedHits:
    """Cuts the hits of each rung into slices.

    Args:
        rungs: the run of each rung.
        window: their validation window, as `recsys.experiments.rerun.valid_of_run` makes it.
        models: from `fitted_again`.
        allow: packages besides recsys whose classes a run may name.

    Raises:
        InputError: the runs keep pseudonyms made with another key than the environment holds.
    """
    pseudonyms = pseudonyms_of(rungs.top.run_id, rungs.top.tags)
    kept_ids: KeptIds = pseudonyms.of if pseudonyms else list
    queries, name = window.queries, rungs.metric.partition("@")[0]
    evaluate = settings_of_run(rungs.top, allow).evaluate
    every = cuts(window, background(window), evaluate)
    # A dimension of one slice says what all customers say.
    wanted = {
        dimension: every[dimension]
        for dimension in DIMENSIONS
        if dimension in every and len(members(every[dimension])) > 1
    }
    columns_of: dict[Part, list[FloatArray]] = {}
    strayed: dict[str, int] = {}
    for run, model in zip(rungs.runs, models, strict=True):
        ranking = rank(model.score, queries, rungs.k)
        values = measured(ranking, queries, [rungs.k], [name])
        for (dimension, part, _), value in sliced(
            ranking, queries, [rungs.k], [name], values, wanted
        ).items():
            hit = np.where(np.isnan(value), np.nan, value > 0)
            columns_of.setdefault((dimension, part), []).append(hit)
        count = _strays(run, rungs.metric, values, window, kept_ids)
        strayed |= {run.model: count} if count else {}
    hits = {part: np.column_stack(parts) for part, parts in columns_of.items()}
    small = [part for part, values in hits.items() if (~np.isnan(values[:, 0])).sum() < FEWEST]
    return SlicedHits(
        hits={part: values for part, values in hits.items() if part not in small},
        customers=queries.customers,
        small=small,
        strayed=strayed,
    )


def _strays(run: TrackedRun, metric: str, made: PerQuery, window: Window, kept_ids: KeptIds) -> int:
    """Number of queries in which either the fitted model or the run has a hit, but not both."""
    kept = run.per_query("valid").set_index(columns.CUSTOMER)[metric].gt(0)
    ids = kept_ids(window.past.customers.ids[made.customers].tolist())
    return int((kept.loc[ids].to_numpy() != (made.values[metric] > 0)).sum())
