from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.segment import Segment, measures, segments
from recsys.testing import EmbeddingContract


class TestSegment(EmbeddingContract):
    folds_in = False

    def make(self, **change: Any) -> Segment:
        return Segment(**{"quantiles": 3, **change})


def cells(data: Dataset, quantiles: int = 2) -> set[frozenset[Any]]:
    """The cells as sets of outside ids."""
    cell_of = segments(measures(data), quantiles)
    assert set(cell_of) == set(range(cell_of.max() + 1))
    return {frozenset(data.customers.ids[cell_of == cell]) for cell in set(cell_of)}


def events(spec: dict[str, list[int]], **columns: Any) -> pd.DataFrame:
    rows = [(name, f"p{i}", at) for name, when in spec.items() for i, at in enumerate(when)]
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "order"])
    return table.assign(**columns)


SPEC = {"a": [1], "b": [20], "c": [1, 2, 3], "d": [1, 2, 30]}


def test_frequency_alone_where_nothing_else_is_known() -> None:
    data = dataset_of(events(SPEC).drop(columns="order"))
    assert cells(data) == {frozenset("ab"), frozenset("cd")}


def test_recency_and_frequency() -> None:
    assert cells(dataset_of(events(SPEC))) == {frozenset(name) for name in "abcd"}


def test_value_is_the_sum_and_unknown_values_are_nothing() -> None:
    spec = {"a": [1], "b": [1], "c": [1], "d": [1]}
    table = events(spec, value=[5.0, None, 4.0, 0.5])
    assert cells(dataset_of(table)) == {frozenset("ac"), frozenset("bd")}


def test_customers_without_events_share_a_cell_of_their_own() -> None:
    side = {"customers": {"customer_id": ["idle", "a", "new"]}}
    groups = cells(dataset_of(events(SPEC), side))
    assert frozenset({"idle", "new"}) in groups
    assert len(groups) == 5


def test_shares_by_hand() -> None:
    # a and b buy once, c and d three times: two cells by frequency.
    table = {
        "customer_id": ["a", "b", "c", "c", "c", "d", "d", "d"],
        "product_id": ["x", "x", "y", "y", "x", "y", "y", "y"],
    }
    data = dataset_of(table)
    scores = Segment(quantiles=2, prior=4).fit(data).score(np.arange(4))
    x, y = data.products.row("x"), data.products.row("y")
    # Everybody: x 3 of 8, y 5 of 8, weighing 4 events in each cell.
    few = [(2 + 4 * Fraction(3, 8)) / 6, (4 * Fraction(5, 8)) / 6]
    many = [(1 + 4 * Fraction(3, 8)) / 10, (5 + 4 * Fraction(5, 8)) / 10]
    for name, wanted in (("a", few), ("b", few), ("c", many), ("d", many)):
        row = scores[data.customers.row(name)]
        np.testing.assert_allclose(row[[x, y]], [float(share) for share in wanted], rtol=1e-6)


def test_shares_of_a_cell_sum_to_one(shop: Dataset) -> None:
    np.testing.assert_allclose(Segment().fit(shop).score(np.arange(4)).sum(axis=1), 1, rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"quantiles": 1}, r"model.quantiles: expected a number >= 2 and <= 100, got 1"),
        ({"quantiles": 101}, r"model.quantiles: .* got 101"),
        ({"prior": 0}, r"model.prior: expected a number > 0, got 0"),
    ],
)
def test_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Segment(**settings)
