"""Every model on every set: rows that are kept, the table, the front of quality and seconds."""

from pathlib import Path
from typing import Any

import pytest

from benchmarks.kept_rows import files_digest
from benchmarks.records import RecordsSuite
from benchmarks.records_table import front, pareto_picture, table
from recsys.errors import InputError


def metrics(valid: float, test: float, seconds: float) -> dict[str, Any]:
    def interval(mean: float) -> dict[str, float]:
        return {"mean": mean, "low": mean - 0.01, "high": mean + 0.01}

    return {
        "valid": {"ndcg@20": interval(valid)},
        "test": {"ndcg@20": interval(test), "recall@20": interval(2 * test)},
        "seconds": {"load": 1.0, "fit": 9.0, "refit": seconds, "evaluate": 2.0},
        "peak_memory_mb": 1234.5,
    }


ROWS = {
    "quick": metrics(0.1, 0.10, 1.0),
    "slow_and_worse": metrics(0.3, 0.09, 5.0),
    "good": metrics(0.2, 0.20, 5.0),
    "best": metrics(0.15, 0.25, 60.0),
}


def test_the_front_has_what_nothing_beats_in_fewer_seconds() -> None:
    assert front(ROWS, "ndcg@20") == ["quick", "good", "best"]


def test_the_order_is_that_of_valid_and_the_best_on_test_is_marked() -> None:
    lines = table("shop", "ndcg@20", ROWS).splitlines()[4:]
    assert [line.split(" |")[0] for line in lines if line] == [
        "| slow_and_worse", "| good", "| best", "| quick",
    ]  # fmt: skip
    assert [line.split(" |")[0] for line in lines if "best on test" in line] == ["| best"]
    assert "| .2000 [.1900, .2100] | .4000 [.3900, .4100] | 5.0 | 1,234 |" in lines[1]


def test_the_picture_is_written(tmp_path: Path) -> None:
    pareto_picture("shop", "ndcg@20", ROWS, tmp_path / "shop.png")
    assert (tmp_path / "shop.png").read_bytes().startswith(b"\x89PNG")


def write_split(folder: Path) -> None:
    """12 customers with four products in train and two in test, which a thirteenth has in train."""
    folder.mkdir()
    train = [f"{customer} 1 2 3 {7 + customer % 3}" for customer in range(12)]
    test = [f"{customer} 5 6" for customer in range(12)]
    (folder / "train.txt").write_text("\n".join([*train, "12 5 6 7 8 9"]))
    (folder / "test.txt").write_text("\n".join(test))


def test_a_finished_row_is_kept_and_one_of_other_data_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    write_split(tmp_path / "shop")
    about = {"folder": "shop", "metric": "ndcg@20", "overrides": ["data=lightgcn", "split=given"]}

    def suite() -> RecordsSuite:
        return RecordsSuite(root=str(tmp_path), sets={"shop": about}, models=["popularity"])

    figures = suite().figures()
    assert 0 < figures["shop_popularity_0_test"] <= 1
    assert (tmp_path / "shop.png").exists()
    kept = tmp_path / "outputs/records/shop-popularity-0/metrics.json"
    before = kept.stat().st_mtime_ns
    assert suite().figures() == figures
    assert kept.stat().st_mtime_ns == before
    (tmp_path / "shop" / "test.txt").write_text("0 5\n1 6\n")
    files_digest.cache_clear()
    with pytest.raises(InputError, match="was made with other data"):
        suite().figures()


def test_a_set_that_is_not_there_is_named(tmp_path: Path) -> None:
    about = {"folder": "shop", "metric": "ndcg@20", "overrides": []}
    suite = RecordsSuite(root=str(tmp_path), sets={"shop": about}, models=["popularity"])
    with pytest.raises(InputError, match=r"expected a folder 'shop' for suite.sets.shop"):
        suite.figures()
