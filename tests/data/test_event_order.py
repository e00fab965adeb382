"""The order of events is that of a stable sort by moment and keys, however it is found."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data import event_order as module
from recsys.data.event_order import NEVER, event_order
from recsys.ops.chunks import counts

MOMENTS = st.one_of(st.integers(0, 6), st.integers(0, 2**50), st.just(NEVER))


def lexsorted(when: np.ndarray, *keys: np.ndarray) -> np.ndarray:
    return np.lexsort((*keys[::-1], when))


@settings(max_examples=200, deadline=None)
@given(
    st.lists(MOMENTS, max_size=40), st.integers(0, 2**32 - 1), st.integers(1, 9),
    st.sampled_from([63, 40, 20]),
)  # fmt: skip
def test_as_a_stable_sort_by_all_keys(moments: list[int], seed: int, run: int, bits: int) -> None:
    draw, count = np.random.default_rng(seed), len(moments)
    when = np.array(moments, np.int64)
    customers = draw.integers(0, 3, count).astype(np.int32)
    actions = draw.integers(-1, 2, count).astype(np.int8)
    values = draw.choice(np.array([-np.inf, 0.5, 2.0], np.float32), count)
    keys = [customers.__getitem__, actions.__getitem__, values.__getitem__]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_RUN", run)
        patch.setattr(module, "_BITS", bits)
        order = event_order(when, keys)
    expected = lexsorted(when, customers, actions, values)
    found = np.arange(count) if order is None else order
    assert found.tolist() == expected.tolist()
    assert (order is None) == (expected.tolist() == list(range(count)))


def test_counts_are_those_of_bincount() -> None:
    rows = np.random.default_rng(0).integers(0, 50, 1_000).astype(np.int32)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recsys.ops.chunks._COUNTED", 64)
        assert counts(rows, 60).tolist() == np.bincount(rows, minlength=60).tolist()
