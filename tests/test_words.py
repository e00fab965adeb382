"""The words of a command line."""

import pytest

from recsys.cli.words import Key, key_values, truth, two_columns, whole_number
from recsys.errors import InputError
from recsys.ops.terminal import exit_on_input_error

KEYS = {
    "metric": Key("to rank by", "NAME"),
    "track.uri": Key("store", "URI"),
    "out": Key("folder", "FOLDER"),
}


def test_keys_and_values_are_read() -> None:
    assert key_values(["metric=ndcg@10", "track.uri=sqlite:///a=b.db"], KEYS, "") == {
        "metric": "ndcg@10",
        "track.uri": "sqlite:///a=b.db",
    }


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["metrc=x"], "unknown argument 'metrc=x'; did you mean metric="),
        (["zzz=x"], "known are metric, track.uri, out"),
        (["metric"], "expected metric=VALUE, got 'metric'"),
        (["metric="], "expected metric=VALUE"),
        (["out=a", "out=b"], "out= is given twice"),
    ],
)
def test_other_words_are_refused(words: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        key_values(words, KEYS, "")


@pytest.mark.parametrize("text", ["0", "-1", "2.5", "many", ""])
def test_a_whole_number_is_at_least_one(text: str) -> None:
    with pytest.raises(InputError, match="k: expected a whole number"):
        whole_number("k", text)


def test_truth_is_true_or_false() -> None:
    assert truth("overwrite", "true") is True
    assert truth("overwrite", "False") is False
    with pytest.raises(InputError, match="overwrite: expected true or false, got 'yes'"):
        truth("overwrite", "yes")


def test_input_errors_become_one_line_and_code_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped, exit_on_input_error():
        raise InputError("expected a, got b; do c")
    assert stopped.value.code == 2
    assert capsys.readouterr().err == "error: expected a, got b; do c\n"


def test_help_prints_the_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as stopped:
        key_values(["--help"], {**KEYS, "k": Key("number of offers", default="10")}, "Offers.\n")
    assert stopped.value.code == 0
    usage, _, _, *lines = capsys.readouterr().out.splitlines()
    assert usage == "Offers."
    assert [line.split() for line in lines[1:]] == [
        ["track.uri=URI", "store"], ["out=FOLDER", "folder"], ["k=10", "number", "of", "offers"],
    ]  # fmt: skip


def test_keys_that_are_not_given_have_their_defaults() -> None:
    keys = {**KEYS, "k": Key("number of offers", default="10")}
    assert key_values(["metric=a"], keys, "") == {"metric": "a", "k": "10"}
    assert key_values(["k=3"], keys, "") == {"k": "3"}


def test_a_long_line_of_help_is_wrapped_beside_its_key() -> None:
    first, second = two_columns("out=FOLDER", "where the artifact goes " * 4)
    assert first.startswith("  out=FOLDER ")
    assert first.index("where") == len(second) - len(second.lstrip())
    assert max(len(first), len(second)) <= 100
    below = list(two_columns("a_key_with_a_long_name=and_a_long_value", "what it sets"))
    assert [line.strip() for line in below] == [
        "a_key_with_a_long_name=and_a_long_value", "what it sets",
    ]  # fmt: skip
