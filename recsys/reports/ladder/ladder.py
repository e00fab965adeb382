"""The ladder: what each rung is worth and to whom, and what became of contacts and offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.evaluation.intervals import Interval
from recsys.experiments.rerun import valid_of_run
from recsys.reports.ladder.failures import failure_table
from recsys.reports.ladder.offers import answers, offers_made
from recsys.reports.ladder.rungs import Rungs, kept_hits, rungs
from recsys.reports.ladder.slices import sliced_hits
from recsys.reports.ladder.steps import EVERYBODY, Part, rates, steps
from recsys.reports.ladder.touchpoints import contacts, credit_table, unattributed
from recsys.tracking.read import TrackedRun

Row: TypeAlias = Mapping[Any, Any]
"""A row of a table of the ladder: column -> value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ladder:
    """Everything the page tells.

    Attributes:
        rungs: the runs.
        rates: of `steps.rates`, over everybody and then by slice.
        steps: of `steps.steps`, over everybody (all three pairs, one family) and then by slice
            (another).
        credit: of `touchpoints.credit_table`; empty where no contact was recorded.
        unattributed: share of what was taken that no contact came before; None likewise.
        answers: of `offers.answers`; empty where no offer was.
        failures: of `failures.failure_table`; likewise.
        offers: how many offers these two are of.
        small: slices left out for their size.
        strayed: model -> customers for whom it finds something else than its run did; empty where
            the models that were fitted again are those of the runs.
    """

    rungs: Rungs
    rates: pd.DataFrame
    steps: pd.DataFrame
    credit: pd.DataFrame
    unattributed: Interval | None
    answers: pd.DataFrame
    failures: pd.DataFrame
    offers: int
    small: Sequence[Part] = ()
    strayed: Mapping[str, int] = field(default_factory=dict)


def ladder(
    runs: Sequence[TrackedRun],
    metric: str = "ndcg@10",
    with_slices: bool = True,
    allow: Sequence[str] = (),
) -> Ladder:
    """Measures the ladder on the valid of runs, and attribution on their training past.

    Args:
        runs: of one data set and one split.
        metric: by which the run of each rung is chosen; its k is the length of the lists.
        with_slices: fit the three runs again, which slices need; see `slices`.
        allow: see `recsys.experiments.rerun.settings_of_run`.

    Raises:
        InputError: as `rungs.rungs`, `rungs.kept_hits` and `again.valid_of_run`.
    """
    found = rungs(runs, metric)
    hits, customers = kept_hits(found)
    window = valid_of_run(found.top, allow)
    rate_tables = [rates({EVERYBODY: hits}, customers)]
    step_tables = [steps({EVERYBODY: hits}, customers, one_at_a_time=False)]
    parts = sliced_hits(found, window, allow) if with_slices else None
    if parts is not None and parts.hits:
        rate_tables.append(rates(parts.hits, parts.customers))
        step_tables.append(steps(parts.hits, parts.customers))
    credit, alone = _credit(window.past)
    made = offers_made(window.past)
    return Ladder(
        rungs=found,
        rates=pd.concat(rate_tables, ignore_index=True),
        steps=pd.concat(step_tables, ignore_index=True),
        credit=credit,
        unattributed=alone,
        answers=pd.DataFrame() if made is None else answers(window.past, made),
        failures=pd.DataFrame() if made is None else failure_table(window.past, made),
        offers=0 if made is None else len(made),
        small=parts.small if parts else (),
        strayed=parts.strayed if parts else {},
    )


def rows(table: pd.DataFrame, **equal: object) -> list[Row]:
    """The rows in which these columns have these values, in their order.

    Args:
        table: a table of a `Ladder`.
        **equal: column -> value.
    """
    for column, value in equal.items():
        table = table[table[column] == value]
    return list(table.to_dict("records"))


def _credit(past: Dataset) -> tuple[pd.DataFrame, Interval | None]:
    found = contacts(past)
    if found is None:
        return pd.DataFrame(), None
    return credit_table(past, found), unattributed(found)
