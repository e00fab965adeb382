"""A study keeps every trial, begins each point once, and ends with its budget."""

from pathlib import Path

import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution

from recsys.errors import InputError
from recsys.experiments.tuning.config import StudyConfig
from recsys.experiments.tuning.space import Space
from recsys.experiments.tuning.study import Study, refusal

RANGE = {"x": FloatDistribution(0.0, 1.0)}
CHOICES = {"x": CategoricalDistribution([1, 2]), "y": CategoricalDistribution(["a", "b"])}


def study_of(folder: Path, **settings) -> Study:
    config = StudyConfig(storage=str(folder / "tune.db"), **({"trials": 5} | settings))
    return Study("toy", config, seed=0)


def tried(study: Study, searched) -> list[dict]:
    points = []
    while (trial := study.ask(searched)) is not None:
        points.append(trial.params)
        study.tell(trial, float(len(points)))
    return points


def test_the_models_own_settings_come_first(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    study.prepare(RANGE, {"x": 0.25, "other": 1}, "about")
    assert tried(study, RANGE)[0] == {"x": 0.25}


def test_own_settings_outside_the_space_are_passed_over(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    study.prepare(RANGE, {"x": 7.0}, "about")
    assert all(0 <= point["x"] <= 1 for point in tried(study, RANGE))


def test_it_ends_after_its_trials(tmp_path: Path) -> None:
    study = study_of(tmp_path, trials=3)
    study.prepare(RANGE, {"x": 0.5}, "about")
    assert len(tried(study, RANGE)) == 3
    assert study_of(tmp_path, trials=4).ask(RANGE) is not None


def test_it_ends_after_its_minutes(tmp_path: Path) -> None:
    study = study_of(tmp_path, trials=None, minutes=1e-9)
    study.prepare(RANGE, {"x": 0.5}, "about")
    assert len(tried(study, RANGE)) == 1


def test_every_point_of_a_small_space_is_tried_once(tmp_path: Path) -> None:
    study = study_of(tmp_path, trials=100)
    study.prepare(CHOICES, {"x": 2, "y": "a"}, "about")
    points = tried(study, CHOICES)
    assert points[0] == {"x": 2, "y": "a"}
    assert sorted(map(str, points)) == sorted(
        str({"x": x, "y": y}) for x in (1, 2) for y in ("a", "b")
    )


def test_a_space_of_nothing_is_one_trial(tmp_path: Path) -> None:
    study = study_of(tmp_path)
    study.prepare({}, {}, "about")
    assert tried(study, {}) == [{}]


def test_a_trial_cut_short_is_tried_again_and_only_it(tmp_path: Path) -> None:
    killed = study_of(tmp_path)
    killed.prepare(RANGE, {"x": 0.5}, "about")
    killed.tell(killed.ask(RANGE), 1.0)
    lost = killed.ask(RANGE)
    resumed = study_of(tmp_path)
    resumed.requeue_interrupted()
    resumed.prepare(RANGE, {"x": 0.5}, "about")
    points = tried(resumed, RANGE)
    assert points[0] == lost.params
    assert len(resumed.finished()) == 5
    assert len({str(trial.params) for trial in resumed.finished()}) == 5


@pytest.mark.parametrize("space", [CHOICES, RANGE])
def test_a_killed_study_ends_with_the_trials_of_one_that_was_not(
    space: Space, tmp_path: Path
) -> None:
    default = {"x": 2, "y": "a"} if space is CHOICES else {"x": 0.5}
    for name in ("whole", "killed"):
        (tmp_path / name).mkdir()
    whole = study_of(tmp_path / "whole", trials=3)
    whole.prepare(space, default, "about")
    killed = study_of(tmp_path / "killed", trials=3)
    killed.prepare(space, default, "about")
    killed.ask(space)
    points = []
    for _ in range(3):  # each start ends one trial, and is killed in the next
        resumed = study_of(tmp_path / "killed", trials=3)
        resumed.requeue_interrupted()
        trial = resumed.ask(space)
        resumed.tell(trial, 1.0)
        points.append(trial.params)
        resumed.ask(space)
    assert points == tried(whole, space)


def test_what_a_survivor_of_a_kill_says_too_late_does_not_count(tmp_path: Path) -> None:
    killed = study_of(tmp_path)
    killed.prepare(RANGE, {"x": 0.5}, "about")
    lost = killed.ask(RANGE)
    resumed = study_of(tmp_path)
    resumed.requeue_interrupted()
    killed.tell(lost, 9.0)
    assert tried(resumed, RANGE)[0] == {"x": 0.5}
    assert resumed.best().value == 5.0


def test_a_resumed_study_does_not_draw_the_same_points_again(tmp_path: Path) -> None:
    drawn = []
    for trials in (2, 4, 6):
        study = study_of(tmp_path, trials=trials)
        study.prepare(RANGE, {"x": 0.5}, "about")
        drawn += tried(study, RANGE)
    assert len({point["x"] for point in drawn}) == 6


def test_a_refused_trial_counts_and_says_why(tmp_path: Path) -> None:
    study = study_of(tmp_path, trials=2)
    study.tell(study.ask(RANGE), None, refused="too large")
    study.tell(study.ask(RANGE), 0.5)
    assert study.ask(RANGE) is None
    assert refusal(study.finished()[0]) == "too large"
    assert study.best().number == 1


def test_without_one_finished_trial_there_is_no_best(tmp_path: Path) -> None:
    study = study_of(tmp_path, trials=1)
    study.tell(study.ask(RANGE), None, refused="too large")
    with pytest.raises(InputError, match="no trial was finished: too large"):
        study.best()


def test_other_data_or_another_space_is_refused(tmp_path: Path) -> None:
    study_of(tmp_path).prepare(RANGE, {"x": 0.5}, "about")
    for searched, about in ((RANGE, "other"), (CHOICES, "about")):
        with pytest.raises(InputError, match=r"study.name=toy was started with other"):
            study_of(tmp_path).prepare(searched, {"x": 1, "y": "a"}, about)


def test_nobody_else_may_search_it_at_the_same_time(tmp_path: Path) -> None:
    with (
        study_of(tmp_path).locked(),
        pytest.raises(InputError, match="in use"),
        study_of(tmp_path).locked(),
    ):
        pass


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"minutes": 0}, "study.minutes: expected a number above 0"),
        ({"minutes": "many"}, "study.minutes"),
        ({"trials": 0}, "study.trials: expected a whole number of at least 1"),
        ({"trials": 2.5}, "study.trials"),
        ({"processes": 0}, "study.processes"),
        ({"seeds": -1}, "study.seeds"),
        ({"minutes": None}, "set study.minutes or study.trials"),
    ],
)
def test_a_budget_that_cannot_be_is_refused(settings, said: str) -> None:
    with pytest.raises(InputError, match=said):
        StudyConfig(**settings)


def test_a_storage_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "tune.db").write_text("hello " * 500)
    with pytest.raises(InputError, match=r"study.storage: .*tune.db is no database"):
        study_of(tmp_path)
