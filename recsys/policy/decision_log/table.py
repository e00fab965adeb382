"""Decisions as rows of the table `decisions`."""

from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
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
    slots = _slots("offers", offers, np.shape(offers))
    chances = _slots("propensities", propensities, np.shape(offers)).astype(np.float64)
    filled = ~(pd.isna(slots) | (slots == ""))
    _require(filled, chances, [len(each) for each in (customers, touchpoints, seconds)])
    row, position = np.nonzero(filled)
    table = pd.DataFrame(
        {
            columns.CUSTOMER: np.asarray(customers)[row],
            columns.OFFER: slots[row, position],
            columns.TOUCHPOINT: np.asarray(touchpoints)[row],
            columns.TIMESTAMP: pd.to_datetime(np.asarray(seconds)[row], unit="s", utc=True),
            columns.POLICY: policy,
            columns.PROPENSITY: chances[row, position],
            columns.POSITION: position.astype(np.float64),
        }
    ).infer_objects()
    made = [columns.CUSTOMER, columns.TOUCHPOINT, columns.TIMESTAMP, columns.POLICY]
    table.insert(0, columns.DECISION, _ids(table, [*made, columns.POSITION]))
    if slots.shape[1] > 1:
        table[columns.SLATE] = _ids(table, made)
    else:
        table = table.drop(columns=columns.POSITION)
    optional: dict[str, Any] = {
        columns.POLICY_VERSION: policy_version,
        columns.RULES_VERSION: rules_version,
    }
    for name, given in ((columns.VARIANT, variants), (columns.CAMPAIGN, campaigns)):
        if given is not None:
            optional[name] = _slots(name, given, np.shape(offers))[row, position]
    return table.assign(**{name: held for name, held in optional.items() if held is not None})


def _slots(name: str, values: object, shape: tuple[int, ...]) -> IdArray:
    """[B, k] of values [B] or [B, k]."""
    array = np.asarray(values, object)
    if array.shape != shape or array.ndim not in (1, 2):
        raise InputError(
            f"{name}: expected one value a slot, [decisions] or [decisions, slots] as offers, got "
            f"shape {list(array.shape)}"
        )
    return array[:, None] if array.ndim == 1 else array


def _ids(table: pd.DataFrame, names: list[str]) -> pd.Series:
    """Texts of 16 hexadecimal digits, a hash of some columns."""
    hashed = pd.util.hash_pandas_object(table[names].astype(str), index=False, categorize=False)
    return hashed.map("{:016x}".format).astype("str")


def _require(filled: BoolArray, chances: FloatArray, sizes: list[int]) -> None:
    if any(size != len(filled) for size in sizes):
        raise InputError(
            f"offers: expected a row for each of the customers, touchpoints and seconds, got "
            f"{len(filled)} rows beside {', '.join(map(str, sizes))}"
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
