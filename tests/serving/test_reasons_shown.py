"""Reasons as people read them: none of a share that rounds to nothing."""

from pathlib import Path
from typing import Any

import numpy as np
from artifact_contents import AS_OF, from_fields

from recsys.serving import Artifact, load, write
from scripts.recommend import lines


def shop(folder: Path, weights: list[float], **changes: Any) -> Artifact:
    """Two things that ann did, and one product more, which both speak for."""
    fields: dict[str, Any] = {
        "customers": np.array([[sum(weights)]], np.float32),
        "products": np.ones((3, 1), np.float32),
        "customer_ids": np.array(["ann"]),
        "product_ids": np.array(["milk", "bread", "jam"]),
        "event_customers": np.zeros(2, np.int64),
        "event_products": np.array([0, 1]),
        "event_weights": np.array(weights, np.float32),
        "fold_in_products": np.ones((3, 1), np.float32),
        "facts": {"clock": "timestamp", "as_of": AS_OF},
    }
    write(folder / "a", from_fields(**(fields | changes)), overwrite=True)
    return load(folder / "a")


def said(artifact: Artifact) -> list[str]:
    return list(lines(artifact, artifact.recommend("ann")))[2:]


def test_a_share_that_rounds_to_nothing_is_not_shown(tmp_path: Path) -> None:
    assert said(shop(tmp_path, [995, 4])) == ["     because of an event with milk (100%)", *LEFT]
    assert said(shop(tmp_path, [993, 7])) == [
        "     because of an event with milk (99%); an event with bread (1%)", *LEFT
    ]  # fmt: skip


LEFT = ["  no more offers: 1 of 3 products remain (already had: 2)"]


def test_where_all_of_them_are_small_no_event_is_named(tmp_path: Path) -> None:
    many = 300
    artifact = shop(
        tmp_path,
        [1.0] * many,
        products=np.ones((many + 1, 1), np.float32),
        product_ids=np.array([f"p{number}" for number in range(many + 1)]),
        event_customers=np.zeros(many, np.int64),
        event_products=np.arange(many),
        fold_in_products=np.ones((many + 1, 1), np.float32),
    )
    assert said(artifact)[0] == "     no own event in particular"
