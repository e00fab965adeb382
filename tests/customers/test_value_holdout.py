"""Forecasts of a holdout: what rivals and the graph learn, and from when."""

import numpy as np
import pandas as pd
import pytest

from recsys import Dataset
from recsys.cli.value import main
from recsys.customers.lifetime_value.holdout import hold_out
from recsys.customers.lifetime_value.observe import DAY
from recsys.errors import InputError

DAYS, CUSTOMERS = 360, 600


def shop(products: int, seed: int = 0) -> Dataset:
    """Every other customer buys more and more, and other products than those who buy less."""
    rng = np.random.default_rng(seed)
    rows = []
    for customer in range(CUSTOMERS):
        late = customer % 2
        rate = np.linspace(0.0, 0.15, DAYS) if late else np.linspace(0.06, 0.0, DAYS)
        days = np.flatnonzero(rng.random(DAYS) < rate)
        first = int(rng.integers(0, 30))
        for day in {first, *days[days > first].tolist()}:
            product = late * (products // 2) + int(rng.integers(0, max(products // 2, 1)))
            rows.append((f"c{customer}", f"p{min(product, products - 1)}", day))
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "day"])
    table["timestamp"] = pd.Timestamp("2025-01-01", tz="UTC") + pd.to_timedelta(
        table.pop("day"), unit="D"
    )
    return Dataset.from_frames(table.assign(action="purchase"))


def blocks(data: Dataset) -> np.ndarray:
    """Vectors that tell the halves of the products apart."""
    numbers = np.array([int(str(name)[1:]) for name in data.products.ids])
    half = numbers >= len(numbers) // 2
    return np.stack([half, ~half], axis=1).astype(np.float32)


def test_the_graph_forecasts_where_products_say_more_than_history() -> None:
    held = hold_out(shop(20), 120.0, ("purchase",), vectors=blocks)
    assert held.root_mean_square("model + graph") < held.root_mean_square(held.chosen)
    assert held.gain("model + graph").verdict == "loss"
    assert held.between("boosting", "graph boosting").mean > 0


def test_the_graph_model_sees_nothing_after_the_lesson() -> None:
    data, seen = shop(20), []

    def vectors(before: Dataset) -> np.ndarray:
        seen.append(before)
        return blocks(before)

    hold_out(data, 120.0, ("purchase",), vectors=vectors)
    (before,) = seen
    assert before.interactions.when.max() < data.as_of - 2 * 115 * DAY
    assert before.as_of <= data.as_of - 2 * 115 * DAY


def test_without_a_second_product_there_is_no_graph() -> None:
    held = hold_out(shop(1), 120.0, ("purchase",), vectors=blocks)
    assert not [name for name in held.forecasts if "graph" in name]
    assert "boosting" in held.forecasts


def test_last_period_again_counts_repeat_purchases_by_hand() -> None:
    times = ["2025-01-01", "2025-02-20", "2025-02-27", "2025-02-28", "2025-03-05", "2025-03-09"]
    events = pd.DataFrame({
        "customer_id": ["a", "a", "a", "b", "a", "b"], "product_id": "p", "action": "purchase",
        "timestamp": pd.to_datetime(times, utc=True),
    })  # fmt: skip
    held = hold_out(Dataset.from_frames(events), 9.0, ("purchase",))
    names = [str(events["customer_id"].iloc[0]), "b"]
    by_id = dict(zip(names, range(2), strict=True))
    assert set(by_id) == {"a", "b"}
    assert sorted(held.actual) == [1, 1]
    # The nine days before 28 February have two purchases of a; the first one of b is no repeat.
    assert sorted(held.forecasts["last period again"]) == [0, 2]
    assert "boosting" not in held.forecasts


def test_a_graph_needs_a_holdout_and_a_model_with_vectors(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(InputError, match="graph= forecasts a holdout; say holdout=DAYS too"):
        main(["data.events=4000", "graph=als"])
    with pytest.raises(InputError, match="graph=own_history: expected a model with vectors"):
        main(["data.events=30000", "holdout=20", "graph=own_history"])
    main(["data.events=6000", "holdout=60", "graph=als"])
    assert "No forecast from the graph" in capsys.readouterr().out
