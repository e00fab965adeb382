"""Twins and families: when names and birth dates that differ are two persons."""

import numpy as np
import pandas as pd
import pytest

from recsys.customers.identity.households import households, told_apart

NONE = np.zeros((0, 2), np.int64)
ALIKE, DIFFER = 5.0, -3.0


def linked(names: str, *skipped: tuple[int, int], column: str = "given_name") -> pd.DataFrame:
    """Links of all pairs of records; equal letters are equal names, a dot is an empty cell."""
    size = len(names)
    pairs = [(a, b) for a in range(size) for b in range(a + 1, size) if (a, b) not in skipped]

    def bits(a: str, b: str) -> float:
        return 0.0 if "." in (a, b) else ALIKE if a == b else DIFFER

    table = pd.DataFrame(pairs, columns=["record_a", "record_b"]).assign(kind="compared")
    return table.assign(**{column: [bits(names[a], names[b]) for a, b in pairs]})


def records(names: str, column: str = "given_name") -> pd.DataFrame:
    return pd.DataFrame({column: [None if name == "." else name for name in names]})


def test_names_that_are_on_several_records_each_are_persons() -> None:
    (twins,) = households(linked("aabb"), 4)
    assert (twins.is_pair.sum(), twins.share, twins.are_persons) == (4, 1.0, True)


def test_a_name_that_is_seen_once_is_an_error() -> None:
    (error,) = households(linked("aaab"), 4)
    assert (error.is_pair.sum(), error.share, error.are_persons) == (3, 0.0, False)


def test_the_share_is_that_of_confirmed_pairs_over_the_expected_one() -> None:
    # Of six records, five have a confirmed name: 25/36 of pairs of persons would be confirmed. Of
    # eleven pairs that differ, six are.
    (mixed,) = households(linked("aaabbc"), 6)
    assert mixed.is_pair.sum() == 11
    assert mixed.share == pytest.approx(6 / 11 / (25 / 36))


def test_two_spellings_that_others_join_are_one_name() -> None:
    table = linked("aab", (0, 2))
    table.loc[table.index[-1], "given_name"] = ALIKE
    spelled = pd.concat(
        [table, pd.DataFrame({"record_a": [0], "record_b": [2], "given_name": [DIFFER]})],
        ignore_index=True,
    )
    (none,) = households(spelled, 3)
    assert not none.is_pair.any()


def test_persons_are_told_apart_though_a_record_without_a_name_links_them() -> None:
    names = "aabb."
    made = told_apart(records(names), linked(names), NONE)
    assert made.is_refused.sum() == 4
    assert made.reasons.str.startswith(
        "given names differ, and 100% of such pairs are two persons"
    ).all()
    # The chain over the last record would join the two all the same: the first of each stand for
    # the others.
    assert [0, 2] in made.pairs.tolist()


def test_errors_are_not_told_apart_and_what_the_firm_says_stands() -> None:
    kept = told_apart(records("aaab"), linked("aaab"), NONE)
    assert not kept.is_refused.any()
    assert not len(kept.pairs)
    stated = told_apart(records("aabb"), linked("aabb"), np.array([[0, 2]]))
    assert stated.is_refused.sum() == 3


def test_birth_dates_count_as_names_do_and_other_columns_do_not() -> None:
    born = households(linked("aabb", column="dob"), 4)
    assert [(each.column, each.are_persons) for each in born] == [("dob", True)]
    assert households(linked("aabb", column="city"), 4) == []
