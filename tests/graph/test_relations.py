import numpy as np
import pytest
from in_memory import dataset_of

from recsys.errors import InputError
from recsys.graph.action_weights import signed_weights
from recsys.graph.relations import Signals, relation_matrices
from recsys.graph.strength import event_weights

EVENTS = {
    "customer_id": ["a", "a", "a", "b"],
    "product_id": ["x", "y", None, "x"],
    "touchpoint": ["app", None, "call_center", "app"],
    "action": ["view", "view", "contact", "reject"],
    "order": [1, 2, 3, 4],
}


def test_each_action_has_its_own_degrees() -> None:
    data = dataset_of(EVENTS)
    result = relation_matrices(data, Signals(actions={"view": 1, "contact": 1, "reject": -1}))
    a, x, y = data.customers.row("a"), data.products.row("x"), data.products.row("y")
    app, call = data.touchpoints.row("app"), data.touchpoints.row("call_center")
    products = result["customers", "products"]
    assert set(products) == {"view", "reject"}
    assert products["view"][a, x] == products["view"][a, y] == pytest.approx(2**-0.5)
    assert products["reject"][data.customers.row("b"), x] == 1
    touchpoints = result["customers", "touchpoints"]
    # A call about nothing in particular joins the customer to the call centre, and no product.
    assert touchpoints["contact"][a, call] == 1
    assert touchpoints["view"].nnz == 1
    assert touchpoints["view"][a, app] == 1
    assert set(result["products", "touchpoints"]) == {"view", "reject"}


def test_weights_decay() -> None:
    data = dataset_of({**EVENTS, "weight": [4.0, 1.0, 1.0, np.nan]})
    # The cut-off lies one position after the last event.
    np.testing.assert_allclose(event_weights(data, 1.0), [4 / 16, 1 / 8, 1 / 4, 1 / 2])
    np.testing.assert_allclose(event_weights(data, None), [4, 1, 1, 1])


def test_signs() -> None:
    assert set(signed_weights(None)) == {
        "view", "click", "cart", "accept", "purchase", "contact",
    }  # fmt: skip
    assert signed_weights({"view": 0, "reject": -2}) == {"reject": -2.0}
    for action, weight, words in (
        ("bought", 1, "model.actions: no action 'bought'"),
        ("view", None, "model.actions.view: expected a finite number, got None"),
        ("view", float("nan"), "model.actions.view: expected a finite number, got nan"),
        ("view", True, "model.actions.view: expected a finite number, got True"),
    ):
        with pytest.raises(InputError, match=words):
            signed_weights({action: weight})
