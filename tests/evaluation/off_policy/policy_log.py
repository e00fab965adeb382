"""A small table of decisions: two touchpoints with three offers each, logged with propensities."""

import numpy as np
import pandas as pd

OFFERS = {"web": ["loan", "card", "fund"], "app": ["loan", "card", "tea"]}
LOGGING = np.array([0.5, 0.3, 0.2])
ACCEPTS = np.array([0.1, 0.3, 0.6])


def decisions(count: int = 1200, seed: int = 0) -> pd.DataFrame:
    """`count` decisions; the third offer of a touchpoint is the best and the one made least."""
    rng = np.random.default_rng(seed)
    touchpoints = np.where(np.arange(count) % 2, "web", "app")
    positions = rng.choice(3, count, p=LOGGING)
    offers = [OFFERS[where][at] for where, at in zip(touchpoints, positions, strict=True)]
    accepted = rng.random(count) < ACCEPTS[positions]
    return pd.DataFrame(
        {
            "decision_id": np.arange(count),
            "customer_id": [f"c{number // 3:04}" for number in range(count)],
            "offer_id": offers,
            "touchpoint": touchpoints,
            "timestamp": pd.Timestamp("2026-01-01", tz="UTC")
            + pd.to_timedelta(np.arange(count), unit="h"),
            "policy": np.where(np.arange(count) % 5 < 4, "old", "new"),
            "propensity": LOGGING[positions],
            "outcome": np.where(accepted, "accept", "ignore"),
            "reward": np.where(accepted, 20.0, 0.0),
        }
    )


def probabilities(table: pd.DataFrame, shares: list[float]) -> pd.DataFrame:
    """A target policy as a file has it: the shares of the three offers of each touchpoint."""
    rows = [
        (row.decision_id, offer, share)
        for row in table.itertuples()
        for offer, share in zip(OFFERS[row.touchpoint], shares, strict=True)
    ]
    return pd.DataFrame(rows, columns=["decision_id", "offer_id", "probability"])
