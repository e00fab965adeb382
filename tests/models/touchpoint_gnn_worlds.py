"""Markets whose answers are obvious, for the touchpoint network."""

from typing import Any

import numpy as np
import pandas as pd
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.models.touchpoint_gnn import TouchpointGNN

GROUPS = 3


def make(**change: Any) -> TouchpointGNN:
    usual = {"dim": 8, "epochs": 15, "batch_size": 16, "device": "cpu"}
    return TouchpointGNN(**{**usual, **change})


def habits() -> Dataset:
    """Everybody keeps to one touchpoint, but the product `b` is only taken at the branch."""
    rows = [
        (f"{touchpoint}{number}", product, touchpoint if product != "b" else "branch")
        for touchpoint in ("app", "web")
        for number in range(10)
        for product in (f"p{number % 4}", f"p{(number + 1) % 4}", "b")[: 2 + number % 2]
    ]
    return dataset_of(pd.DataFrame(rows, columns=["customer_id", "product_id", "touchpoint"]))


def groups() -> Dataset:
    """Customers of a group take products of theirs; one of each is new, with features alone."""
    generator = np.random.default_rng(3)
    rows = [
        (f"{group}-c{customer}", f"{group}-p{product}")
        for group in range(GROUPS)
        for customer in range(8)
        for product in generator.permutation(6)[:4]
    ]
    customers = [f"{group}-c{number}" for group in range(GROUPS) for number in (*range(8), "new")]
    products = [f"{group}-p{number}" for group in range(GROUPS) for number in (*range(6), "new")]
    return dataset_of(
        pd.DataFrame(rows, columns=["customer_id", "product_id"]),
        {
            "customers": {
                "customer_id": customers,
                "group": [f"g{customer[0]}" for customer in customers],
            },
            "products": {
                "product_id": products,
                "kind": [f"k{product[0]}" for product in products],
            },
        },
    )
