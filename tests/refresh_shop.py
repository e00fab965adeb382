"""A shop with everything that a refresh reads, its artifacts, and ways to change one table."""

from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pandas as pd
from library_shop import frames

from recsys import Dataset

POLICY = """
name: shop
eligibility:
  - {name: not_dear, offers: "product.price < 5000"}
leave_out:
  - {name: rejected, action: reject, days: 90}
contact_limits:
  - {name: one_a_week, at_most: 1, days: 7, touchpoint: email}
capacity: {email: 6}
arbitration: {value: reward}
"""
AS_OF = pd.Timestamp("2025-12-07", tz="UTC")
"""Just after the last event of `tables`."""


def tables() -> dict[str, pd.DataFrame]:
    """The frames of `library_shop` with dates, offers with messages, touchpoints and a log."""
    made, random = frames(), np.random.default_rng(3)
    products = made["products"].assign(
        valid_from=pd.Timestamp("2025-01-01", tz="UTC"),
        valid_to=pd.Timestamp("2027-01-01", tz="UTC"),
        line=["a", "b", "c"] * 8,
    )
    offers = pd.DataFrame(
        {
            "offer_id": [f"o{number:02d}" for number in range(24)],
            "product_id": products.product_id,
            "variant": ["plain", "care"] * 12,
            "reward": np.arange(24) + 1.0,
        }
    )
    email = random.random(900) < 0.5
    accepted = random.random(900) < np.where(email, 0.5, 0.15)
    decisions = pd.DataFrame(
        {
            "decision_id": np.arange(900),
            "customer_id": random.choice(made["customers"].customer_id, 900),
            "offer_id": random.choice(offers.offer_id, 900),
            "touchpoint": np.where(email, "email", "app"),
            "timestamp": pd.Timestamp("2025-06-01", tz="UTC")
            + pd.to_timedelta(random.integers(0, 150, 900), unit="D"),
            "policy": "old",
            "outcome": np.where(accepted, "accept", "ignore"),
        }
    )
    touchpoints = pd.DataFrame(
        {"touchpoint": ["app", "branch", "email"], "outbound": [False, False, True],
         "cost": [0.0, 0.01, 0.02]}
    )  # fmt: skip
    return {
        **made, "products": products, "offers": offers, "decisions": decisions,
        "touchpoints": touchpoints,
    }  # fmt: skip


def dataset(made: dict[str, pd.DataFrame], **settings: Any) -> Dataset:
    """Of the tables."""
    return Dataset.from_frames(**{"name": "shop", "filter_seen": True, **made, **settings})


def event(
    customer: str, product: str | None, action: str, day: str, touchpoint: str = "app"
) -> Any:
    """One row of interactions."""
    return {
        "customer_id": customer, "product_id": product, "touchpoint": touchpoint, "action": action,
        "timestamp": pd.Timestamp(day, tz="UTC"),
    }  # fmt: skip


def with_events(made: dict[str, pd.DataFrame], *rows: Any) -> dict[str, pd.DataFrame]:
    """The tables with more interactions."""
    return {**made, "interactions": pd.concat([made["interactions"], pd.DataFrame(rows)])}


def with_cell(
    made: dict[str, pd.DataFrame], table: str, row: int, column: str, value: Any
) -> dict[str, pd.DataFrame]:
    """The tables with another value in one cell."""
    changed = made[table].copy()
    changed.loc[row, column] = value
    return {**made, table: changed}


def differences(first: Any, second: Any, path: str = "") -> list[str]:
    """Paths of fields in which two objects differ, to the bit."""
    if is_dataclass(first):
        names = [field.name for field in fields(first)]
        return [
            where for name in names
            for where in differences(getattr(first, name), getattr(second, name), f"{path}.{name}")
        ]  # fmt: skip
    if hasattr(first, "dtype") and second is not None:
        one, other = np.asarray(first), np.asarray(second)
        return [] if one.shape == other.shape and (one == other).all() else [path]
    if isinstance(first, dict):
        return [
            where for key in {*first, *second}
            for where in differences(first.get(key), second.get(key), f"{path}/{key}")
        ]  # fmt: skip
    if isinstance(first, list | tuple) and len(first) == len(second):
        pairs = enumerate(zip(first, second, strict=True))
        return [where for item, pair in pairs for where in differences(*pair, f"{path}[{item}]")]
    return [] if first == second else [path]
