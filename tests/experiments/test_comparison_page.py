"""The page and its tables: whole, self-contained, and true to the numbers."""

from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from test_compare import SEGMENT, four, made

from recsys.errors import InputError
from recsys.evaluation.intervals import Interval
from recsys.ops.whole_file import write_whole
from recsys.reports.comparison.compare import RunComparison, compare
from recsys.reports.comparison.matrices import SHOWN, SLICES, shown
from recsys.reports.comparison.page import PAGE, comparison_files, comparison_page
from recsys.reports.comparison.plots import pareto_front
from recsys.reports.comparison.words import summary

VOID = {"meta", "img"}


class Outline(HTMLParser):
    """Headings, texts of cells and what is loaded; fails on a tag that is not closed."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.headings: list[str] = []
        self.loaded: list[str] = []
        self.links: list[str] = []
        self.anchors: list[str] = []
        self.tags: set[str] = set()
        self.feed(page)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.loaded += [value for name, value in attrs if name == "src"]
        self.links += [value for name, value in attrs if name == "href"]
        self.anchors += [f"#{value}" for name, value in attrs if name == "id"]
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] == "h2":
            self.headings.append(data)


def whole() -> RunComparison:
    parts = {f"segment {n}": {"ndcg@10": Interval(n / 100, 0, 1, n)} for n in range(1, SLICES + 3)}
    cost = {"seconds/fit": 3.0, "peak_memory_mb": 200.0, "cpu_seconds": 4.0}
    runs = [
        *four()[:3],
        made("als", SEGMENT + 0.1, slices={"segment": parts}, curve={"ndcg@10": {1: 0.1, 2: 0.3}}),
        made("oracle", SEGMENT * 2),
    ]
    als = runs[3]
    runs[3] = made(
        "als", SEGMENT + 0.1, metrics=als.metrics | cost, slices=als.slices, curve=als.curve
    )
    return compare(runs)


def test_the_page_needs_nothing_from_elsewhere_and_has_every_section() -> None:
    outline = Outline(comparison_page(whole()))
    assert outline.headings == [
        "Leaderboard", "Every run against every other", "Slices", "Quality against cost",
        "Learning curves", "How this was made",
    ]  # fmt: skip
    assert "script" not in outline.tags
    assert outline.loaded
    assert all(source.startswith("data:image/svg+xml;base64,") for source in outline.loaded)
    # The contents of the page lead to its sections, and no link leads elsewhere.
    assert outline.links == outline.anchors
    assert len(outline.anchors) == len(outline.headings)


def test_what_no_run_tells_of_is_left_out() -> None:
    headings = Outline(comparison_page(compare(four()))).headings
    assert "Slices" not in headings
    assert "Learning curves" not in headings
    lone = Outline(comparison_page(compare([made("als", SEGMENT)]))).headings
    assert "Every run against every other" not in lone
    assert Outline(comparison_page(compare([made("oracle", SEGMENT)]))).headings


def test_names_are_text_never_markup() -> None:
    page = comparison_page(compare([*four(), made("<b>als", SEGMENT), made("a&b", SEGMENT / 2)]))
    assert "b" not in Outline(page).tags
    assert "&lt;b&gt;als" in page


def test_the_page_is_the_same_every_time() -> None:
    assert comparison_page(whole()) == comparison_page(whole())


def test_the_summary_says_who_wins_ties_and_loses() -> None:
    first, base, all_pairs = summary(whole())
    assert first.startswith("als ranks first of 4 with a valid ndcg@10 of .4")
    assert "67% of what a model that knew" in first
    assert "als wins over segment by +.1000 [+.1000, +.1000], 1.33 [" in base
    assert "A tie with segment: own_history. Worse than segment: popularity." in base
    assert all_pairs.startswith("First place is certain: als wins over every other run. Ties")


def test_a_shared_first_place_and_a_missing_baseline_are_said() -> None:
    runs = [made("als", SEGMENT), made("ease", SEGMENT), made("popularity", SEGMENT - 0.1)]
    _, base, all_pairs = summary(compare(runs))
    assert base == "No run of segment to compare with."
    assert all_pairs == "First place is shared: als and ease are a tie."
    assert "no model to compare" in summary(compare([made("oracle", SEGMENT)]))[0]


def test_of_many_runs_the_first_and_the_baseline_are_shown() -> None:
    many = [made(f"model_{n}", SEGMENT + 0.5 - n / 100) for n in range(SHOWN + 5)]
    compared = compare([*many, made("segment", SEGMENT / 2)])
    assert len(shown(compared)) == SHOWN
    assert shown(compared)["model"].iloc[-1] == "segment"
    assert "Shown are the first 20 runs; pairwise.csv has all." in comparison_page(compared)


def test_of_many_slices_the_largest_are_shown() -> None:
    page = comparison_page(whole())
    assert f"the {SLICES} largest of {SLICES + 2}" in page
    assert "segment 3 " in page
    assert "segment 2 " not in page


def test_the_front_by_hand() -> None:
    cost = np.array([1.0, 2.0, 2.0, 3.0, 4.0, 1.0])
    quality = np.array([0.1, 0.3, 0.2, 0.3, 0.5, 0.1])
    # The third costs as much as the second, the fourth more; equal twins are both on the front.
    assert pareto_front(cost, quality).tolist() == [True, True, False, False, True, True]


def test_the_files_hold_the_whole_tables(tmp_path: Path) -> None:
    compared = whole()
    files = comparison_files(compared)
    for name, content in files.items():
        write_whole(tmp_path / "new" / name, content)
    assert {path.name for path in (tmp_path / "new").iterdir()} == {
        PAGE, "leaderboard.csv", "pairwise.csv", "slices.csv",
    }  # fmt: skip
    for name, table in (
        ("leaderboard", compared.board),
        ("pairwise", compared.pairs),
        ("slices", compared.slices),
    ):
        back = pd.read_csv(tmp_path / "new" / f"{name}.csv")
        assert back.columns.tolist() == table.columns.tolist()
        assert len(back) == len(table)


def test_a_file_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"out=.*a\.csv cannot be written"):
        write_whole(tmp_path / "file" / "a.csv", "x", "out")
