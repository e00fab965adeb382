"""Links of products are what their definition says, whichever way they are multiplied."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import dataset_of
from scipy.sparse import csr_array

from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.graph.time_gap import had_together, time_gap_pairs
from recsys.models import product_links
from recsys.models.product_links import ProductLinks, SharedProducts

GAP = 3.0


def visits(carts: list[set[int]]) -> Dataset:
    """Customer, product and second of each event: one cart of products after the other."""
    rows = [
        (customer, product, f"2026-01-01T00:00:{second:02}")
        for customer, products in enumerate(carts)
        for second, product in enumerate(sorted(products))
    ]
    names = ("customer_id", "product_id", "timestamp")
    return dataset_of(
        {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}
    )


def used(data: Dataset) -> np.ndarray:
    return data.interactions.products >= 0


def links(data: Dataset, power: float, whole: float) -> ProductLinks:
    shared = SharedProducts.of(data, used(data)) if whole else None
    return ProductLinks(time_gap_pairs(data, used(data), gap=GAP), shared, power, whole)


def defined(data: Dataset, power: float, whole: float) -> FloatArray:
    near, together = (
        matrix.toarray().astype(np.float64) ** power
        for matrix in (time_gap_pairs(data, used(data), gap=GAP), had_together(data, used(data)))
    )
    return near + whole * together


CARTS = st.lists(st.sets(st.integers(0, 29), min_size=1, max_size=20), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(
    CARTS,
    st.sampled_from([0.3, 0.5, 1.0]),
    st.sampled_from([0.0, 0.02, 1.0]),
    st.sampled_from([1, 2, 64]),
    st.sampled_from([1, 3, 10**6]),
)
def test_as_defined(
    carts: list[set[int]], power: float, whole: float, popular: int, full: int
) -> None:
    data = visits(carts)
    wanted, count = defined(data, power, whole), len(data.products)
    draw = np.random.default_rng(0)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(product_links, "_POPULAR", popular)
        patch.setattr(product_links, "_FULL", full)
        patch.setattr(product_links, "_ROWS", 2)
        matrix = links(data, power, whole)
        vectors = draw.random((count, 3), np.float32)
        np.testing.assert_allclose(matrix @ vectors, wanted @ vectors, rtol=1e-4, atol=1e-5)
        rows = draw.random((5, count), np.float32) * (draw.random((5, count)) < 0.4)
        scores = np.ones((5, count), np.float32)
        matrix.add_to(scores, csr_array(rows.astype(np.float32)))
        np.testing.assert_allclose(scores, 1 + rows @ wanted, rtol=1e-4, atol=1e-5)
        factor = draw.random(count, np.float32)
        scores = np.ones((5, count), np.float32)
        matrix.add_next(scores, rows.astype(np.float32), factor)
        np.testing.assert_allclose(scores, 1 + (rows * factor) @ wanted, rtol=1e-4, atol=1e-5)


def test_pairs_of_one_customer_are_not_made() -> None:
    """Two robots share two of their forty products; the one pair of both is all that is made."""
    data = visits([set(range(40)), set(range(38, 78)), {0}])
    shared = SharedProducts.of(data, used(data))
    assert had_together(data, used(data)).nnz == 2 * 40 * 39 - 2
    assert shared.counts.nnz == 2
    assert shared.counts.data.tolist() == shared.through.tolist() == [2, 2]
    assert shared.had is not None
    # A customer with one product has no pair.
    assert shared.had.shape[0] == 2


def test_pairs_with_a_popular_product_are_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(product_links, "_POPULAR", 2)
    data = visits([set(range(40)), {0, *range(40, 80)}, {0, *range(80, 120)}])
    shared = SharedProducts.of(data, used(data))
    assert shared.counts.nnz == 2 * (39 + 40 + 40)
    assert shared.counts.data.max() == 1
    assert not shared.through.any()
    assert shared.had is not None
    assert shared.had[:, [data.products.row(0)]].nnz == 0


def test_all_pairs_of_a_small_catalogue_are_made() -> None:
    data = visits([{0, 1, 2}, {0, 1}, {1, 2}])
    shared = SharedProducts.of(data, used(data))
    assert shared.had is None
    np.testing.assert_array_equal(shared.counts.toarray(), had_together(data, used(data)).toarray())


def test_a_product_without_links_stays_without() -> None:
    """What is subtracted on the diagonal leaves nothing where nobody had another product."""
    data = visits([set(range(30)), {30}])
    lone = data.products.row(30)
    everything = links(data, 0.5, 1.0) @ np.eye(len(data.products), dtype=np.float32)
    assert not everything[lone].any()
    assert not everything[:, lone].any()
    np.testing.assert_array_equal(np.diag(everything), 0)
