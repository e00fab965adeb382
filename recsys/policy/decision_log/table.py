"""Decisions as rows of the table `decisions`."""

from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.data import columns
from recsys.errors import InputError


def decision_table(
    *,
    customers: IdArray,
    touchpoints: IdArray,
    seconds: IntArray,
    offers: IdArray,
    propensities: FloatArray,
    policy: str,
    policy_version: str | None = None,
    rules_version: str | None = None,
    variants: IdArray | None = None,
    campaigns: IdArray | None = None,
) -> pd.DataFrame:
    """One row a filled slot, with the columns of the table `decisions` but for the outcome.

    The id of a decision follows from customer, touchpoint, moment, position and policy, so that
    the same decision made again, after a crash or in a replay, has the same id. With several slots
    each row has the slate's id and its position from 0.

    Args:
        customers: [B] outside ids.
        touchpoints: [B] names.
        seconds: [B] UTC seconds.
        offers: [B] or [B, k] outside ids, None (or "") in an empty slot; a slate has no gaps.
        propensities: of the shape of `offers`, above 0 and up to 1; of an action given those above.
        policy: the policy that decided, for example `als_epsilon`.
        policy_version: which state of it, for example a run or an artifact.
        rules_version: `Policy.version` of the rules that held.
        variants: as `offers`, the message of each; None leaves the column out.
        campaigns: as `offers`.

    Raises:
        InputError: a shape differs, a slate has a gap, or a propensity is not above 0 and up to 1.
    """
    slots, chances = np.asarray(offers, object), np.asarray(propensities, np.float64)
    size = len(customers)
    several = slots.ndim == 2 and slots.shape[1] > 1
    slots = slots.reshape(size, -1) if size else slots.reshape(0, max(slots.shape[-1:], default=1))
    filled = ~(pd.isna(slots) | (slots == ""))
    _require(slots.shape, filled, chances.reshape(slots.shape), len(touchpoints), len(seconds))
    row, position = np.nonzero(filled)
    table = pd.DataFrame(
        {
            columns.CUSTOMER: np.asarray(customers)[row],
            columns.OFFER: slots[row, position],
            columns.TOUCHPOINT: np.asarray(touchpoints)[row],
            columns.TIMESTAMP: pd.to_datetime(np.asarray(seconds)[row], unit="s", utc=True),
            columns.POLICY: policy,
            columns.PROPENSITY: chances.reshape(slots.shape)[row, position],
            columns.POSITION: position.astype(np.float64),
        }
    ).infer_objects()
    made = [columns.CUSTOMER, columns.TOUCHPOINT, columns.TIMESTAMP, columns.POLICY]
    table.insert(0, columns.DECISION, _ids(table, [*made, columns.POSITION]))
    if several:
        table[columns.SLATE] = _ids(table, made)
    else:
        table = table.drop(columns=columns.POSITION)
    optional: dict[str, Any] = {
        columns.POLICY_VERSION: policy_version,
        columns.RULES_VERSION: rules_version,
        columns.VARIANT: _filled(variants, slots.shape, row, position),
        columns.CAMPAIGN: _filled(campaigns, slots.shape, row, position),
    }
    return table.assign(**{name: held for name, held in optional.items() if held is not None})


def _filled(
    values: IdArray | None, shape: tuple[int, ...], row: IntArray, position: IntArray
) -> IdArray | None:
    if values is None:
        return None
    return np.asarray(values, object).reshape(shape)[row, position]


def _ids(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """Texts of 16 hexadecimal digits, a hash of some columns."""
    hashed = pd.util.hash_pandas_object(table[names].astype(str), index=False, categorize=False)
    return hashed.map("{:016x}".format).astype("str")


def _require(shape: tuple[int, ...], filled: np.ndarray, chances: FloatArray, *others: int) -> None:
    if any(size != shape[0] for size in others):
        raise InputError(
            f"offers: expected a row for each of the customers, touchpoints and seconds, got "
            f"{shape[0]} rows beside {others[0]} and {others[1]}"
        )
    gaps = np.flatnonzero((filled[:, 1:] & ~filled[:, :-1]).any(axis=1))
    if len(gaps):
        raise InputError(
            f"position: expected slates without gaps, got an empty slot above a filled one in "
            f"decision {gaps[0]}; move offers up"
        )
    bad = np.argwhere(filled & ~((chances > 0) & (chances <= 1)))
    if len(bad):
        row, slot = bad[0]
        raise InputError(
            f"propensity: expected a probability above 0 and up to 1, got {chances[row, slot]} in "
            f"decision {row}; log the probability with which the offer was chosen"
        )
