"""Outcomes of logged decisions as events, so that models learn from them."""

from dataclasses import replace

import pandas as pd

from recsys.data import columns
from recsys.data.categories import is_coded, of_same_categories
from recsys.data.tables import Tables
from recsys.errors import InputError


def decisions_as_events(tables: Tables, *, known_after: pd.Timedelta | None = None) -> Tables:
    """Adds accept, reject and ignore of the table `decisions` to the interactions.

    A model reads only interactions: what a log of decisions says beyond them reaches training by
    this step. One event for each product of the offer, at the touchpoint of the decision, with its
    reward as `value` where it is above 0. A decision is left out where the interactions already
    have an event of the same customer, product, touchpoint, action and moment.

    Args:
        tables: checked, see `recsys.data.check.check_tables`; interactions need timestamps.
        known_after: how long after a decision its outcome became known, as the window of
            `join_outcomes`; the events are dated by then, so that no cut-off sees an outcome that
            was not known yet. None for outcomes known at once.

    Returns:
        The same tables with more interactions; they themselves where there are no decisions.

    Raises:
        InputError: interactions have no timestamps, or the time is negative.
    """
    if tables.decisions is None:
        return tables
    late = pd.Timedelta(0) if known_after is None else known_after
    if late < pd.Timedelta(0):
        raise InputError(f"known_after: expected a time of 0 or more, got {late}")
    events = tables.interactions
    if columns.TIMESTAMP not in events:
        raise InputError(
            f"interactions: column '{columns.TIMESTAMP}' is missing; decisions can only be added "
            "to events with times"
        )
    made = _events(tables.decisions, tables.offers)
    moment = columns.TIMESTAMP
    key = [columns.CUSTOMER, columns.PRODUCT, columns.TOUCHPOINT, columns.ACTION, moment]
    if set(key) <= set(events.columns):
        known = events[key].dropna(subset=[columns.PRODUCT]).drop_duplicates()
        known = known.astype(made[key].dtypes.to_dict())
        matched = made.merge(known, on=key, how="left", indicator=True)["_merge"]
        made = made[(matched == "left_only").to_numpy()]
    made = made.assign(**{moment: made[moment] + late})
    return replace(tables, interactions=_stacked(events, made))


def by_product(decisions: pd.DataFrame, offers: pd.DataFrame | None) -> pd.DataFrame:
    """One row for each product of the offer of each decision, named in the column of products.

    Args:
        decisions: with a column of offers.
        offers: the table of offers; None where each product is its own offer.
    """
    if offers is None:
        return decisions.assign(**{columns.PRODUCT: decisions[columns.OFFER]})
    pairs = offers[[columns.OFFER, columns.PRODUCT]].drop_duplicates()
    return decisions.merge(pairs, on=columns.OFFER)


def _events(decisions: pd.DataFrame, offers: pd.DataFrame | None) -> pd.DataFrame:
    made = by_product(decisions.rename(columns={columns.OUTCOME: columns.ACTION}), offers)
    names = [columns.CUSTOMER, columns.PRODUCT, columns.TOUCHPOINT, columns.ACTION]
    events = made[[*names, columns.TIMESTAMP]].copy()
    if columns.REWARD in made:
        events[columns.VALUE] = made[columns.REWARD].where(made[columns.REWARD] > 0)
    return events


def _stacked(events: pd.DataFrame, made: pd.DataFrame) -> pd.DataFrame:
    """Both tables below each other, whole numbers kept whole where the second has none."""
    if columns.ACTION not in events:
        events = events.assign(**{columns.ACTION: columns.DEFAULT_ACTION})
    if columns.PART in events:
        made = made.assign(**{columns.PART: columns.TRAIN_PART})
    for name in events.columns.difference(made.columns):
        if pd.api.types.is_integer_dtype(events[name].dtype):
            events = events.astype({name: "Int64"})
            made = made.assign(**{name: pd.array([pd.NA] * len(made), "Int64")})
    for name in map(str, events):
        if is_coded(events[name]):
            cells = made[name] if name in made else pd.Series(None, made.index, "str")
            above, below = of_same_categories(events[name], cells)
            events, made = events.assign(**{name: above}), made.assign(**{name: below})
    return pd.concat([events, made], ignore_index=True)
