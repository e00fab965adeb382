"""Small data sets that the contract suites fit models on, and what they compare scores with."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.data.split import TimeSplit

IDLE = "idle"
"""A customer without events; the products table also has a product without any."""

BLOCKS, BLOCK = 4, 8
"""Number of blocks in `blocks`, and customers and products of each."""


def market(**change: Any) -> Dataset:
    """60 days of 24 customers with 15 products at two touchpoints, some of it without product.

    Args:
        change: columns of the interactions to replace; None removes one.
    """
    generator = np.random.default_rng(11)
    count = 260
    table = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in generator.integers(0, 24, count)],
            "product_id": [f"p{i}" for i in np.minimum(generator.geometric(0.2, count), 15)],
            "touchpoint": generator.choice(["app", "web"], count),
            "action": generator.choice(["view", "purchase", "purchase", "reject"], count),
            "timestamp": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(generator.integers(0, 60 * 86_400, count), unit="s"),
            "value": generator.random(count),
        }
    )
    table.loc[::20, ["product_id", "action"]] = [None, "contact"]
    table = table.assign(**change).dropna(axis=1, how="all")
    return _dataset(table, customers={"customer_id": [IDLE]}, products={"product_id": ["unsold"]})


def blocks() -> Dataset:
    """Customers of a block had all products of their block but one, each another one.

    Ids are "BLOCK-cNUMBER" and "BLOCK-pNUMBER"; the product left out has the customer's number.
    """
    rows = [
        (f"{block}-c{customer}", f"{block}-p{product}")
        for block in range(BLOCKS)
        for customer in range(BLOCK)
        for product in range(BLOCK)
        if product != customer
    ]
    return _dataset(pd.DataFrame(rows, columns=["customer_id", "product_id"]))


def without_clock() -> Dataset:
    """`market` without times."""
    return market(timestamp=None)


def with_order() -> Dataset:
    """`market` with positions of one order in place of times."""
    return market(timestamp=None, order=np.arange(260))


def without_touchpoints() -> Dataset:
    """`market` without touchpoints."""
    return market(touchpoint=None)


def without_targets() -> Dataset:
    """`market` with views alone, so that no event is a target."""
    return market(action="view")


def one_product() -> Dataset:
    """Three customers who all had the only product."""
    table = {"customer_id": [1, 2, 3], "product_id": [7, 7, 7], "timestamp": ["2026-01-01"] * 3}
    return _dataset(table)


def one_customer() -> Dataset:
    """One customer who had both products."""
    table = {"customer_id": [1, 1], "product_id": [7, 8], "timestamp": ["2026-01-01"] * 2}
    return _dataset(table)


def one_event() -> Dataset:
    """One customer, one product, no time."""
    return _dataset({"customer_id": [1], "product_id": [7]})


WORLDS: list[Callable[[], Dataset]] = [
    without_clock, with_order, without_touchpoints, without_targets, one_product, one_customer,
    one_event,
]  # fmt: skip
"""Unusual data sets that every model has to fit and score."""


def new_customers() -> Window:
    """30 customers with 40 products, and a window in which 60 others take what is popular."""
    generator = np.random.default_rng(4)
    known, new = 240, 120
    customers = [f"c{i}" for i in generator.integers(0, 30, known)]
    # Each of them twice, so that there is a ranking to be right about.
    customers += [f"new{i // 2}" for i in range(new)]
    table = pd.DataFrame(
        {
            "customer_id": customers,
            "product_id": [f"p{i}" for i in np.minimum(generator.geometric(0.15, known + new), 40)],
            "action": "purchase",
            "timestamp": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(np.arange(known + new), unit="h"),
        }
    )
    data = _dataset(table, products={"product_id": [f"p{i}" for i in range(1, 41)]})
    valid_from, test_from = table["timestamp"][known], table["timestamp"].iloc[-10]
    return TimeSplit(valid_from=str(valid_from), test_from=str(test_from)).split(data).valid


def only_contacted() -> Dataset:
    """Five customers who bought, and `called`, whom the firm contacted about all products."""
    count = 15
    table = pd.DataFrame(
        {
            "customer_id": [f"c{i % 5}" for i in range(count)] + ["called"] * count,
            "product_id": [f"p{i % 4}" for i in range(count)] + [f"p{i}" for i in range(count)],
            "action": ["purchase"] * count + ["contact"] * count,
        }
    )
    return _dataset(table, customers={"customer_id": [IDLE]})


def everyone(data: Dataset) -> IntArray:
    """[C] row numbers of all customers."""
    return np.arange(len(data.customers))


def close(actual: FloatArray, expected: FloatArray, tolerance: float, message: str = "") -> None:
    """Raises `AssertionError` unless two arrays are equal up to a share of the largest value.

    Args:
        actual: any shape.
        expected: the same shape.
        tolerance: greatest difference, as a share of the largest absolute value in `expected`.
        message: what the comparison means, shown where it fails.
    """
    scale = max(float(np.abs(expected).max()), 1e-12)
    np.testing.assert_allclose(actual, expected, rtol=0, atol=tolerance * scale, err_msg=message)


def _dataset(interactions: Any, **side: Any) -> Dataset:
    frames: dict[str, Any] = {name: pd.DataFrame(columns) for name, columns in side.items()}
    return Dataset.from_frames(
        pd.DataFrame(interactions), targets=("purchase",), name="memory", **frames
    )
