"""Every model on every set: runs that are kept, budgets, other seeds of the best."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from records_runs import made_metrics

from benchmarks.kept_rows import files_digest
from benchmarks.records import runs
from benchmarks.records.suite import RecordsSuite
from recsys.errors import InputError


def write_split(folder: Path) -> None:
    """12 customers with four products in train and two in test, which a thirteenth has in train."""
    folder.mkdir()
    train = [f"{customer} 1 2 3 {7 + customer % 3}" for customer in range(12)]
    test = [f"{customer} 5 6" for customer in range(12)]
    (folder / "train.txt").write_text("\n".join([*train, "12 5 6 7 8 9"]))
    (folder / "test.txt").write_text("\n".join(test))


ABOUT = {"folder": "shop", "metric": "ndcg@20", "overrides": ["data=lightgcn", "split=given"]}


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    files_digest.cache_clear()
    write_split(tmp_path / "shop")
    return tmp_path


def suite(root: Path, **settings: Any) -> RecordsSuite:
    return RecordsSuite(root=str(root), **{"sets": {"shop": ABOUT}, "models": ["ease"]} | settings)


class Trained:
    """In place of `recsys train`: writes a metrics.json at once.

    Attributes:
        words: of each run that was started.
        valid: of each run that is to come, test is 1 minus it; an exception is raised.
    """

    def __init__(self, *valid: float | BaseException) -> None:
        self.words: list[list[str]] = []
        self.valid: Iterator[float | BaseException] = iter(valid)

    def __call__(self, doing: str, *words: str, **variables: str) -> str:
        self.words.append(list(words))
        valid = next(self.valid)
        if isinstance(valid, BaseException):
            raise valid
        folder = next(word for word in words if word.startswith("hydra.run.dir="))
        kept = Path(folder.partition("=")[2], "metrics.json")
        kept.write_text(json.dumps(made_metrics(valid, 1 - valid)))
        return ""

    def started(self, key: str) -> list[str]:
        """The value of a key in each run."""
        return [
            word.partition("=")[2]
            for words in self.words
            for word in words
            if word.startswith(f"{key}=")
        ]


def trained(monkeypatch: pytest.MonkeyPatch, *valid: float | BaseException) -> Trained:
    stand_in = Trained(*valid)
    monkeypatch.setattr(runs, "printed_by", stand_in)
    return stand_in


def test_a_finished_row_is_kept_and_one_of_other_data_refused(root: Path) -> None:
    figures = suite(root, models=["popularity"]).figures()
    assert 0 < figures["shop_popularity_0_test"] == figures["shop_popularity_0_best_test"] <= 1
    assert (root / "shop.png").exists()
    kept = root / "outputs/records/shop-popularity-0/metrics.json"
    before = kept.stat().st_mtime_ns
    # These data have no clock, by which alone its settings differ.
    assert suite(root, models=["popularity"], variants=1).figures() == figures
    assert kept.stat().st_mtime_ns == before
    (root / "shop" / "test.txt").write_text("0 5\n1 6\n")
    files_digest.cache_clear()
    with pytest.raises(InputError, match="was made with other data"):
        suite(root, models=["popularity"]).figures()


def test_no_further_setting_starts_once_the_budget_is_spent(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A made run says 17 seconds: after two of them 34 of 30 are spent.
    stand_in = trained(monkeypatch, 0.2, 0.4)
    figures = suite(root, variants=5, minutes=0.5).figures()
    assert len(stand_in.words) == 2
    assert (figures["shop_ease_0_settings"], figures["shop_ease_0_valid"]) == (2, 0.4)
    assert (figures["shop_ease_0_test"], figures["shop_ease_0_best_test"]) == (0.6, 0.8)


def test_a_set_may_have_minutes_of_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stand_in = trained(monkeypatch, 0.2)
    suite(root, sets={"shop": {**ABOUT, "minutes": 0.1}}, variants=5).figures()
    assert len(stand_in.words) == 1


def test_a_killed_row_goes_on_with_what_it_finished_and_spent(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = trained(monkeypatch, 0.1, 0.2, 0.3)
    expected = suite(root, variants=9, minutes=0.6, folder="whole").figures()
    stand_in = trained(monkeypatch, 0.1, 0.2, KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt):
        suite(root, variants=9, minutes=0.6).figures()
    half = root / "outputs/records/shop-ease-0-drawn-2/checkpoint"
    half.mkdir()
    again = trained(monkeypatch, 0.3)
    assert suite(root, variants=9, minutes=0.6).figures() == expected
    done = stand_in.started("model.l2")[:1]
    assert whole.started("model.l2") == [*done, *again.started("model.l2")]
    assert not half.exists()


def test_settings_that_cannot_be_fitted_are_counted_and_not_tried_again(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(monkeypatch, 0.1, InputError("shop-ease-0 ended with code 2: error: l2"), 0.3)
    figures = suite(root, variants=2).figures()
    assert figures["shop_ease_0_settings"] == 2
    said = (root / "table.md").read_text()
    assert "1 drawn settings could not be fitted" in said
    assert "not honest: the best of several readings" in said
    refused = root / "outputs/records/shop-ease-0-drawn-1/refused.txt"
    assert refused.read_text() == "shop-ease-0 ended with code 2: error: l2\n"
    stand_in = trained(monkeypatch)
    assert suite(root, variants=2).figures() == figures
    assert not stand_in.words


def test_stored_or_default_settings_that_cannot_be_fitted_end_the_suite(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    trained(monkeypatch, InputError("shop-ease-0 ended with code 2: error: l2"))
    with pytest.raises(InputError, match="ended with code 2"):
        suite(root, variants=2).figures()


def test_the_three_best_on_valid_also_run_with_other_seeds(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    models = ["popularity", "ease", "own_history", "rp3beta"]
    # ease is best with the settings that were drawn, and popularity is the fourth.
    first = [0.1, 0.2, 0.6, 0.3, 0.4, 0.45]
    stand_in = trained(monkeypatch, *first, *[0.5] * 6)
    figures = suite(root, models=models, variants=1, seeds_of_best=[0, 1, 2]).figures()
    assert stand_in.started("seed") == ["0"] * 6 + ["1", "2"] * 3
    assert stand_in.started("model")[6:] == ["ease"] * 2 + ["rp3beta"] * 2 + ["own_history"] * 2
    assert len(set(stand_in.started("model.l2"))) == 1
    assert len(stand_in.started("model.l2")) == 3
    assert figures["shop_ease_2_valid"] == 0.5
    assert "| ease, seed 1 | drawn 1 |" in (root / "table.md").read_text()


def test_several_sets_have_a_judge_table(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained(monkeypatch, 0.2, 0.4, 0.1, 0.3)
    sets = {"shop": ABOUT, "again": ABOUT}
    figures = suite(root, sets=sets, models=["popularity", "ease"]).figures()
    assert "| shop | ease |" in (root / "judge.md").read_text()
    assert figures["judge_shop_chosen_valid"] == 1.0
    assert figures["judge_shop_chosen_test"] == pytest.approx(0.6 / 0.8)


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    about = {"folder": "shop", "metric": "ndcg@20", "overrides": []}
    with pytest.raises(InputError, match=r"expected a folder 'shop' for suite.sets.shop"):
        suite(tmp_path, sets={"shop": about}).figures()


def test_a_negative_number_of_settings_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"suite.variants: expected a whole number of at least 0"):
        suite(tmp_path, variants=-1)
