import numpy as np
from in_memory import dataset_of

EVENTS = {
    "customer_id": ["a", "b", "c"],
    "product_id": ["x", "y", "x"],
    "order": [3, 1, 2],
    "context_device": ["phone", None, "desktop"],
    "context_hot": [True, False, True],
    "context_same": ["always"] * 3,
}


def test_values_are_coded_in_the_order_of_the_events() -> None:
    data = dataset_of(EVENTS)
    assert data.contexts == {"device": ("desktop", "phone"), "hot": ("False", "True")}
    # In order: b, c, a. A column of one value says nothing and is left out.
    np.testing.assert_array_equal(data.interactions.contexts, [[-1, 0], [0, 1], [1, 1]])
    half = data.select(data.interactions.products == data.products.row("x"))
    np.testing.assert_array_equal(half.interactions.contexts, [[0, 1], [1, 1]])


def test_an_id_is_no_context() -> None:
    many = [f"page {row}" for row in range(100)]
    data = dataset_of({"customer_id": ["a"] * 100, "product_id": many, "context_page": many})
    assert data.contexts == {}
    assert data.interactions.contexts is None
