"""Inner products with packed vectors are those of NumPy, whichever library computes them."""

import copy
import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.models import packed_vectors
from recsys.models.packed_vectors import PackedVectors


def arrays(seed: int, customers: int, products: int, dim: int) -> tuple[np.ndarray, ...]:
    draw = np.random.default_rng(seed)
    shapes = ((customers, dim), (products, dim), (products,))
    return tuple(draw.standard_normal(shape, np.float32) for shape in shapes)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 2**32 - 1), st.integers(1, 70), st.integers(1, 90), st.sampled_from([1, 3, 64]),
    st.sampled_from([1, 200, 10_000]),
)  # fmt: skip
def test_any_shape_in_any_number_of_pieces(
    seed: int, customers: int, products: int, dim: int, at_once: int
) -> None:
    left, right, bias = arrays(seed, customers, products, dim)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(packed_vectors, "NUMBERS_AT_ONCE", at_once)
        patch.setattr(packed_vectors, "_FEWEST_ROWS", 2)
        scores = PackedVectors(right, bias).scores(left)
    np.testing.assert_allclose(scores, left @ right.T + bias, rtol=1e-4, atol=1e-4)
    assert scores.dtype == np.float32
    assert scores.flags.writeable


def test_without_onednn_numpy_multiplies(monkeypatch: pytest.MonkeyPatch) -> None:
    left, right, bias = arrays(0, 5, 30, 8)
    expected = PackedVectors(right, bias).scores(left)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    np.testing.assert_allclose(PackedVectors(right, bias).scores(left), expected, atol=1e-5)


def test_the_number_of_threads_does_not_matter() -> None:
    left, right, bias = arrays(1, 256, 5_000, 96)
    packed, before = PackedVectors(right, bias), torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        alone = packed.scores(left)
        torch.set_num_threads(2)
        np.testing.assert_array_equal(packed.scores(left), alone)
    finally:
        torch.set_num_threads(before)


def test_a_copy_of_a_model_scores_as_the_model() -> None:
    left, right, bias = arrays(2, 3, 40, 8)
    packed = PackedVectors(right, bias)
    np.testing.assert_array_equal(copy.deepcopy(packed).scores(left), packed.scores(left))


@pytest.mark.parametrize("has_onednn", [True, False])
def test_a_pickled_model_scores_as_the_model(
    has_onednn: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    left, right, bias = arrays(3, 300, 40, 8)
    if not has_onednn:
        monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    packed = PackedVectors(right, bias)
    again = pickle.loads(pickle.dumps(packed))
    np.testing.assert_array_equal(again.scores(left), packed.scores(left))
