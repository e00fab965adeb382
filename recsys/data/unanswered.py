"""Logs of decisions that were written before anything came of them: outcomes joined from events."""

from dataclasses import replace

import pandas as pd

from recsys.data import columns
from recsys.data.check import check_tables
from recsys.data.outcomes import IGNORED, join_outcomes
from recsys.data.tables import Tables
from recsys.errors import InputError


def is_unanswered(tables: Tables) -> bool:
    """Whether the table `decisions` has no column of outcomes, as an `AnswerLog`'s parts."""
    return tables.decisions is not None and columns.OUTCOME not in tables.decisions


def with_outcomes(tables: Tables, window: pd.Timedelta) -> Tables:
    """The tables, with what came of each decision within a window; younger decisions are left out.

    Events are known up to the last one. See `recsys.data.outcomes.join_outcomes`.

    Args:
        tables: as loaded; interactions need products, actions and timestamps.
        window: how long after a decision an event answers it.

    Raises:
        InputError: a table cannot be used, or no decision is old enough.
    """
    assert tables.decisions is not None
    # The door wants an outcome; this one is replaced.
    waiting = tables.decisions.assign(**{columns.OUTCOME: IGNORED})
    checked = check_tables(replace(tables, decisions=waiting))
    decisions, events = checked.decisions, checked.interactions
    assert decisions is not None
    if columns.TIMESTAMP not in events:
        raise InputError(f"interactions: column '{columns.TIMESTAMP}' is missing; outcomes need it")
    as_of = events[columns.TIMESTAMP].max() + pd.Timedelta(1, "us")
    offers = checked.offers
    if offers is not None and not decisions[columns.OFFER].isin(offers[columns.OFFER]).any():
        offers = None  # the log is of products, as answers of `recommend` are
    joined = join_outcomes(decisions, events, window=window, as_of=as_of, offers=offers)
    if not len(joined.decisions):
        raise InputError(
            f"decisions: expected decisions at least {window / pd.Timedelta(days=1):g} days before "
            f"the last event ({as_of:%Y-%m-%d %H:%M} UTC), got none so old; load later "
            "interactions, or lower outcome_days"
        )
    return replace(checked, decisions=joined.decisions)
