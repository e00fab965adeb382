"""Reads and checks the logs of the Open Bandit Dataset; `open_bandit` makes tables and arrays."""

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from recsys.data import columns
from recsys.data.cells import (
    FILL,
    FIX,
    CellError,
    bad_cell,
    first_true,
    read_numbers,
    read_whole_numbers,
)
from recsys.data.moments import read_moments
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_columns
from recsys.errors import InputError

CAMPAIGNS = ("men", "women")
POLICIES = ("random", "bts")
BOTH = "both"

ITEM, CLICK = "item_id", "click"
FEATURES = tuple(f"user_feature_{number}" for number in range(4))
_DECISION = (columns.TIMESTAMP, ITEM, columns.POSITION, CLICK, "propensity_score")
_ITEM_FEATURES = tuple(f"item_feature_{number}" for number in range(4))
_SLOTS = (1, 2, 3)


def log_folder(root: str, campaign: str, policy: str) -> Path:
    """The folder at `root`, which has both logs and the items of a campaign.

    Args:
        root: folder with `{random,bts}_{men,women}.parquet` and `random_*_item_context.parquet`.
        campaign: "men" or "women".
        policy: "random", "bts" or "both".

    Raises:
        InputError: an unknown campaign or policy, no such folder, or a file is missing.
    """
    if campaign not in CAMPAIGNS:
        raise InputError(f"data.campaign: expected men or women, got {campaign!r}; set one of them")
    if policy not in (*POLICIES, BOTH):
        raise InputError(
            f"data.policy: expected random, bts or both, got {policy!r}; set one of them"
        )
    names = [f"{name}_{campaign}" for name in POLICIES]
    return data_folder(root, [f"{name}.parquet" for name in (*names, _items_name(campaign))])


def read_items(folder: Path, campaign: str) -> pd.DataFrame:
    """The items of a campaign by id: `item_id` and `item_feature_0` (a number) to 3 (hashes).

    The file of the uniform policy is read for both policies: the two name the same features by
    other hashes.

    Raises:
        InputError: the file or a column is missing, or an id is no whole number or appears twice.
    """
    name = f"{_items_name(campaign)}.parquet"
    items = read_columns(folder / name, (ITEM, *_ITEM_FEATURES))
    items[ITEM] = _read(name, items[ITEM], read_whole_numbers)
    _refuse(name, items, ITEM, items[ITEM].duplicated(), "each item once", "drop the second row")
    return items.sort_values(ITEM, ignore_index=True)


def read_logs(folder: Path, campaign: str, items: pd.DataFrame) -> pd.DataFrame:
    """Both logs of a campaign, checked, in order of time.

    Args:
        folder: see `log_folder`.
        campaign: "men" or "women".
        items: see `read_items`; there is a column of affinities for each of them.

    Returns:
        One row a decision: timestamp, item_id, position, click, propensity, user_feature_0 to 3,
        the columns of `affinity_columns`, policy and decision_id (policy and row of the file).

    Raises:
        InputError: a file or column is missing, or names the first bad cell.
    """
    logs = [_read_log(folder, campaign, policy, items) for policy in POLICIES]
    both = pd.concat(logs, ignore_index=True)
    return both.sort_values(columns.TIMESTAMP, kind="stable", ignore_index=True)


def affinity_columns(items: pd.DataFrame) -> list[str]:
    """The names of the columns of affinities, in the order of the items."""
    return [f"user-item_affinity_{item}" for item in items[ITEM]]


def _read_log(folder: Path, campaign: str, policy: str, items: pd.DataFrame) -> pd.DataFrame:
    name = f"{policy}_{campaign}.parquet"
    affinities = affinity_columns(items)
    log = read_columns(folder / name, (*_DECISION, *FEATURES, *affinities))
    log = log.rename(columns={"propensity_score": columns.PROPENSITY})
    readers = {
        columns.TIMESTAMP: read_moments,
        **dict.fromkeys((ITEM, columns.POSITION, CLICK), read_whole_numbers),
        **dict.fromkeys((columns.PROPENSITY, *affinities), read_numbers),
    }
    for column, reader in readers.items():
        log[column] = _read(name, log[column], reader)
    _check(name, log, items)
    identifiers = [f"{policy}_{row}" for row in range(len(log))]
    return log.assign(**{columns.POLICY: policy, columns.DECISION: identifiers})


def _read(name: str, column: pd.Series, reader: Callable[[pd.Series], pd.Series]) -> pd.Series:
    try:
        return reader(column)
    except CellError as error:
        raise bad_cell(
            name, error.row, _published(str(column.name)), error.expected, error.got, error.remedy
        ) from None


def _check(name: str, log: pd.DataFrame, items: pd.DataFrame) -> None:
    if log.empty:
        raise InputError(f"{name}: expected at least one row, got none; is it the published file?")
    for column in (columns.TIMESTAMP, *FEATURES, *affinity_columns(items)):
        _refuse(name, log, column, log[column].isna(), "a value in every row", FILL)
    unknown = ~log[ITEM].isin(items[ITEM])
    _refuse(name, log, ITEM, unknown, "an item of the item context", "use files of one campaign")
    _refuse(name, log, columns.POSITION, ~log[columns.POSITION].isin(_SLOTS), "1, 2 or 3", FIX)
    _refuse(name, log, CLICK, ~log[CLICK].isin((0, 1)), "0 or 1", FIX)
    possible = (log[columns.PROPENSITY] > 0) & (log[columns.PROPENSITY] <= 1)
    _refuse(
        name, log, columns.PROPENSITY, ~possible, "a probability above 0 and at most 1",
        "a shown item had a chance: fix the value or drop the row",
    )  # fmt: skip


def _refuse(
    name: str, table: pd.DataFrame, column: str, bad: pd.Series, expected: str, remedy: str
) -> None:
    if bad.any():
        row = first_true(bad)
        raise bad_cell(name, row, _published(column), expected, table[column].iloc[row], remedy)


def _published(column: str) -> str:
    """The name of a column in the published file."""
    return "propensity_score" if column == columns.PROPENSITY else column


def _items_name(campaign: str) -> str:
    return f"random_{campaign}_item_context"
