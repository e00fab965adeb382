"""The words of a command line."""

import pytest

from recsys.cli.words import key_values, truth, whole_number
from recsys.errors import InputError
from recsys.ops.terminal import exit_on_input_error

KEYS = ("metric", "track.uri", "out")


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
        key_values(["--help"], KEYS, "What it does.\n")
    assert stopped.value.code == 0
    assert capsys.readouterr().out == "What it does.\n"
