"""The space of a study: what conf/tune says, on data that have a clock or repeats, or not."""

import pytest
from in_memory import dataset_of
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from recsys.errors import InputError
from recsys.experiments.tuning.space import (
    flat_settings,
    points,
    space,
    with_settings,
    within,
)

MODEL = {"_target_": "recsys.models.als.ALS", "dim": 64, "alpha": 10.0, "half_life": None}
EVENTS = {"customer_id": ["a", "b"], "product_id": ["p", "q"]}
UNTIMED = dataset_of(EVENTS)
TIMED = dataset_of({**EVENTS, "order": [1, 2]}, filter_seen=False)


def test_lists_are_choices_and_whole_bounds_give_whole_numbers() -> None:
    described = {"dim": [8, 16], "alpha": {"low": 1, "high": 9}, "half_life": {"choices": [None]}}
    assert space(described, MODEL, UNTIMED) == {
        "dim": CategoricalDistribution([8, 16]),
        "alpha": IntDistribution(1, 9),
        "half_life": CategoricalDistribution([None]),
    }
    assert space({"alpha": {"low": 1.0, "high": 9, "log": True}}, MODEL, UNTIMED) == {
        "alpha": FloatDistribution(1.0, 9, log=True)
    }


@pytest.mark.parametrize("need", ["clock", "repeats"])
def test_a_setting_takes_part_only_where_it_means_something(need: str) -> None:
    described = {"half_life": {"choices": [None, 30], "needs": need}}
    assert list(space(described, MODEL, TIMED)) == ["half_life"]
    assert space(described, MODEL, UNTIMED) == {}


def test_a_space_of_choices_has_all_its_points_and_a_range_has_none() -> None:
    choices = space({"dim": [8, 16], "alpha": [1.0, 2.0]}, MODEL, UNTIMED)
    assert points(choices) == [
        {"dim": 8, "alpha": 1.0}, {"dim": 8, "alpha": 2.0},
        {"dim": 16, "alpha": 1.0}, {"dim": 16, "alpha": 2.0},
    ]  # fmt: skip
    assert points(space({"alpha": {"low": 1.0, "high": 2.0}}, MODEL, UNTIMED)) is None
    assert points({}) == [{}]


def test_settings_within_a_space_are_those_it_could_draw() -> None:
    searched = space({"dim": [8, 16], "alpha": {"low": 1.0, "high": 9.0}}, MODEL, UNTIMED)
    assert within(searched, {"dim": 16, "alpha": 9.0}) == {"dim": 16, "alpha": 9.0}
    assert within(searched, {"dim": 64, "alpha": None}) == {}
    assert within(searched, {"dim": 8, "alpha": 0.5}) == {"dim": 8}


@pytest.mark.parametrize(
    ("described", "said"),
    [
        ({"dims": [8]}, "tune.dims: the model has no such setting; it has dim, alpha"),
        ({"_target_": ["x"]}, "tune._target_: the model has no such setting"),
        ({"dim": []}, "tune.dim: The `choices` must contain one or more"),
        ({"dim": {"low": 1}}, "tune.dim: expected a list of choices, or low and high"),
        ({"dim": {"low": 1, "high": 2, "choices": [1]}}, "tune.dim: expected a list of choices"),
        ({"dim": {"low": 9, "high": 1}}, "tune.dim: `low <= high` must hold"),
        ({"alpha": {"low": 0.0, "high": 1.0, "log": True}}, "tune.alpha: "),
        ({"alpha": {"low": "a", "high": "b"}}, "tune.alpha.low: expected a number"),
        ({"dim": {"lowest": 1, "high": 2}}, "tune.dim.lowest is not known"),
        (
            {"dim": {"choices": [1], "needs": "money"}},
            "tune.dim.needs: expected clock, repeats or null",
        ),
    ],
)
def test_a_wrong_space_is_said_in_one_line(described, said: str) -> None:
    with pytest.raises(InputError) as caught:
        space(described, MODEL, TIMED)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


NESTED = {
    "_target_": "m",
    "dim": 64,
    "actions": {"view": 1},
    "objective": {"_target_": "o", "temperature": 0.1, "popularity": 0.5},
}


def test_parts_are_named_by_dots_and_mappings_stay_values() -> None:
    assert flat_settings(NESTED) == {
        "_target_": "m",
        "dim": 64,
        "actions": {"view": 1},
        "objective._target_": "o",
        "objective.temperature": 0.1,
        "objective.popularity": 0.5,
    }


def test_with_settings_is_a_copy_with_the_settings() -> None:
    copy = with_settings(NESTED, {"dim": 8, "objective.temperature": 0.2})
    assert copy["dim"] == 8
    assert copy["objective"] == {"_target_": "o", "temperature": 0.2, "popularity": 0.5}
    assert NESTED["dim"] == 64
    assert NESTED["objective"]["temperature"] == 0.1
    assert with_settings(NESTED, flat_settings(NESTED)) == NESTED
