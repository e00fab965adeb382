"""The model that chooses: its rules, its budget, what it keeps for a refit."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of

from recsys.data.dataset import Dataset
from recsys.data.split import TimeSplit
from recsys.errors import CheckpointError, InputError
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.per_query import evaluate
from recsys.experiments.validator import Validator
from recsys.models.auto import Auto, trials
from recsys.models.auto.candidates import MODELS, Candidate, candidates, made
from recsys.models.spectral_filter import SpectralFilter
from recsys.simulation.source import SimulatedMarket
from recsys.testing import PersonalisedContract
from recsys.testing.data import everyone, market


class TestAuto(PersonalisedContract):
    def make(self, **change: Any) -> Auto:
        return Auto(**change)


def names_of(data: Dataset) -> list[str]:
    return [each.name for each in candidates(data, seed=0, device="cpu")]


def test_the_data_decide_what_is_tried() -> None:
    timed = market()
    table = {"customer_id": list("aab"), "product_id": list("xyz")}
    without_time = dataset_of(table)
    assert "touchpoint_gnn" in names_of(timed)
    assert "touchpoint_filter" in names_of(timed)
    assert names_of(without_time) == [
        "popularity", "spectral_filter", "als", "ease", "slim", "lightgcn",
    ]  # fmt: skip
    assert set(names_of(timed)) <= set(MODELS)


def test_windows_and_half_lives_are_shorter_than_the_data() -> None:
    data = Dataset.from_source(SimulatedMarket(events=3_000))
    assert data.interactions.when is not None
    days = np.ptp(data.interactions.when) / 86_400e6
    popularity = next(iter(candidates(data, seed=0, device="cpu")))
    windows = popularity.options["window"]
    assert windows[0] is None
    assert len(windows) > 1
    assert max(windows[1:]) <= days


def test_every_combination_of_options_is_a_variant() -> None:
    candidate = Candidate("als", {"dim": 4}, {"l2": (1.0, 2.0), "half_life": (None, 7.0)})
    assert list(candidate.variants()) == [
        {"dim": 4, "l2": 1.0, "half_life": None}, {"dim": 4, "l2": 1.0, "half_life": 7.0},
        {"dim": 4, "l2": 2.0, "half_life": None}, {"dim": 4, "l2": 2.0, "half_life": 7.0},
    ]  # fmt: skip


@pytest.fixture(scope="module")
def window() -> Any:
    data = Dataset.from_source(SimulatedMarket(events=4_000, seed=2))
    return TimeSplit().split(data).valid


def test_what_is_chosen_is_no_worse_than_any_trial_and_reproduces_the_model(window: Any) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    model = Auto(most=3).fit(window.past, validator)
    assert {name.partition("(")[0] for name in model.tried} == set(names_of(window.past))
    assert validator(model.score) >= max(model.tried.values()) - 1e-9
    (told,) = model.notes
    first = max(model.tried, key=lambda name: model.tried[name]).partition("(")[0]
    tried = f"tried {len(model.tried)} settings; the best of each model on valid: {first} "
    assert told.startswith(tried)
    assert not validator.curve, "the curve of a part is not that of the whole"
    assert sum(model.weights.values()) == pytest.approx(1, abs=1e-5)
    scores = model.score(everyone(window.past))
    again = Auto(**model.chosen).fit(window.past)
    np.testing.assert_allclose(again.score(everyone(window.past)), scores, atol=1e-4)
    before = model.chosen
    assert model.fit(window.past).chosen == before


def test_no_trial_starts_after_the_budget(window: Any, capsys: pytest.CaptureFixture[str]) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    model = Auto(seconds=1e-6).fit(window.past, validator)
    assert list(model.tried) == ["popularity(window=None)"]
    assert model.chosen["weights"] == {"popularity": 1.0}


class _Killed(Exception):
    pass


class _Watched:
    """A validation that counts what is asked, and dies at one question."""

    def __init__(self, validator: Validator, dies_at: int | None = None) -> None:
        self.validator, self.dies_at, self.asked = validator, dies_at, 0
        self.identity = validator.identity

    def __call__(self, score: Any) -> float:
        self.asked += 1
        if self.asked == self.dies_at:
            raise _Killed
        return self.validator(score)

    def after(self, epoch: int, score: Any) -> float:
        return self(score)


def test_a_killed_fit_goes_on_and_ends_the_same(window: Any, tmp_path: Path) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    whole = _Watched(validator)
    wanted = Auto(most=3).fit(window.past, whole)
    count = len(wanted.tried)
    # In the middle of the quick models, then in the epochs of the last network.
    for dies_at in (count // 2, whole.asked // 2):
        with pytest.raises(_Killed):
            _kept_in(tmp_path, Auto(most=3)).fit(window.past, _Watched(validator, dies_at))
    rest = _Watched(validator)
    resumed = _kept_in(tmp_path, Auto(most=3)).fit(window.past, rest)
    assert resumed.tried == wanted.tried
    assert resumed.chosen == wanted.chosen
    assert rest.asked < whole.asked * 0.8
    people = everyone(window.past)
    np.testing.assert_allclose(resumed.score(people), wanted.score(people), atol=1e-5)


def test_a_network_that_the_budget_ended_stays_out(
    window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    few = [Candidate("popularity"), Candidate("lightgcn", {"dim": 4, "epochs": 50})]
    monkeypatch.setattr(trials, "candidates", lambda *_: iter(few))
    # Before the network starts, after its first epoch, after its second.
    answers = iter([True, True, False])
    monkeypatch.setattr(trials.Trials, "is_time_left", lambda _: next(answers))
    for _ in range(2):
        model = _kept_in(tmp_path, Auto(seconds=600)).fit(window.past, validator)
        assert list(model.tried) == ["popularity()"]
        assert "auto: lightgcn was stopped after model.seconds=600" in capsys.readouterr().err
    assert next(answers, None) is None


def test_a_finished_network_needs_no_time(
    window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    network = Candidate("lightgcn", {"dim": 4, "epochs": 2})
    monkeypatch.setattr(trials, "candidates", lambda *_: iter([network, Candidate("popularity")]))
    wanted = _kept_in(tmp_path, Auto()).fit(window.past, validator)
    # The rules change, the budget is spent and the fit was removed: it is fitted once more.
    first = Candidate("own_history")
    monkeypatch.setattr(trials, "candidates", lambda *_: iter([first, network]))
    for path in tmp_path.glob("lightgcn_*/*"):
        path.unlink()
    resumed = _kept_in(tmp_path, Auto(seconds=1e-6)).fit(window.past, validator)
    (name,) = (told for told in wanted.tried if told.startswith("lightgcn"))
    assert resumed.tried[name] == wanted.tried[name]
    assert [told.partition("(")[0] for told in resumed.tried] == ["own_history", "lightgcn"]


def test_a_damaged_checkpoint_is_not_taken_for_unfit_data(
    window: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    few = [Candidate("popularity"), Candidate("lightgcn", {"dim": 4, "epochs": 1})]
    monkeypatch.setattr(trials, "candidates", lambda *_: iter(few))
    _kept_in(tmp_path, Auto()).fit(window.past, validator)
    (path,) = tmp_path.glob("lightgcn_*/fit.pt")
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(CheckpointError, match=r"fit.pt cannot be read: it was cut short"):
        _kept_in(tmp_path, Auto()).fit(window.past, validator)


def _kept_in(folder: Path, model: Auto) -> Auto:
    model.checkpoint = str(folder)
    return model


def test_trials_of_another_fit_are_refused(window: Any, tmp_path: Path) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    _kept_in(tmp_path, Auto(seconds=1e-6)).fit(window.past, validator)
    model = _kept_in(tmp_path, Auto(seconds=1e-6, seed=1))
    with pytest.raises(InputError, match=r"json is of another fit: seed changed from 0 to 1; "):
        model.fit(window.past, validator)
    (tmp_path / "trials.json").write_text("[")
    with pytest.raises(InputError, match=r"trials.json: expected the trials of an auto fit; delet"):
        model.fit(window.past, validator)


def test_a_model_that_refuses_the_data_is_left_out(capsys: pytest.CaptureFixture[str]) -> None:
    # EASE refuses weights beside which its l2 is nothing; networks, data without any interest.
    table = {
        "customer_id": list("aabbc"),
        "product_id": list("xyxzz"),
        "weight": [1e12, 1, 1, 1, 1],
    }
    for action, refuses in (("purchase", "ease"), ("reject", "lightgcn")):
        data = dataset_of({**table, "action": [action] * 5})
        model = Auto().fit(data, _FirstProduct(len(data.customers)))
        assert {name.partition("(")[0] for name in model.tried} == set(names_of(data)) - {refuses}
        assert f"auto: {refuses} does not fit these data: " in capsys.readouterr().err
        assert np.isfinite(model.score(everyone(data))).all()


class _FirstProduct:
    """A validation that prefers models that score the first product high."""

    def __init__(self, customers: int) -> None:
        self.customers = np.arange(customers)

    def __call__(self, score: Any) -> float:
        return float(score(self.customers)[:, 0].mean())

    def after(self, epoch: int, score: Any) -> float:
        return self(score)


def test_without_validation_data_a_filter_and_als_are_blended() -> None:
    model = Auto().fit(market())
    assert model.weights == {"spectral_filter": 0.5, "als": 0.5}
    filtered = model.models["spectral_filter"]
    assert filtered.settings == SpectralFilter().settings  # type: ignore[attr-defined]


def test_it_beats_popularity_on_the_market(window: Any) -> None:
    validator = Validator(window.queries, EvaluateConfig())
    model = Auto().fit(window.past, validator)
    quality = evaluate(model.score, window.queries, [10], progress=False, metrics=["ndcg"])
    alone = [value for name, value in model.tried.items() if name.startswith("popularity")]
    assert quality.values["ndcg@10"].mean() > 2 * max(alone)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"seconds": 0}, r"model.seconds: expected a number > 0, got 0"),
        ({"most": 0}, r"model.most: expected a number >= 1, got 0"),
        ({"device": "gpu"}, r"device: expected auto, cpu or cuda, got 'gpu'"),
        ({"weights": {"als": 1}}, r"model.settings and model.weights: expected both"),
        ({"settings": {"alz": {}}, "weights": {"alz": 1}}, r"expected names of popularity, .*alz"),
        ({"settings": {"als": {"dims": 1}}, "weights": {"als": 1}}, r"model.settings.als: .*dims"),
    ],
)
def test_out_of_range(arguments: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        Auto(**arguments)


def test_a_model_is_made_by_its_name() -> None:
    assert made("graph_filter", {"dim": 3}).dim == 3  # type: ignore[attr-defined]
