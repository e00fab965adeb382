"""An insurer's customers: calls and web sessions before each purchase (Bruun et al., SIGIR 2024).

Cut-offs, in positions: valid from purchase event 49,921, test from 56,161, where 80 % and 90 % of
the 62,401 events have passed; the last tenth is the test part of the authors' own code. Owned
products stay in the ranking: 2 % of the purchases are of a product that the customer bought before.
No time is recorded. Purchase events are numbered as they happened (product 19 makes 0.4 % of the
purchases of the first seven tenths and 7.5 % of the others). They lie `EVENT` positions apart:
first the touchpoints of an event by their own number, last its purchases, all at one position.
Of a touchpoint only the purchase event that it precedes is known, so it stands as late as it can
have happened. That leaks nothing, but it hides the touchpoints that lead to a purchase in a window:
four in five of the customers who are asked have no history at all.
Odd: a later event lists the touchpoints of an earlier one again, before its own; those 11,386 rows
are left out, since they happened before the earlier event. In 1,438 events the numbers of the
touchpoints have gaps. A touchpoint has a kind and nothing else here: no product, no duration, no
words. Where a purchase was made is not recorded. Everybody bought: who looked and left is not here.
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
    """Calls and web sessions about nothing in particular, and purchases of 24 products."""

    name: str = "insurance"
    version: str = "1"
    cutoffs: Cutoffs | None = Cutoffs(valid_from=49_921 * EVENT, test_from=56_161 * EVENT)
    filter_seen: bool = False
    targets: tuple[str, ...] = ("purchase",)

    def __init__(self, *, root: str) -> None:
        files = ("users_touchpoints.parquet", "purchase_events.parquet")
        self.folder = data_folder(root, files)

    def load(self) -> Tables:
        """A `contact` a conversation, a `view` a web session, a `purchase` an item of an event."""
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
    kept = ordered.drop_duplicates(["user_id", "conversation_id", "session_id"])
    called = kept["conversation_id"].notna()
    return pd.DataFrame(
        {
            columns.CUSTOMER: kept["user_id"],
            columns.TOUCHPOINT: np.where(called, "call_center", "web"),
            columns.ACTION: np.where(called, "contact", "view"),
            columns.ORDER: kept["purchase_event_id"] * EVENT + kept["event_number"],
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
