"""What customers did about decisions: accept, reject or ignore, joined from their events."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.categories import plain_table
from recsys.data.decision_events import by_product
from recsys.data.schema import SCHEMAS
from recsys.errors import InputError

ANSWERS = {"accept": "accept", "purchase": "accept", "reject": "reject"}
"""Action of an event -> outcome of the decision that it answers."""

IGNORED = "ignore"
_DECISION, _SESSION = "decision", "session of the decision"


@dataclass(frozen=True, kw_only=True, eq=False)
class JoinedOutcomes:
    """Decisions with their outcomes, and those that are too young to have one.

    Attributes:
        decisions: whose window has closed, with outcome and reward.
        waiting: whose window is still open, without outcome. Those answered already are among
            them: taking these alone would make recent offers look better than they are.
    """

    decisions: pd.DataFrame
    waiting: pd.DataFrame


def join_outcomes(
    decisions: pd.DataFrame,
    events: pd.DataFrame,
    *,
    window: pd.Timedelta,
    as_of: pd.Timestamp,
    offers: pd.DataFrame | None = None,
    within_session: bool = False,
) -> JoinedOutcomes:
    """Joins the events of customers to the decisions that they answer.

    - An event answers a decision if it is of the same customer, about one of the offer's products,
      an accept, purchase or reject, and at most `window` after the decision, at any touchpoint.
    - An event answers one decision only: the latest of those that it could answer; of several at
      the same moment that of the smallest position.
    - An accept or purchase counts more than a reject of the same decision.
    - A decision that nothing answers is ignored, once its window has closed.
    - The reward of an accepted decision is the offer's reward, or where offers have none the value
      of the event; of other decisions 0. Where neither is known the column is left out.

    Args:
        decisions: as `decision_table` or `recsys decide` make them. An outcome and reward there are
            replaced; columns that the table `decisions` does not have are left out.
        events: `interactions`, with timestamps, up to `as_of`.
        window: how long after a decision an event still answers it, 0 or more.
        as_of: UTC; the moment up to which events are known. Later events are not read.
        offers: the table of offers; None where each product is its own offer.
        within_session: whether an event must also have the `session_id` of the customer's last
            event, at that touchpoint, up to the moment of the decision.

    Raises:
        InputError: the window is negative, or a table lacks a column that is needed.
    """
    if window < pd.Timedelta(0):
        raise InputError(f"window: expected a time of 0 or more, got {window}")
    needed = [columns.PRODUCT, columns.ACTION, columns.TIMESTAMP]
    needed += [columns.SESSION, columns.TOUCHPOINT] if within_session else []
    absent = [name for name in needed if name not in events]
    if absent:
        raise InputError(f"interactions: column '{absent[0]}' is missing; outcomes need it")
    made = _made(decisions)
    known = events[events[columns.TIMESTAMP] < as_of]
    answers = _answers(made, known, window, offers, within_session)
    best = answers.drop_duplicates(_DECISION).set_index(_DECISION)
    outcome = best[columns.OUTCOME].reindex(made.index).fillna(IGNORED)
    closed = made[columns.TIMESTAMP] + window < as_of
    joined = made.assign(**{columns.OUTCOME: outcome.astype("str")})
    reward = _rewards(made, offers, best)
    if reward is not None:
        joined[columns.REWARD] = np.where(joined[columns.OUTCOME] == "accept", reward, 0.0)
    return JoinedOutcomes(
        decisions=joined[closed].reset_index(drop=True),
        waiting=made[~closed].reset_index(drop=True),
    )


def _made(decisions: pd.DataFrame) -> pd.DataFrame:
    """The columns of the table that are known when a decision is made, without categories."""
    known = [name for name in decisions if name in SCHEMAS["decisions"].columns]
    made = decisions[known].drop(columns=[columns.OUTCOME, columns.REWARD], errors="ignore")
    return plain_table(made).reset_index(drop=True)


def _answers(
    made: pd.DataFrame,
    events: pd.DataFrame,
    window: pd.Timedelta,
    offers: pd.DataFrame | None,
    within_session: bool,
) -> pd.DataFrame:
    """Answered decisions by row, the accepted first; each with the value of the event."""
    offered = made.assign(**{_DECISION: made.index})
    if columns.POSITION not in offered:
        offered[columns.POSITION] = 0.0
    offered = by_product(offered, offers)
    if within_session:
        offered = _with_sessions(offered, events)
    answering = events[events[columns.ACTION].isin(ANSWERS) & events[columns.PRODUCT].notna()]
    keys = [columns.CUSTOMER, columns.PRODUCT]
    named = [*keys, columns.TIMESTAMP, columns.ACTION]
    named += [name for name in (columns.VALUE, columns.SESSION) if name in events]
    answering = plain_table(answering[named])
    # `merge_asof` takes the last of equal moments: that of the smallest position.
    offered = offered.sort_values(
        [columns.TIMESTAMP, columns.POSITION], ascending=[True, False], kind="stable"
    )
    offered = offered.rename(columns={columns.TIMESTAMP: "decided"})
    joined = pd.merge_asof(
        _alike(answering, offered, keys).sort_values(columns.TIMESTAMP, kind="stable"),
        offered[[*keys, "decided", _DECISION, *([_SESSION] if within_session else [])]],
        left_on=columns.TIMESTAMP,
        right_on="decided",
        by=keys,
        tolerance=window,
    ).dropna(subset=[_DECISION])
    if within_session:
        joined = joined[joined[columns.SESSION] == joined[_SESSION]]
    joined[_DECISION] = joined[_DECISION].astype(np.int64)
    joined[columns.OUTCOME] = joined[columns.ACTION].map(ANSWERS)
    # `accept` precedes `reject`; of equal ones the earlier event counts.
    return joined.sort_values([columns.OUTCOME, columns.TIMESTAMP], kind="stable")


def _alike(events: pd.DataFrame, offered: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Events whose ids and moments have the types of the decisions', as joins want them."""
    types = {key: offered[key].dtype for key in keys}
    types[columns.TIMESTAMP] = offered["decided"].dtype
    return events.astype(types)


def _with_sessions(offered: pd.DataFrame, events: pd.DataFrame) -> pd.DataFrame:
    keys = [columns.CUSTOMER, columns.TOUCHPOINT]
    seen = plain_table(events[[*keys, columns.TIMESTAMP, columns.SESSION]].dropna())
    seen = seen.rename(columns={columns.SESSION: _SESSION})
    types = {name: offered[name].dtype for name in [*keys, columns.TIMESTAMP]}
    return pd.merge_asof(
        offered.sort_values(columns.TIMESTAMP, kind="stable"),
        seen.astype(types).sort_values(columns.TIMESTAMP, kind="stable"),
        on=columns.TIMESTAMP,
        by=keys,
    )


def _rewards(
    made: pd.DataFrame, offers: pd.DataFrame | None, best: pd.DataFrame
) -> pd.Series | None:
    """What each decision earns if it is accepted, by row; None where that is not known."""
    if offers is not None and columns.REWARD in offers:
        of_offer = offers.drop_duplicates(columns.OFFER).set_index(columns.OFFER)[columns.REWARD]
        return made[columns.OFFER].map(of_offer)
    if columns.VALUE in best:
        return best[columns.VALUE].reindex(made.index)
    return None
