"""Artifact contents to test with."""

from typing import Any

import numpy as np

from recsys.serving import (
    Contents,
    CustomerTable,
    EventTable,
    FoldInArrays,
    ProductFeatures,
    ProductTable,
    TouchpointTable,
)

DAY = 86_400
AS_OF = 1_767_225_600  # 2026-01-01
ACTIONS = ["view", "purchase"]
TOUCHPOINTS = ["app", "branch", "email"]


TABLES = {
    "customers": (CustomerTable, {
        "customers": "vectors", "customer_ids": "ids", "customer_strands": "strands",
        "consent": "consent", "default_customer": "default_vector",
        "default_consent": "default_consent",
    }),
    "products": (ProductTable, {
        "products": "vectors", "product_ids": "ids", "product_names": "names",
        "product_categories": "categories", "product_valid_from": "valid_from",
        "product_valid_to": "valid_to",
    }),
    "touchpoints": (TouchpointTable, {"touchpoints": "vectors", "touchpoint_names": "names"}),
    "events": (EventTable, {
        f"event_{name}": name
        for name in ("customers", "products", "weights", "actions", "touchpoints", "when", "until")
    }),
    "fold_in": (FoldInArrays, {
        "fold_in_products": "factors", "fold_in_gram": "gram", "fold_in_actions": "action_weights",
        "fold_in_rule": "rule", "fold_in_scale": "scale", "fold_in_rest": "rest",
        "fold_in_degrees": "degrees",
    }),
}  # fmt: skip
"""Part of `Contents` -> its class, and name in a file -> field."""


def from_fields(**fields: Any) -> Contents:
    """Contents of fields by the names that they have in an artifact's files."""
    parts: dict[str, Any] = {}
    for part, (table, names) in TABLES.items():
        given = {field: fields.pop(name) for name, field in names.items() if name in fields}
        if any(value is not None for value in given.values()):
            parts[part] = table(**given)
    return Contents(**parts, **fields)


def contents(customer_rows: int = 40, product_rows: int = 30, **changes: Any) -> Contents:
    """Random vectors of length 5, string ids, about four events a customer, everything filled in.

    Customer vectors are folded in from the events, so that reasons add up to scores.
    """
    random = np.random.default_rng(changes.pop("seed", 0))
    factors = random.standard_normal((product_rows, 5)).astype(np.float32)
    has_event = random.random((customer_rows, product_rows)) < 4 / product_rows
    who, what = np.nonzero(has_event)
    shuffled = random.permutation(len(who))
    who, what = who[shuffled], what[shuffled]
    weights = random.uniform(0.5, 3, len(who)).astype(np.float32)
    vectors = np.zeros((customer_rows, 5), np.float32)
    np.add.at(vectors, who, weights[:, None] * factors[what])
    fields: dict[str, Any] = {
        "customers": vectors,
        "products": random.standard_normal((product_rows, 5)).astype(np.float32),
        "touchpoints": random.standard_normal((3, 5)).astype(np.float32),
        "customer_ids": np.array(
            [f"C{row:04d}" for row in random.permutation(customer_rows)], dtype=object
        ),
        "product_ids": np.array(
            [f"P{row:03d}" for row in random.permutation(product_rows)], dtype=object
        ),
        "touchpoint_names": TOUCHPOINTS,
        "product_names": [f"Product {row}" if row % 3 else None for row in range(product_rows)],
        "product_categories": [f"Category {row % 4}" for row in range(product_rows)],
        "product_valid_from": AS_OF + DAY * random.integers(-400, 20, product_rows),
        "product_valid_to": AS_OF + DAY * random.integers(-20, 400, product_rows),
        "consent": random.random((customer_rows, 3)) < 0.7,
        "event_customers": who,
        "event_products": what,
        "event_weights": weights,
        "event_actions": random.integers(0, 2, len(who)),
        "action_names": ACTIONS,
        "event_touchpoints": random.integers(-1, 3, len(who)),
        "event_when": AS_OF - random.integers(1, 300 * DAY, len(who)),
        "fold_in_products": factors,
        "facts": {
            "model": "example",
            "clock": "timestamp",
            "as_of": AS_OF,
            "data": {"name": "made up", "fingerprint": "ab12"},
            "metrics": {
                "test": {"recall@20": {"mean": 0.25, "low": 0.2, "high": 0.3, "customers": 40}}
            },
            "fidelity": {"overlap@10": 1.0},
            "versions": {"numpy": np.__version__},
        },
    }
    return from_fields(**(fields | changes))


def features(dim: int = 5, width: int | None = 5, scaled: bool = False) -> ProductFeatures:
    """Of a text column `category`, a number `price` and a flag `green`; random rows.

    Args:
        dim: of the vectors.
        width: of the fold-in factors; None for none.
        scaled: whether a fold-in scale is kept.
    """
    random = np.random.default_rng(5)
    return ProductFeatures(
        columns=["category", "price", "category", "green"],
        values=["Category 0", None, "Category 1", None],
        means=np.array([0, 20, 0, 0], np.float32),
        scales=np.array([1, 8, 1, 1], np.float32),
        vectors=random.standard_normal((5, dim)).astype(np.float32),
        factors=None if width is None else random.standard_normal((5, width)).astype(np.float32),
        fold_in_scale=np.array([0.25], np.float32) if scaled else None,
    )
