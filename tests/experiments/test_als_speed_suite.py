"""ALS against implicit, on a small published split."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.als_speed import ALSSpeedSuite
from recsys.errors import InputError

SMALL = {"dim": 4, "epochs": 2, "alpha": 10.0, "l2": 1.0}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Two groups of 20 customers who each take 8 of their group's 15 products."""
    folder, generator = tmp_path / "gowalla", np.random.default_rng(0)
    folder.mkdir()
    lines: dict[str, list[str]] = {"train": [], "test": []}
    for customer in range(40):
        taken = generator.permutation(15)[:8] + 15 * (customer % 2)
        lines["train"].append(" ".join(map(str, [customer, *taken[:6]])))
        lines["test"].append(" ".join(map(str, [customer, *taken[6:]])))
    for name, rows in lines.items():
        (folder / f"{name}.txt").write_text("\n".join(rows) + "\n")
    return tmp_path


@pytest.mark.parametrize("window", ["valid", "test"])
def test_three_ways_are_measured_and_agree(root: Path, window: str) -> None:
    suite = ALSSpeedSuite(
        root=str(root), data="gowalla", former=SMALL, window=window, threads=1, repeats=2
    )
    suite.now = {**SMALL, "epochs": 30}
    figures = suite.figures()
    assert figures["threads"] == 1
    for way in ("implicit", "gradients", "als"):
        assert 0 < figures[f"{way}_fit_seconds"] < figures[f"{way}_total_seconds"]
        # A list of 20 among 24 unseen products holds both that are left of a group.
        assert figures[f"{way}_recall@20"] == 1
    # The same vectors by implicit and by the same steps with our last half step.
    assert figures["gradients_ndcg@20"] == pytest.approx(figures["implicit_ndcg@20"], abs=1e-3)
    assert figures["fit_seconds_over_implicit"] > 0


def test_another_window_is_refused(root: Path) -> None:
    with pytest.raises(InputError, match=r"suite.window: expected valid or test, got 'train'"):
        ALSSpeedSuite(root=str(root), data="gowalla", former=SMALL, window="train")
