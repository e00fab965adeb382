"""The ladder: the value of each rung, for whom, and the results of contacts and offers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.evaluation.intervals import Interval
from recsys.experiments.rerun import valid_of_run
from recsys.policy.permitted_products import PermittedProducts
from recsys.policy.rules.policy import Policy
from recsys.reports.ladder.after_rules import AfterRules, after_rules
from recsys.reports.ladder.failures import failure_table
from recsys.reports.ladder.offers import answers, offers_made
from recsys.reports.ladder.rungs import Rungs, kept_hits, rungs
from recsys.reports.ladder.segment_kinds import segment_kinds
from recsys.reports.ladder.slices import fitted_again, sliced_hits
from recsys.reports.ladder.steps import EVERYBODY, Part, rates, steps
from recsys.reports.ladder.touchpoints import contacts, credit_table, unattributed
from recsys.tracking.read import TrackedRun

Row: TypeAlias = Mapping[Any, Any]
"""A row of a table of the ladder: column -> value."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Ladder:
    """All results of a ladder.

    Attributes:
        rungs: the run of each rung.
        rates: the table of `steps.rates` for everybody, then by slice.
        steps: the table of `steps.steps` for everybody (all three pairs, one family of tests), then
            by slice (another family).
        credit: the table of `touchpoints.credit_table`; empty where no contact was recorded.
        unattributed: share of the conversions without a contact before them; None where no contact
            was recorded.
        answers: the table of `offers.answers`; empty where no offer was recorded.
        failures: the table of `failures.failure_table`; empty where no offer was recorded.
        offers: number of offers in `answers` and `failures`.
        small: slices left out because they have too few customers.
        strayed: model -> number of customers for whom the model, fitted again, finds something
            else than its run did; empty where all models agree with their runs.
        after_rules: the rungs under a policy; None without one.
        segment_kinds: the table of `segment_kinds.segment_kinds`; empty where there is one kind.
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
    after_rules: AfterRules | None = None
    segment_kinds: pd.DataFrame = field(default_factory=pd.DataFrame)


def ladder(
    runs: Sequence[TrackedRun],
    metric: str = "ndcg@10",
    with_slices: bool = True,
    allow: Sequence[str] = (),
    policy: Policy | None = None,
) -> Ladder:
    """Measures the ladder on the validation window, and attribution on the events before it.

    Args:
        runs: finished runs on one data set and one split.
        metric: chooses the run of each rung; its cut-off is the length of the lists, as 10 in
            "ndcg@10".
        with_slices: whether to fit the three chosen models again, which slices need.
        allow: packages besides recsys whose classes a run may name.
        policy: whose rules are applied to the lists; the chosen models are fitted again for that.

    Raises:
        InputError: a rung has no run, the runs do not belong together, their data changed, or the
            policy does not fit the data.
    """
    chosen = rungs(runs, metric)
    hits, customers = kept_hits(chosen)
    window = valid_of_run(chosen.top, allow)
    rate_tables = [rates({EVERYBODY: hits}, customers)]
    step_tables = [steps({EVERYBODY: hits}, customers, one_at_a_time=False)]
    permitted = None if policy is None else PermittedProducts(policy, window.past)
    models = fitted_again(chosen, window, allow) if with_slices or permitted else []
    parts = sliced_hits(chosen, window, models, allow) if with_slices else None
    if parts is not None and parts.hits:
        rate_tables.append(rates(parts.hits, parts.customers))
        step_tables.append(steps(parts.hits, parts.customers))
    credit, alone = _credit(window.past)
    made = offers_made(window.past)
    return Ladder(
        rungs=chosen,
        rates=pd.concat(rate_tables, ignore_index=True),
        steps=pd.concat(step_tables, ignore_index=True),
        credit=credit,
        unattributed=alone,
        answers=pd.DataFrame() if made is None else answers(window.past, made),
        failures=pd.DataFrame() if made is None else failure_table(window.past, made),
        offers=0 if made is None else len(made),
        small=parts.small if parts else (),
        strayed=parts.strayed if parts else {},
        after_rules=None if permitted is None else after_rules(chosen, window, models, permitted),
        segment_kinds=segment_kinds(chosen),
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
    visits = contacts(past)
    if visits is None:
        return pd.DataFrame(), None
    return credit_table(past, visits), unattributed(visits)
