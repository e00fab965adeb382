"""Clusters keep the names of former ones with most of the same customers."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.customers.similar.former_names import kept_names, read_former
from recsys.errors import InputError


def test_a_cluster_of_the_same_customers_keeps_its_name_whatever_it_is_called_now() -> None:
    customers = np.array([f"c{number:02}" for number in range(40)], dtype=object)
    former = pd.Series(["tea"] * 10 + ["jam"] * 10 + ["soap"] * 10, index=customers[:30])
    # The former jam, half of soap with ten new customers, tea and the other half of soap.
    labels = np.array([2] * 10 + [0] * 10 + [1] * 5 + [2] * 5 + [1] * 10)
    names = kept_names(["tea", "soap, more age", "jam"], labels, customers, former)
    # Shared over either: jam 10 of 10, soap 5 of 10 (new customers do not count), tea 10 of 15.
    assert names == ["jam", "soap", "tea"]


def test_what_is_not_the_same_has_its_own_name_unlike_those_that_are_kept() -> None:
    customers = np.arange(30)
    former = pd.Series(["tea"] * 12 + ["jam"] * 18, index=customers)
    labels = np.array([0] * 12 + [1, 2, 3] * 6)
    names = kept_names(["jam", "tea", "soap", "ale"], labels, customers, former)
    assert names[0] == "tea"
    # A third of jam is enough for one of three equal parts, and the first has it.
    assert names[1:] == ["jam", "soap", "ale"]
    assert kept_names(["a", "b"], labels % 2, customers, former[:0]) == ["a", "b"]
    tight = kept_names(["tea", "jam"], np.array([0, 1] * 15), customers,
                       pd.Series(["jam"] * 3, index=[100, 101, 102]))  # fmt: skip
    assert tight == ["tea", "jam"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("customer_id\n1\n", "expected a column 'cluster', got customer_id"),
        ("customer_id,cluster\n1,a\n1,b\n", "expected each customer once, got 1 twice"),
    ],
)
def test_a_file_that_is_no_former_run_is_one_line(text: str, message: str, tmp_path: Path) -> None:
    path = tmp_path / "former.csv"
    path.write_text(text)
    with pytest.raises(InputError, match=message):
        read_former(path)
