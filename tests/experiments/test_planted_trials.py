"""Trials of a shared tune.db are values within the space, or refused."""

from pathlib import Path

import optuna
import pytest
from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

from recsys.errors import InputError
from recsys.experiments.tuning.space import refuse_outside, space

SPACE = {
    "dim": IntDistribution(8, 64),
    "alpha": FloatDistribution(0.5, 2.0),
    "start": CategoricalDistribution(["svd", "random", None]),
}
MODEL = {"_target_": "recsys.models.als.ALS", "dim": 64, "half_life": None}


@pytest.mark.parametrize(
    "planted",
    [
        {"_target_": "subprocess.Popen"},
        {"objective._target_": "subprocess.Popen"},
        {"dim": 65},
        {"dim": {"_target_": "subprocess.Popen"}},
        {"alpha": float("nan")},
        {"alpha": "1"},
        {"start": "${oc.env:HOME}"},
        {"checkpoint": "/etc"},
    ],
)
def test_what_lies_outside_of_the_space_is_refused(planted: dict) -> None:
    inside = {"dim": 8, "alpha": 1.0, "start": None}
    refuse_outside(SPACE, inside, "trial 0")
    with pytest.raises(InputError, match=r"trial 3: .* is not in the space"):
        refuse_outside(SPACE, {**inside, **planted}, "trial 3")


@pytest.mark.parametrize("choice", [{"_target_": "subprocess.call"}, ["x"]])
def test_a_choice_is_a_plain_value(choice: object) -> None:
    with pytest.raises(InputError, match=r"tune\.half_life\.choices: .* a plain value"):
        space({"half_life": [None, choice]}, MODEL)


def test_the_best_trial_of_a_finished_study_is_checked_too(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    from script_runner import run_script

    words = [
        "model=popularity", "data.events=2000", "study.minutes=null", "study.trials=1",
        "study.seeds=0", "evaluate.resamples=10", f"study.out={tmp_path}/best.yaml",
    ]  # fmt: skip
    assert run_script("tune", *words, cwd=tmp_path) == 0
    (tmp_path / "best.yaml").unlink()
    study = optuna.load_study(
        study_name="simulated_popularity", storage=f"sqlite:///{tmp_path}/tune.db"
    )
    study.add_trial(
        optuna.trial.create_trial(
            params={"_target_": "subprocess.Popen"},
            distributions={"_target_": CategoricalDistribution(["subprocess.Popen"])},
            value=0.99,
        )
    )
    capfd.readouterr()
    assert run_script("tune", *words, cwd=tmp_path) == 2
    said = capfd.readouterr().err
    assert "_target_='subprocess.Popen' is not in the space that is searched" in said
    assert not (tmp_path / "best.yaml").exists()
