import uuid

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.data.vocabulary import Vocabulary, normalise_ids
from recsys.errors import InputError

IDS = st.lists(st.integers(-(2**62), 2**62), min_size=1, max_size=30, unique=True)


@given(IDS, st.integers(0, 2**32 - 1))
def test_every_id_finds_its_row_again(ids: list[int], seed: int) -> None:
    vocabulary = Vocabulary.build("customer", [pd.Series(ids)], np.random.default_rng(seed))
    assert sorted(vocabulary.ids.tolist()) == sorted(ids)
    assert vocabulary.ids[vocabulary.rows(pd.Series(ids))].tolist() == ids
    assert [vocabulary.row(key) for key in ids] == vocabulary.rows(pd.Series(ids)).tolist()


def test_ids_are_collected_from_all_columns_once_and_without_nulls() -> None:
    columns = [pd.Series(["b", "a", None]), pd.Series(["c", "a"])]
    assert Vocabulary.build("product", columns).ids.tolist() == ["a", "b", "c"]


def test_no_column_gives_an_empty_vocabulary() -> None:
    empty = Vocabulary.build("touchpoint", [])
    assert len(empty) == 0
    assert empty.rows(pd.Series(["app"])).tolist() == [-1]


def test_shuffled_by_the_seed_and_sorted_without() -> None:
    column = pd.Series(np.arange(100))
    first, same, other = (
        Vocabulary.build("customer", [column], np.random.default_rng(seed)).ids.tolist()
        for seed in (0, 0, 1)
    )
    assert first == same != other
    assert first != sorted(first)
    assert Vocabulary.build("customer", [column]).ids.tolist() == sorted(first)


def test_the_order_of_the_rows_does_not_matter() -> None:
    ids = pd.Series(["d", "a", "c", "b"])
    left, right = (
        Vocabulary.build("customer", [column], np.random.default_rng(0)).ids.tolist()
        for column in (ids, ids[::-1])
    )
    assert left == right


def test_null_and_unknown_ids_have_no_row() -> None:
    numbers = Vocabulary.build("product", [pd.Series([3, 7])])
    assert numbers.rows(pd.Series([7, None])).tolist() == [1, -1]
    assert numbers.rows(pd.array([7, None], dtype="Int64")).tolist() == [1, -1]
    assert numbers.rows(np.array([8, 3])).tolist() == [-1, 0]
    texts = Vocabulary.build("product", [pd.Series(["a", "b"])])
    assert texts.rows(pd.Series(["b", None, "x"])).tolist() == [1, -1, -1]
    assert texts.rows(pd.Series(["b"])).dtype == np.int32


def test_a_number_in_one_table_is_the_same_id_as_its_text_in_another() -> None:
    events, side = pd.Series([7, 8]), pd.Series(["7", "kiosk"])
    vocabulary = Vocabulary.build("customer", [events, side])
    assert vocabulary.ids.tolist() == ["7", "8", "kiosk"]
    assert vocabulary.rows(events).tolist() == [0, 1]
    assert vocabulary.rows(pd.Series([8, None])).tolist() == [1, -1]
    assert vocabulary.rows(side).tolist() == [0, 2]


def test_a_number_with_gaps_beside_text_keeps_its_digits() -> None:
    vocabulary = Vocabulary.build("product", [pd.Series([7, None]), pd.Series(["a"])])
    assert vocabulary.ids.tolist() == ["7", "a"]


@pytest.mark.parametrize("wanted", [7, "7"])
def test_one_id_is_found_as_a_person_types_it(wanted: int | str) -> None:
    assert Vocabulary.build("product", [pd.Series([3, 7])]).row(wanted) == 1
    assert Vocabulary.build("product", [pd.Series(["3", "7", "x"])]).row(wanted) == 1


def test_a_negative_id_is_found() -> None:
    assert Vocabulary.build("product", [pd.Series([-5, 3])]).row("-5") == 0


def test_an_unknown_id_is_answered_with_the_nearest() -> None:
    vocabulary = Vocabulary.build("product", [pd.Series(["apple", "apples", "pear"])])
    with pytest.raises(InputError, match=r"product id 'aple' .* 3 product ids; .* apple, apples"):
        vocabulary.row("aple")
    with pytest.raises(InputError, match=r"product id 'zzz' is not among the 3 product ids$"):
        vocabulary.row("zzz")
    with pytest.raises(InputError, match="customer id '12' is not among"):
        Vocabulary.build("customer", [pd.Series([1, 2])]).row("12")


def test_normal_forms() -> None:
    assert normalise_ids(pd.Series([1.0, 2.0])).dtype == np.int64
    assert normalise_ids(pd.Series([1.0, None])).dtype == pd.Int64Dtype()
    assert normalise_ids(pd.Series([1, 2], dtype=object)).dtype == np.int64
    assert normalise_ids(pd.Series([1, "a"], dtype=object)).tolist() == ["1", "a"]
    key = uuid.UUID(int=5)
    assert normalise_ids(pd.Series([key])).tolist() == [str(key)]
