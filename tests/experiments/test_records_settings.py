"""Settings drawn from the space of `recsys tune`."""

from itertools import chain
from pathlib import Path
from typing import Any

import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser

from benchmarks.records.settings import drawn, drawn_words
from recsys.cli.composed_source import composed_parts
from recsys.experiments.tuning.space import flat_settings, space

MODEL = {"_target_": "a.B", "dim": 64, "l2": 1.0}
CHOICES: dict[str, Any] = {"dim": [32, 64, 128]}
RANGES: dict[str, Any] = {**CHOICES, "l2": {"low": 0.1, "high": 100.0, "log": True}}


def searched(described: dict[str, Any]) -> Any:
    return space(described, flat_settings(MODEL))


def test_every_point_but_that_of_the_first_run_is_drawn_once() -> None:
    found = drawn(searched(CHOICES), 9, MODEL, MODEL)
    assert sorted(settings["dim"] for settings in found) == [32, 128]


def test_settings_stored_for_the_set_are_not_drawn() -> None:
    found = drawn(searched(CHOICES), 9, MODEL, {**MODEL, "dim": 128})
    assert sorted(settings["dim"] for settings in found) == [32, 64]
    # They differ in a setting that is not searched.
    assert len(drawn(searched(CHOICES), 9, MODEL, {"_target_": "a.B", "dim": 128, "l2": 2.0})) == 3


def test_more_settings_begin_with_those_of_fewer() -> None:
    few, many = (drawn(searched(RANGES), count, MODEL, MODEL) for count in (3, 8))
    assert many[:3] == few
    assert len({tuple(settings.values()) for settings in many}) == 8


def test_nothing_is_drawn_from_no_space() -> None:
    assert drawn({}, 5, MODEL, MODEL) == []


@pytest.fixture
def data(tmp_path: Path) -> list[str]:
    (tmp_path / "train.txt").write_text("0 1 2 3\n1 2 3 4\n2 1 4\n")
    (tmp_path / "test.txt").write_text("0 4\n1 1\n")
    return ["data=lightgcn", f"data.root={tmp_path}", "split=given"]


def test_words_set_what_has_a_meaning_in_the_data(data: list[str]) -> None:
    """These data have no clock, seen products are masked, and blend has no space."""
    first = {model: f"model={model}" for model in ("graph_filter", "popularity", "blend")}
    words = drawn_words(first, data, 2)
    assert (words["popularity"], words["blend"]) == ([], [])
    assert len(words["graph_filter"]) == 2
    names = {word.partition("=")[0] for word in words["graph_filter"][0]}
    assert names == {
        "model", "model.history_exponent", "model.customer_exponent", "model.low_pass",
        "model.whitening", "model.dim",
    }  # fmt: skip


def test_words_are_read_as_the_values_that_were_drawn() -> None:
    """Complete settings of a data set with a clock and repeats: numbers, null, true and text."""
    first = {model: f"model={model}" for model in ("touchpoint_gnn", "simplex", "spectral_filter")}
    words = drawn_words(first, ["data=simulated", "data.events=2000"], 3)
    values = {
        override.value()
        for of_model in words.values()
        for override in OverridesParser.create().parse_overrides([*chain(*of_model)])
    }
    assert {True, False, None, 30} <= values
    for model, of_model in words.items():
        flat = [flat_settings(composed_parts(word, ["model"])["model"]) for word in of_model]
        assert len({str(settings) for settings in flat}) == 3, model
