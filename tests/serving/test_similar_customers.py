"""Similar customers: exact, with stated ties, over strands, without those who did nothing."""

import numpy as np
import pytest
from artifact_contents import contents, from_fields
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.ops.nearest import UnitVectors
from recsys.serving import Artifact

PRODUCTS = {
    "products": np.eye(3, dtype=np.float32),
    "product_ids": np.array(["p", "q", "r"], object),
}


def artifact(vectors: list[list[float]], ids: list[str], **fields: object) -> Artifact:
    """An artifact of customers with these vectors, three products and no events."""
    table = np.array(vectors, np.float32)
    return Artifact.of(
        from_fields(customers=table, customer_ids=np.array(ids, object), **PRODUCTS, **fields)
    )


def test_similarity_is_the_cosine_and_equal_ones_are_ordered_by_id() -> None:
    shop = artifact([[3, 4, 1], [6, 8, 2], [-4, 3, 0], [3, 4, -1], [30, 40, 10]],
                    ["z", "me", "far", "near", "a"])  # fmt: skip
    answer = shop.similar_customers("me", k=4)
    assert [each.customer_id for each in answer] == ["a", "z", "near", "far"]
    assert [each.similarity for each in answer] == pytest.approx([1, 1, 24 / 26, 0], abs=1e-6)
    assert (answer.customer_id, answer.compared) == ("me", 4)
    assert "similar to me" in str(answer)
    assert "near" in answer._repr_html_()


def test_columns_that_order_no_products_or_are_the_same_for_all_do_not_count() -> None:
    products = np.array([[1, 0, 5, 2], [0, 1, 5, 3]], np.float32)
    vectors = np.array([[1, 0, 7, 1], [1, 0, -7, 1], [0, 1, 7, 1]], np.float32)
    shop = Artifact.of(from_fields(
        customers=vectors, customer_ids=np.array(["a", "b", "c"], object), products=products,
        product_ids=np.array(["p", "q"], object),
    ))  # fmt: skip
    answer = shop.similar_customers("a", k=2)
    assert [(each.customer_id, each.similarity) for each in answer] == [("b", 1.0), ("c", 0.0)]


def test_of_several_strands_the_nearest_pair_counts() -> None:
    vectors = [[1, 0, 0], [0, 1, 0], [0, 1, 1], [-1, 0, 0], [3, 1, 0]]
    strands = np.array([0, 1, 0, 1, 0])
    shop = artifact(vectors, ["a", "a", "b", "b", "c"], customer_strands=strands)
    answer = shop.similar_customers("a", k=2)
    assert [each.customer_id for each in answer] == ["c", "b"]
    assert [each.similarity for each in answer] == pytest.approx([3 / 10**0.5, 0.5**0.5], abs=1e-6)
    rows = shop.similar_customers_many(["a"], k=2).columns[0]
    assert rows.tolist() == [4, 2]


def test_customers_without_events_are_left_out_and_counted() -> None:
    shop = artifact([[1, 0, 0], [0, 0, 0], [1, 1, 0]], ["a", "cold", "b"])
    answer = shop.similar_customers("a", k=1)
    assert ([each.customer_id for each in answer], answer.without_events) == (["b"], 1)
    with pytest.raises(InputError, match="customer_id: expected a customer with events, got cold"):
        shop.similar_customers("cold")


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (("x", 1), "customer id 'x' is not among the 40 customer ids"),
        (("C0001", 40), r"k: expected at most \d+, the other customers with events, got 40"),
        (("C0001", 0), "k: expected a whole number of at least 1, got 0"),
        ((["C0001"], 1), "customer_id: expected one id"),
    ],
)
def test_what_cannot_be_answered_is_one_line(call: tuple, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Artifact.of(contents()).similar_customers(*call)


@settings(max_examples=25, deadline=None)
@given(st.integers(2, 60), st.integers(1, 3), st.integers(0, 10_000))
def test_tiles_find_what_comparing_everybody_finds(owners: int, most: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.integers(1, most + 1, owners)
    starts = np.cumsum(counts) - counts
    # Few directions, so that many customers are equally similar.
    vectors = rng.choice([-1.0, 1.0, 2.0], (counts.sum(), 3)).astype(np.float32)
    found = UnitVectors.of(vectors, starts).nearest(np.arange(owners), k=5)
    unit = vectors / np.linalg.norm(vectors.astype(float), axis=1, keepdims=True)
    cosines = np.maximum.reduceat(np.maximum.reduceat(unit @ unit.T, starts, 0), starts, 1)
    for owner in range(owners):
        order = [int(each) for each in np.lexsort((np.arange(owners), -cosines[owner].round(6)))]
        order.remove(owner)
        assert found.columns[owner].tolist() == order[:5]
        assert found.scores[owner] == pytest.approx(cosines[owner][order[:5]], abs=2e-6)
