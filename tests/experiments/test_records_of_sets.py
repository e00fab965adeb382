"""The table of a set, its front of quality and seconds, and the places of labels."""

from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from records_runs import made_run

from benchmarks.records.picture import front, label, pareto_picture
from benchmarks.records.runs import Run
from benchmarks.records.table import table

ROWS = {
    "quick": made_run(0.1, 0.10, 1.0),
    "slow_and_worse": made_run(0.3, 0.09, 5.0),
    "good": made_run(0.2, 0.20, 5.0),
    "best": made_run(0.15, 0.25, 60.0),
}
METRIC = "ndcg@20"


def alone() -> dict[str, list[Run]]:
    return {name: [run] for name, run in ROWS.items()}


def test_the_front_has_what_nothing_beats_in_fewer_seconds() -> None:
    assert front(ROWS, METRIC) == ["quick", "good", "best"]


def test_the_order_is_that_of_valid_and_the_best_on_test_is_marked() -> None:
    lines = table("shop", METRIC, alone(), {}).splitlines()[4:8]
    assert [line.split(" |")[0] for line in lines] == [
        "| slow_and_worse", "| good", "| best", "| quick",
    ]  # fmt: skip
    assert [line.split(" |")[0] for line in lines if "best on test" in line] == ["| best"]
    assert lines[1] == (
        "| good | default | .2000 [.1900, .2100] | .2000 [.1900, .2100] | .4000 [.3900, .4100] "
        "| 5.0 | 17.0 | 20.2 | 1,234 |"
    )


def test_each_model_stands_twice_as_chosen_on_valid_and_on_test() -> None:
    tried = [
        made_run(0.1, 0.2),
        made_run(0.3, 0.1, number=1, settings="drawn 1"),
        made_run(0.2, 0.4, number=2, settings="drawn 2"),
    ]
    again = {"slim, seed 1": made_run(0.25, 0.15, number=1, settings="drawn 1")}
    lines = table("shop", METRIC, {"slim": tried}, again, 2, both=True).splitlines()
    cells = [[cell.strip() for cell in line.split("|")[1:5]] for line in lines[4:7]]
    assert cells == [
        ["slim, chosen on valid", "drawn 1 (3 tried)", ".3000 [.2900, .3100]",
         ".1000 [.0900, .1100]"],
        ["slim, chosen on test (not honest)", "drawn 2 (3 tried)", ".2000 [.1900, .2100]",
         ".4000 [.3900, .4100]"],
        ["slim, seed 1", "drawn 1", ".2500 [.2400, .2600]",
         ".1500 [.1400, .1600] (best on test)"],
    ]  # fmt: skip
    assert lines[-1].startswith("2 drawn settings could not be fitted")


def test_other_seeds_stand_below_their_model() -> None:
    rows = {**alone(), "quick, seed 1": [made_run(0.4, 0.1)]}
    again = {"good, seed 1": made_run(0.01, 0.1)}
    labels = [line.split(" |")[0] for line in table("shop", METRIC, rows, again).splitlines()]
    assert labels[5:7] == ["| good", "| good, seed 1"]
    assert labels[8:10] == ["| quick", "| quick, seed 1"]


def test_the_picture_is_written(tmp_path: Path) -> None:
    pareto_picture("shop", METRIC, ROWS, tmp_path / "shop.png")
    assert (tmp_path / "shop.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("seed", range(5))
def test_no_label_lies_on_another_or_on_a_point(seed: int) -> None:
    generator = np.random.default_rng(seed)
    quality, seconds = 0.3 + 0.02 * generator.random(15), 10 ** generator.uniform(0.5, 2, 15)
    rows = {
        f"model_number_{row}": made_run(mean, mean, second)
        for row, (mean, second) in enumerate(zip(quality.tolist(), seconds.tolist(), strict=True))
    }
    axes = Figure(figsize=(9, 5.4), dpi=120).add_subplot()
    axes.plot(seconds, quality, "o")
    axes.set(xscale="log", ylim=(0.27, 0.35))
    axes.margins(x=0.12)
    boxes = [name.get_window_extent() for name in label(axes, rows, METRIC, front(rows, METRIC))]
    assert not [pair for pair in combinations(boxes, 2) if pair[0].overlaps(pair[1])]
    points = axes.transData.transform(np.column_stack([seconds, quality]))
    assert not any(box.count_contains(points) for box in boxes)
    assert all(box.count_overlaps([axes.bbox]) for box in boxes)
