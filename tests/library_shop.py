"""Frames of a shop as somebody has them in a notebook: 80 customers, 24 products, a year."""

import numpy as np
import pandas as pd

CUSTOMERS, PRODUCTS, EVENTS = 80, 24, 2_400
ASKED = "C0000949"


def frames(seed: int = 0) -> dict[str, pd.DataFrame]:
    """Interactions, products and customers; customers like one of four blocks of products."""
    generator = np.random.default_rng(seed)
    ids = np.array([f"C{number:07d}" for number in range(900, 900 + CUSTOMERS)])
    assert ASKED in ids
    who = generator.integers(0, CUSTOMERS, EVENTS)
    block = np.where(generator.random(EVENTS) < 0.8, who % 4, generator.integers(0, 4, EVENTS))
    what = block * 6 + generator.integers(0, 6, EVENTS)
    when = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(
        generator.integers(0, 340 * 86_400, EVENTS), unit="s"
    )
    interactions = pd.DataFrame(
        {
            "customer_id": ids[who],
            "product_id": [f"p{number:02d}" for number in what],
            "touchpoint": generator.choice(["app", "branch", "email"], EVENTS),
            "action": generator.choice(["view", "accept", "purchase"], EVENTS),
            "timestamp": when,
        }
    )
    products = pd.DataFrame(
        {
            "product_id": [f"p{number:02d}" for number in range(PRODUCTS)],
            "name": [f"Product {number}" for number in range(PRODUCTS)],
            "category": [f"block {number // 6}" for number in range(PRODUCTS)],
            "price": generator.random(PRODUCTS).round(2),
        }
    )
    customers = pd.DataFrame(
        {
            "customer_id": ids,
            "age": generator.integers(18, 90, CUSTOMERS),
            "consent_email": generator.random(CUSTOMERS) < 0.5,
        }
    )
    return {"interactions": interactions, "products": products, "customers": customers}
