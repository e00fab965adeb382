"""The model that one would choose without looking at a set, worked by hand."""

import pytest

from benchmarks.records.judge import Verdict, judge_figures, judge_table, verdicts
from recsys.errors import InputError

# Ratios on valid: a is (1, 1/2, 1), b is (1/2, 3/4, 1/4), auto is (1/2, 1, 1/2).
VALID = {
    "one": {"a": 0.4, "b": 0.2, "auto": 0.2},
    "two": {"a": 0.2, "b": 0.3, "auto": 0.4},
    "three": {"a": 0.8, "b": 0.2, "auto": 0.4},
}
TEST = {
    "one": {"a": 0.3, "b": 0.1, "auto": 0.6},
    "two": {"a": 0.2, "b": 0.4, "auto": 0.1},
    "three": {"a": 0.5, "b": 0.4, "auto": 0.25},
}


def test_the_choice_is_the_best_mean_ratio_over_the_other_sets() -> None:
    found = verdicts(VALID, TEST)
    assert found["two"] == Verdict(
        chosen="a", others=1.0, chosen_valid=0.5, chosen_test=0.5, auto_valid=1.0, auto_test=0.25,
        best="auto",
    )  # fmt: skip
    # Without "one": a has (1/2 + 1) / 2, b (3/4 + 1/4) / 2.
    assert (found["one"].chosen, found["one"].others) == ("a", 0.75)
    assert (found["one"].chosen_valid, found["one"].chosen_test) == (1.0, 0.5)


def test_the_set_itself_has_no_say() -> None:
    changed = {**VALID, "one": {"a": 0.1, "b": 0.9, "auto": 0.2}}
    assert verdicts(changed, TEST)["one"].chosen == "a"
    # On "two" and "three" the new set counts: a has (1/9 + 1) / 2, b (1 + 1/4) / 2.
    assert verdicts(changed, TEST)["two"].chosen == "b"


def test_auto_is_no_candidate_but_may_be_the_best() -> None:
    ahead = {name: {"a": 0.1, "auto": 0.2} for name in ("one", "two")}
    found = verdicts(ahead, ahead)
    assert (found["one"].chosen, found["one"].chosen_valid, found["one"].best) == ("a", 0.5, "auto")


def test_the_table_ends_with_mean_and_lowest() -> None:
    lines = judge_table(verdicts(VALID, TEST)).splitlines()
    assert lines[4] == "| one | a | 0.750 | 1.000 | 0.500 | 0.500 | 1.000 | a |"
    # chosen on valid (1 + 1/2 + 1) / 3, on test (1/2 + 1/2 + 1) / 3; auto (1/2 + 1 + 1/2) / 3 and
    # (1 + 1/4 + 1/2) / 3.
    assert lines[7:9] == [
        "| mean | | | 0.833 | 0.667 | 0.667 | 0.583 | |",
        "| lowest | | | 0.500 | 0.500 | 0.500 | 0.250 | |",
    ]


def test_figures_leave_out_auto_where_it_is_not_among_the_models() -> None:
    without = {name: {"a": of["a"], "b": of["b"]} for name, of in VALID.items()}
    found = verdicts(without, without)
    assert set(judge_figures(found)) == {
        f"judge_{name}_chosen_{window}" for name in VALID for window in ("valid", "test")
    }
    assert judge_figures(found)["judge_two_chosen_valid"] == pytest.approx(2 / 3)
    assert " - | - | b |" in judge_table(found)


def test_a_set_on_which_all_fail_is_named() -> None:
    with pytest.raises(InputError, match=r"suite\.sets\.two: expected a model above 0 on valid"):
        verdicts({**VALID, "two": {"a": 0.0, "b": 0.0, "auto": 0.0}}, TEST)
