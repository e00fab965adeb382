import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.cli.words import whole_number
from recsys.errors import InputError
from recsys.ops.whole_numbers import parse_whole_number

OTHER_SPELLINGS = [
    "007",
    "+7",
    "7.0",
    "1_000",
    " 7",
    "7 ",
    "-0",
    "\u0667",
    "1\u0667",
    "\uff17",
    "",
    "-",
    "7e1",
]
LONG = "9" * 5_000


@given(st.integers(-(2**63), 2**63 - 1))
def test_every_64_bit_number_reads_back_as_it_is_written(number: int) -> None:
    assert parse_whole_number(str(number)) == number


@pytest.mark.parametrize("text", [*OTHER_SPELLINGS, LONG, str(2**63), str(-(2**63) - 1)])
def test_any_other_spelling_is_no_number(text: str) -> None:
    assert parse_whole_number(text) is None


@pytest.mark.parametrize("text", ["007", "\u0663", "0", "-1", LONG])
def test_a_count_on_the_command_line_is_plain_digits(text: str) -> None:
    with pytest.raises(InputError, match="k: expected a whole number of at least 1") as caught:
        whole_number("k", text)
    assert len(str(caught.value)) < 150
    assert whole_number("k", "12") == 12
