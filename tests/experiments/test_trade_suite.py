"""A graph filter's quality and seconds, measured beside another checkout."""

from pathlib import Path

import numpy as np
import pytest

import recsys
from benchmarks.trade import TradeSuite, against_base, of_first_version, table
from recsys.errors import InputError

HERE = str(Path(recsys.__file__).parents[1])


def write_split(folder: Path) -> None:
    """40 customers with 8 of 30 products in train and 2 in test."""
    folder.mkdir()
    draw = np.random.default_rng(0)
    products = [draw.permutation(30)[:10] for _ in range(40)]
    for name, part in {"train": slice(0, 8), "test": slice(8, 10)}.items():
        lines = [" ".join(map(str, [c, *some[part]])) for c, some in enumerate(products)]
        (folder / f"{name}.txt").write_text("\n".join(lines) + "\n")


@pytest.mark.slow
def test_both_checkouts_are_measured_on_every_set(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    sets = ["gowalla", "yelp2018"]
    for name in sets:
        write_split(tmp_path / name)
    suite = TradeSuite(root=str(tmp_path), sets=sets, base=HERE, repeats=1)
    figures = suite.figures()
    for name in sets:
        stages = sum(figures[f"{name}_{stage}_seconds"] for stage in ("load", "fit", "evaluate"))
        assert figures[f"{name}_seconds"] == pytest.approx(stages)
        assert 0 < figures[f"{name}_recall@20"] <= 1
        assert figures[f"{name}_difference"] == 0
    assert (tmp_path / "table.md").read_text().count("| base |") == 2


def test_ratios_and_the_largest_difference() -> None:
    figures = {
        "a_seconds": 3.0, "a_base_seconds": 6.0, "a_cpu_seconds": 4.0, "a_base_cpu_seconds": 16.0,
        "a_recall@20": 0.5, "a_base_recall@20": 0.5, "a_ndcg@20": 0.25, "a_base_ndcg@20": 0.125,
    }  # fmt: skip
    assert against_base("a", figures) == {
        "a_ratio": 0.5,
        "a_cpu_ratio": 0.25,
        "a_difference": 0.125,
    }


def test_settings_are_those_of_the_first_version_or_refused() -> None:
    settings = {"dim": 512, "self_weight": 0.1, "whitening": 0.0}
    assert of_first_version(settings) == {"dim": 512, "own": 0.1}
    with pytest.raises(InputError, match="has no whitening"):
        of_first_version({**settings, "whitening": 0.5})


def test_a_table_of_one_checkout_names_no_ratio() -> None:
    keys = ("load_seconds", "fit_seconds", "evaluate_seconds", "seconds", "cpu_seconds", "peak_mb")
    figures = {f"a_{key}": 1.5 for key in (*keys, "recall@20", "ndcg@20")}
    lines = table(figures, ["a"], [""]).splitlines()
    assert lines[2] == ("| a | this | 1.50 | 1.50 | 1.50 | 1.50 | 1.50 | 2 | 1.50000 / 1.50000 |")
    assert len(lines) == 3


def test_another_window_and_a_base_that_is_no_checkout_are_refused(tmp_path: Path) -> None:
    write_split(tmp_path / "gowalla")
    with pytest.raises(InputError, match=r"suite\.window: expected test or valid"):
        TradeSuite(root=str(tmp_path), sets=["gowalla"], window="train")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"suite\.base=.*no folder recsys"):
        TradeSuite(root=str(tmp_path), sets=["gowalla"], base=str(tmp_path))
