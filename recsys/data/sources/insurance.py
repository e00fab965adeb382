"""An insurer's customers: calls and web sessions before each purchase (Bruun et al., SIGIR 2024).

Cut-offs, in positions: valid from purchase event 49,921, test from 56,161, where 80 % and 90 % of
the 62,401 events have passed; the last tenth is the test part of the authors' own code. Owned
products stay in the ranking: 2 % of the purchases are of a product that the customer bought before.
No time is recorded. Purchase events are numbered in the order in which they happened (product 19 is
0.4 % of the purchases of the first seven tenths and 7.5 % of the others). They are `EVENT`
positions apart: first come the touchpoints of an event by their number, last its purchases, all at
the same position. Of a touchpoint only the following purchase event is known, so it gets the latest
position that it can have. That leaks nothing, but hides the touchpoints before a purchase in a
window: four in five of the customers with a query have no history.
Odd: a later event lists the touchpoints of an earlier one again, before its own; those 11,386 rows
are left out, since they happened before the earlier event. In 1,438 events the numbers of the
touchpoints have gaps. A touchpoint has only a kind: no product, no duration, no text. Where a
purchase was made is not recorded. All customers bought something: visitors who did not are missing.
"""

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.cells import first_true
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_columns
from recsys.data.tables import Tables
from recsys.errors import InputError

EVENT = 1_000
"""Positions in the order from one purchase event to the next."""

_TOUCHES = ("user_id", "purchase_event_id", "event_number", "conversation_id", "session_id")
_ITEMS = ("purchase_event_id", "item_id")


class Insurance:
    """Calls and web sessions without product, and purchases of 24 products.

    Args:
        root: folder with `users_touchpoints.parquet` and `purchase_events.parquet`.
    """

    name: str = "insurance"
    version: str = "1"
    cutoffs: Cutoffs | None = Cutoffs(valid_from=49_921 * EVENT, test_from=56_161 * EVENT)
    filter_seen: bool = False
    targets: tuple[str, ...] = ("purchase",)

    def __init__(self, *, root: str) -> None:
        files = ("users_touchpoints.parquet", "purchase_events.parquet")
        self.folder = data_folder(root, files)

    def load(self) -> Tables:
        """A `contact` per conversation, a `view` per web session, a `purchase` per item."""
        touches = read_columns(self.folder / "users_touchpoints.parquet", _TOUCHES)
        items = read_columns(self.folder / "purchase_events.parquet", _ITEMS)
        _check_touches(touches)
        events = [_touches(touches), _purchases(items, touches)]
        return Tables(interactions=pd.concat(events, ignore_index=True))


def _check_touches(touches: pd.DataFrame) -> None:
    both_or_none = touches["conversation_id"].notna() == touches["session_id"].notna()
    misplaced = ~touches["event_number"].between(1, EVENT - 2)
    people = touches.groupby("purchase_event_id")["user_id"].transform("nunique")
    for bad, expected in (
        (both_or_none, "either a conversation_id or a session_id"),
        (misplaced, f"an event_number from 1 to {EVENT - 2}"),
        (people > 1, "a purchase_event_id of one user"),
    ):
        if bad.any():
            row = first_true(bad)
            got = ", ".join(f"{name} {touches[name].iloc[row]}" for name in _TOUCHES)
            raise InputError(
                f"users_touchpoints.parquet: row {row}: expected {expected}, got {got}; is it the "
                "published file?"
            )


def _touches(touches: pd.DataFrame) -> pd.DataFrame:
    ordered = touches.sort_values(["purchase_event_id", "event_number"])
    distinct = ordered.drop_duplicates(["user_id", "conversation_id", "session_id"])
    called = distinct["conversation_id"].notna()
    return pd.DataFrame(
        {
            columns.CUSTOMER: distinct["user_id"],
            columns.TOUCHPOINT: np.where(called, "call_center", "web"),
            columns.ACTION: np.where(called, "contact", "view"),
            columns.ORDER: distinct["purchase_event_id"] * EVENT + distinct["event_number"],
        }
    )


def _purchases(items: pd.DataFrame, touches: pd.DataFrame) -> pd.DataFrame:
    buyer = touches.drop_duplicates("purchase_event_id").set_index("purchase_event_id")["user_id"]
    return pd.DataFrame(
        {
            columns.CUSTOMER: items["purchase_event_id"].map(buyer),
            columns.PRODUCT: items["item_id"],
            columns.ACTION: "purchase",
            columns.ORDER: items["purchase_event_id"] * EVENT + EVENT - 1,
        }
    )
