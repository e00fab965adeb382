"""Vectors in fewer bytes: how far they are off, and that nothing else changes."""

import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from recsys.errors import InputError
from recsys.serving import load, write
from recsys.serving.artifact.precision import packed, precision_of, rounded, unpacked
from recsys.serving.stores.parquet import ParquetStore

NUMBERS = st.floats(-1000, 1000, width=32)
MATRICES = st.tuples(st.integers(1, 4), st.integers(1, 70)).flatmap(
    lambda shape: arrays(np.float32, shape, elements=NUMBERS)
)


def test_codes_and_scales_by_hand():
    vectors = np.array([[127, -64, 0.4], [0, 0, 0], [0.5, -1, 0.25]], np.float32)
    kept = packed("v", vectors, "int8")
    assert kept["v"].tolist() == [[127, -64, 0], [0, 0, 0], [64, -127, 32]]  # 63.5 to even
    np.testing.assert_allclose(kept["v_scales"], [[1], [1], [1 / 127]], rtol=1e-6)
    np.testing.assert_allclose(
        unpacked("v", kept), [[127, -64, 0], [0, 0, 0], [64 / 127, -1, 32 / 127]], rtol=1e-6
    )


@pytest.mark.filterwarnings("error")
def test_numbers_too_small_for_a_step_become_zero():
    tiny = np.array([[0, 1e-45, 0]], np.float32)
    assert unpacked("v", packed("v", tiny, "int8")).tolist() == [[0, 0, 0]]


def test_a_large_column_costs_its_own_block_alone():
    vectors = np.full((1, 64), 0.01, np.float32)
    vectors[0, 40] = 100
    restored = unpacked("v", packed("v", vectors, "int8"))
    np.testing.assert_allclose(restored[0, :32], 0.01, rtol=1e-5)
    assert restored[0, 33] == 0


@given(MATRICES)
def test_int8_is_off_by_half_a_step_of_its_block(vectors):
    restored = unpacked("v", packed("v", vectors, "int8"))
    for first in range(0, vectors.shape[1], 32):
        part = vectors[:, first : first + 32]
        step = np.abs(part).max(axis=1, keepdims=True) / 127
        assert (np.abs(restored[:, first : first + 32] - part) <= step * 0.5001 + 1e-30).all()


@given(MATRICES)
def test_float16_is_off_by_a_rounding(vectors):
    restored = unpacked("v", packed("v", vectors, "float16"))
    assert (np.abs(restored - vectors) <= np.abs(vectors) * 2.0**-11 + 2.0**-25).all()


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_what_is_loaded_is_what_was_rounded(tmp_path, precision):
    given_contents = contents()
    write(tmp_path / "small", given_contents, kept_as=precision)
    write(tmp_path / "whole", given_contents)
    small, wanted = load(tmp_path / "small"), rounded(given_contents, precision)
    np.testing.assert_array_equal(small.contents.customers.vectors, wanted.customers.vectors)
    np.testing.assert_array_equal(small.contents.products.vectors, wanted.products.vectors)
    assert small.contents.products.vectors.dtype == np.float32
    whole = load(tmp_path / "whole")
    assert not np.array_equal(small.contents.products.vectors, whole.contents.products.vectors)
    np.testing.assert_array_equal(
        small.contents.touchpoints.vectors, whole.contents.touchpoints.vectors
    )
    sizes = [
        json.loads((tmp_path / name / "manifest.json").read_text())["files"][
            "embeddings.safetensors"
        ]["bytes"]
        for name in ("small", "whole")
    ]
    assert sizes[0] < sizes[1]


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_a_store_answers_as_the_artifact(tmp_path, precision):
    write(tmp_path / "a", contents(), kept_as=precision)
    artifact = load(tmp_path / "a")
    ParquetStore(tmp_path / "store").put(artifact)
    assert pq.ParquetFile(tmp_path / "store" / "products.parquet").metadata.num_rows == 30
    offers = artifact.recommend("C0001", 5).offers
    stored = ParquetStore(tmp_path / "store").recommend("C0001", 5)
    assert [offer.product_id for offer in stored] == [offer.product_id for offer in offers]


def test_the_index_is_of_what_is_loaded(tmp_path):
    pytest.importorskip("faiss")
    write(tmp_path / "a", contents(product_rows=600), index_kind="hnsw", kept_as="int8")
    artifact = load(tmp_path / "a")
    kept = artifact.index.index.reconstruct_n(0, 600)
    np.testing.assert_array_equal(kept, artifact.contents.products.vectors)


def test_float16_says_what_it_cannot_hold(tmp_path):
    large = np.full((30, 5), 70_000, np.float32)
    with pytest.raises(InputError, match=r"float16 holds numbers up to 65,504, got 70,000; set"):
        write(tmp_path / "a", contents(products=large), kept_as="float16")
    assert not (tmp_path / "a").exists()


def test_an_unknown_precision_is_refused():
    with pytest.raises(InputError, match="expected one of float32, float16, int8, got 'int4'"):
        precision_of("int4")
