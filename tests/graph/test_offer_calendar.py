from dataclasses import replace

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.offer_calendar import calendar_lift, offer_lift, offered_pairs

OFFERS = {
    "offer_id": ["o1", "o2", "o3"],
    "product_id": ["x", "x", "y"],
    "touchpoint": ["app", "email", "app"],
    "valid_from": ["2026-01-01", "2026-01-11", "2026-01-21"],
    "valid_to": ["2026-01-03", "2026-01-13", "2026-01-26"],
}


def ten_days(offers: dict[str, list[str]] | None = None) -> Dataset:
    """Days 1 to 10 of a January: x is taken 3 times on offer, once otherwise; y twice."""
    days = [1, 1, 2, 6, 4, 10]
    return dataset_of(
        {
            "customer_id": ["a", "b", "c", "a", "b", "c"],
            "product_id": ["x", "x", "x", "x", "y", "y"],
            "touchpoint": ["app"] * 6,
            "timestamp": [f"2026-01-{day:02d}T12:00:00Z" for day in days],
        },
        {"offers": OFFERS if offers is None else offers},
    )


def test_the_rate_ratio_by_hand() -> None:
    data = replace(ten_days(), as_of=int(np.datetime64("2026-01-11", "us").astype(int)))
    # x: 3 in 2 days on offer, 1 in the 8 others; y was never offered and says nothing.
    assert offer_lift(data) == pytest.approx((3 * 8) / (1 * 2))


def test_the_plans_of_the_days_ahead() -> None:
    data = replace(ten_days(), as_of=int(np.datetime64("2026-01-11", "us").astype(int)))
    lift = calendar_lift(data, 20)
    x, y = data.products.row("x"), data.products.row("y")
    # From the 11th on: x on 2 of 20 days, y on 5.
    assert lift[x] == pytest.approx(np.log1p(2 / 20 * 11))
    assert lift[y] == pytest.approx(np.log1p(5 / 20 * 11))
    assert calendar_lift(data, 2)[y] == 0


def test_without_a_difference_to_learn_from_there_is_no_lift() -> None:
    always = {**OFFERS, "valid_from": ["2025-01-01"] * 3, "valid_to": ["2027-01-01"] * 3}
    assert offer_lift(ten_days(always)) == 1
    assert not calendar_lift(ten_days(always), 30).any()


def test_what_was_on_offer_where() -> None:
    data = replace(ten_days(), as_of=int(np.datetime64("2026-01-12", "us").astype(int)))
    products, touchpoints, until = offered_pairs(data)
    app, email = data.touchpoints.row("app"), data.touchpoints.row("email")
    x = data.products.row("x")
    ends = {
        (int(product), int(touchpoint)): int(end)
        for product, touchpoint, end in zip(products, touchpoints, until, strict=True)
    }
    # The offer of y is of the future; that at the e-mail still runs.
    assert ends == {
        (x, app): int(np.datetime64("2026-01-03", "us").astype(int)),
        (x, email): data.as_of,
    }


def test_what_is_missing_is_said() -> None:
    plain = dataset_of({"customer_id": ["a"], "product_id": ["x"], "order": [1]})
    with pytest.raises(
        InputError, match=r"model.horizon: data=memory needs interactions.timestamp"
    ):
        calendar_lift(plain, 30)
    nowhere = {name: values for name, values in OFFERS.items() if name != "touchpoint"}
    with pytest.raises(InputError, match=r"model.offered: data=memory has no offers.touchpoint"):
        offered_pairs(ten_days(nowhere))
