from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from in_memory import at, dataset_of

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models import segment_column
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


def own_column(values: dict[str, Any]) -> Dataset:
    """a and b buy x, c and d buy y twice and e x once; their column `segment`."""
    table = {"customer_id": list("abccdde"), "product_id": list("xxyyyyx")}
    side = {"customers": {"customer_id": list(values), "segment": list(values.values())}}
    return dataset_of(table, side)


def test_the_firms_own_column_makes_the_cells() -> None:
    data = own_column({"a": "gold", "b": "gold", "c": "blue", "d": None, "f": "gold"})
    model = Segment(prior=7, column="segment").fit(data)
    x, y = data.products.row("x"), data.products.row("y")
    overall = [Fraction(3, 7), Fraction(4, 7)]
    gold = [(2 + 7 * overall[0]) / 9, 7 * overall[1] / 9]
    blue = [7 * overall[0] / 9, (2 + 7 * overall[1]) / 9]
    # d has an empty cell, e no row; f never bought and is gold all the same.
    wanted = {"a": gold, "b": gold, "c": blue, "d": overall, "e": overall, "f": gold}
    for name, shares in wanted.items():
        row = model.score(np.array([data.customers.row(name)]))[0]
        np.testing.assert_allclose(row[[x, y]], [float(share) for share in shares], rtol=1e-6)
    assert model.columns_used == {"customers": {"segment": "2 values"}}
    unknown = model.embeddings().default_customer @ model.embeddings().products.T
    np.testing.assert_allclose(unknown[[x, y]], [float(share) for share in overall], rtol=1e-6)


def test_the_column_is_read_as_of_the_cut_off() -> None:
    dated = {
        "customer_id": ["a", "a", "b"],
        "segment": ["blue", "gold", "gold"],
        "valid_from": pd.to_datetime(["2025-01-01", "2025-03-01", "2025-01-01"], utc=True),
    }
    when = pd.to_datetime(["2025-01-10", "2025-02-01", "2025-04-01"], utc=True)
    table = {"customer_id": list("aba"), "product_id": list("xyx"), "timestamp": when}
    data = dataset_of(table, {"customers": dated})
    early = data.select(np.array([True, True, False]), as_of=at("2025-02-15"))
    rows = data.customers.rows(pd.Series(["a", "b"]))
    assert len(set(Segment(column="segment").fit(data).cell_of[rows])) == 1
    assert len(set(Segment(column="segment").fit(early).cell_of[rows])) == 2


@pytest.mark.parametrize(
    ("column", "says"),
    [
        ("segmnt", r"got 'segmnt'; did you mean segment\?"),
        ("xyz", "got 'xyz'; there is segment"),
        ("customer_id", "expected a column of the customers of data=memory, got 'customer_id'"),
    ],
)
def test_an_unknown_column_is_one_line(column: str, says: str) -> None:
    with pytest.raises(InputError, match=f"model.column: .*{says}"):
        Segment(column=column).fit(own_column({"a": "gold"}))


def test_a_column_needs_a_table_and_few_values(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(InputError, match="add it to the table of customers"):
        Segment(column="segment").fit(dataset_of(events(SPEC)))
    monkeypatch.setattr(segment_column, "MOST_SEGMENTS", 1)
    with pytest.raises(InputError, match="at most 1 different values, got 'segment' with 2"):
        Segment(column="segment").fit(own_column({"a": "gold", "b": "blue"}))
