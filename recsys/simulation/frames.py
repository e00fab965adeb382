"""The record of a chunk as tables with outside ids."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.tables import Tables
from recsys.simulation import calendar
from recsys.simulation.chunk import CUSTOMERS, Chunk
from recsys.simulation.decisions import POLICIES, Decisions
from recsys.simulation.events import Events
from recsys.simulation.identities import Aliases
from recsys.simulation.keys import alias_ids, customer_ids
from recsys.simulation.names import (
    ALIAS_KINDS,
    DEVICES,
    INTENTS,
    LANGUAGES,
    LIFE_STAGES,
    PREDICTABLE_LIFE_EVENTS,
    TIME_ZONES,
    TOUCHPOINT_NAMES,
    TOUCHPOINTS,
)
from recsys.simulation.offers import OFFERS
from recsys.simulation.people import People
from recsys.simulation.records import records
from recsys.simulation.world import product_ids

# Numbers of sessions and decisions of a chunk are below this, so that they are unique in a market.
NUMBERS_A_CHUNK = 1_000_000
LIFE_EVENT = "life_event"
"""Column of customers in version 2: the latest life event that the firm has recorded."""
# Position in `names.DEVICES` by touchpoint, -1 for the customer's phone.
_TOUCHPOINT_DEVICE = np.array([-1, 2, 3, 4, 2, -1])


def tables(chunk: Chunk, number: int, count: int, rng: np.random.Generator | None) -> Tables:
    """The tables of a chunk: interactions, customers, identities, decisions, maybe records.

    Args:
        chunk: the record.
        number: of the chunk.
        count: only the first so many customers of it.
        rng: of the table of records, which nothing else is drawn from; None for no such table.
    """
    offset = number * CUSTOMERS
    ids = customer_ids(offset + np.arange(CUSTOMERS))
    return Tables(
        interactions=_interactions(chunk, ids, number, count),
        customers=_customers(chunk, ids, count),
        identities=_identities(chunk.aliases, ids, offset, count),
        decisions=_decisions(chunk.decisions, ids, number, count),
        records=None if rng is None else records(chunk.people, chunk.aliases, offset, count, rng),
    )


def _interactions(chunk: Chunk, ids: pd.Series, number: int, count: int) -> pd.DataFrame:
    events: Events = chunk.events
    keep = events.customer < count
    customer, touchpoint = events.customer[keep], events.touchpoint[keep]
    usual = _TOUCHPOINT_DEVICE[touchpoint]
    device = np.where(usual < 0, chunk.people.phone[customer], usual)
    return pd.DataFrame(
        {
            columns.CUSTOMER: _seen_as(chunk, ids, number, keep),
            columns.PRODUCT: _named(events.product[keep], product_ids()),
            columns.TOUCHPOINT: _named(touchpoint, TOUCHPOINT_NAMES),
            columns.ACTION: _named(events.action[keep], columns.ACTIONS),
            columns.TIMESTAMP: calendar.timestamps(events.second[keep]),
            columns.VALUE: events.value[keep],
            columns.DURATION: events.duration[keep],
            columns.SESSION: number * NUMBERS_A_CHUNK + events.session[keep],
            columns.CONTEXT_PREFIX + "device": _named(device, DEVICES),
            columns.CONTEXT_PREFIX + "intent": _named(events.intent[keep], INTENTS),
        }
    )


def _seen_as(chunk: Chunk, ids: pd.Series, number: int, keep: BoolArray) -> pd.Series:
    customer, alias = chunk.events.customer[keep], chunk.events.alias[keep]
    other_ids = alias_ids(
        np.repeat(number * CUSTOMERS + np.arange(CUSTOMERS), 2),
        np.tile(np.arange(2), CUSTOMERS),
        chunk.aliases.kind.ravel(),
    )
    # The aliases are listed after the ids, so that a single look-up finds both.
    names = pd.concat([ids, other_ids], ignore_index=True)
    return _named(np.where(alias < 0, customer, CUSTOMERS + 2 * customer + alias), names)


def _customers(chunk: Chunk, ids: pd.Series, count: int) -> pd.DataFrame:
    table = _attributes(chunk.people, ids).head(count)
    if chunk.life is None:
        return table
    # A row from the beginning, and one from when the firm records a life event.
    second = chunk.life.recorded(chunk.people)[:count]
    rows = np.flatnonzero(second < calendar.NEVER)
    names = tuple(PREDICTABLE_LIFE_EVENTS)
    kinds = np.concatenate([np.full(count, -1), chunk.people.life_event[rows]])
    dates = np.concatenate([np.full(count, calendar.NEVER), second[rows]])
    dated = pd.concat([table, table.iloc[rows]], ignore_index=True)
    dated[LIFE_EVENT] = _named(kinds, names)
    dated[columns.VALID_FROM] = calendar.timestamps(dates)
    return dated


def _attributes(people: People, ids: pd.Series) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            columns.CUSTOMER: ids,
            "age": people.age,
            "income": people.income,
            "life_stage": _named(people.stage, LIFE_STAGES),
            columns.LANGUAGE: _named(people.language, LANGUAGES),
            columns.TIME_ZONE: _named(people.zone, tuple(TIME_ZONES)),
        }
    )
    for row, touchpoint in enumerate(TOUCHPOINTS):
        if touchpoint.outbound:
            table[columns.CONSENT_PREFIX + touchpoint.name] = people.consent[:, row]
    return table


def _identities(aliases: Aliases, ids: pd.Series, offset: int, count: int) -> pd.DataFrame:
    customer, which = np.nonzero(aliases.exists[:count])
    kind = aliases.kind[customer, which]
    return pd.DataFrame(
        {
            columns.ID_A: _named(customer, ids),
            columns.ID_B: alias_ids(offset + customer, which, kind),
            columns.KIND: _named(kind, ALIAS_KINDS),
            columns.TIMESTAMP: calendar.timestamps(aliases.linked[customer, which]),
            columns.CONFIDENCE: aliases.confidence[customer, which],
        }
    )


def _decisions(decisions: Decisions, ids: pd.Series, number: int, count: int) -> pd.DataFrame:
    # Numbered in the full chunk first, so that a larger market has the same ids.
    order = np.argsort(decisions.second, kind="stable")
    name = number * NUMBERS_A_CHUNK + np.arange(len(order))
    keep = decisions.customer[order] < count
    rows = order[keep]
    return pd.DataFrame(
        {
            columns.DECISION: name[keep],
            columns.CUSTOMER: _named(decisions.customer[rows], ids),
            columns.OFFER: _named(decisions.offer[rows], offer_ids()),
            columns.TOUCHPOINT: _named(decisions.touchpoint[rows], TOUCHPOINT_NAMES),
            columns.TIMESTAMP: calendar.timestamps(decisions.second[rows]),
            columns.POLICY: _named(decisions.explore[rows].astype(np.int64), POLICIES),
            # The last bits of an exponential differ between processors; a fingerprint must not.
            columns.PROPENSITY: np.round(decisions.propensity[rows], 9),
            columns.OUTCOME: _named(decisions.outcome[rows], columns.OUTCOMES),
            columns.REWARD: decisions.reward[rows],
        }
    )


def offer_ids() -> list[str]:
    """All outside ids of offers in the order of the rows."""
    return [f"O{row:04d}" for row in range(OFFERS)]


def _named(codes: IntArray, names: list[str] | tuple[str, ...] | pd.Series) -> pd.Series:
    """Names [n] of codes [n]; null for -1."""
    return pd.Series(pd.Series(names, dtype="str").array.take(codes, allow_fill=True))
