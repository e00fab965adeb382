"""Net values in euros, and the weight between the customer and the firm."""

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.policy.arbitration.net_value import net_value


def test_probability_times_value_less_cost() -> None:
    # 1/4 * 8 - 1/2 = 3/2, and twice the offer: 2 * 1/4 * 8 - 1/2 = 7/2.
    values = net_value(np.array([0.25, 0.25]), 8, 0.5, lever=np.array([1, 2]))
    assert values.tolist() == [1.5, 3.5]


def test_the_weight_moves_from_the_firms_order_to_the_customers() -> None:
    p, value = np.array([0.5, 0.2]), np.array([2.0, 10.0])  # mean value 6
    assert net_value(p, value).tolist() == [1.0, 2.0]
    np.testing.assert_allclose(net_value(p, value, customer_weight=1, mean_value=6), [3, 6 / 5])
    # Half and half: 1/2 * (1 + 3) = 2 and 1/5 * (5 + 3) = 8/5.
    middle = net_value(p, value, customer_weight=0.5, mean_value=6)
    np.testing.assert_allclose(middle, [2, 8 / 5])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"probability": np.array([1.5])}, "net value: expected probabilities between 0 and 1"),
        ({"probability": np.array([np.nan])}, "net value: expected probabilities"),
        ({"value": np.nan}, "net value: expected finite values"),
        ({"cost": np.inf}, "net value: expected finite costs"),
        ({"lever": -1.0}, "levers: expected numbers of at least 0"),
        ({"customer_weight": 2.0}, "customer_weight: expected 0 to 1, got 2"),
    ],
)
def test_what_is_no_value_is_refused(arguments, message) -> None:
    given = {"probability": np.array([0.5]), "value": 1.0} | arguments
    with pytest.raises(InputError, match=f"^{message}"):
        net_value(**given)
