import numpy as np
import pytest

from recsys.errors import InputError
from recsys.serving.artifact.ids import SortedIds

NUMBERS = SortedIds.build("product", np.array([7, 12, 100]))
TEXTS = SortedIds.build("product", np.array(["007", "7", "\u0667"], dtype=object))


@pytest.mark.parametrize("typed", ["007", "7.0", "+7", "\u0667", " 7", "9" * 5_000])
def test_a_number_typed_in_another_way_is_another_id(typed: str) -> None:
    with pytest.raises(InputError, match=r"product id .* is not among the 3 product ids"):
        NUMBERS.rows_of(typed)


def test_a_number_is_known_as_it_is_written() -> None:
    assert [NUMBERS.rows_of(typed).tolist() for typed in ("7", 12, np.int64(100))] == [
        [0],
        [1],
        [2],
    ]


def test_texts_that_look_like_one_number_are_three_ids() -> None:
    assert [TEXTS.rows_of(typed).tolist() for typed in ("007", "7", "\u0667")] == [[0], [1], [2]]


def test_lists_of_ids_are_looked_up_as_they_are_typed() -> None:
    # What `exclude` and `allowed` go through: 007 must not exclude product 7.
    starts, ends = NUMBERS.find(["007", "7", "\u0667", "12.0", "12"])
    assert (ends - starts).tolist() == [0, 1, 0, 0, 1]
