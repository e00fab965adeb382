"""Hostile names of runs, data, slices and touchpoints: on pages, in their tables and pictures."""

import csv
import io
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from hostile_names import FORMULA, HOSTILE, HTML, LINES, is_clean
from jinja2 import UndefinedError
from ladder_runs import market_ladder
from test_compare import SEGMENT, made

from recsys.evaluation.intervals import Interval
from recsys.ops.shown_text import for_markdown, for_terminal
from recsys.reports.comparison.compare import RunComparison, compare
from recsys.reports.comparison.leaderboard_text import printed
from recsys.reports.comparison.page import PAGE, comparison_files
from recsys.reports.ladder.files import ladder_files
from recsys.reports.ladder.ladder import Ladder
from recsys.reports.ladder.words import summary
from recsys.reports.rendering import PagePicture, PageTable, TableCell, as_csv, render

LONG = "Wertpapierdepot" * 14


class Strict(HTMLParser):
    """Tags and attributes of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.policy = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        given = dict(attrs)
        if given.get("http-equiv") == "Content-Security-Policy":
            self.policy = given["content"]


def hostile_comparison() -> RunComparison:
    parts = {name: {"ndcg@10": Interval(0.2, 0.1, 0.3, 9)} for name in (*HOSTILE, LONG)}
    curve = {"ndcg@10": {1: 0.1, 2: 0.3}}
    cost = {"seconds/fit": 3.0, "peak_memory_mb": 200.0}
    runs = [
        made(
            name, SEGMENT + 0.1 - number / 50, data=HTML, split=LINES, curve=curve,
            slices={"segment": parts, "touchpoint": parts}, run_id=f"{number:032x}",
        )
        for number, name in enumerate((*HOSTILE, LONG, "_hidden"))
    ]  # fmt: skip
    return compare([replace(run, metrics={**run.metrics, **cost}) for run in runs])


def hostile_ladder() -> Ladder:
    """The ladder of a market whose touchpoints and segments have hostile names."""
    ladder = market_ladder()
    names = dict(zip(ladder.credit["touchpoint"].unique(), HOSTILE))  # noqa: B905
    parts = ladder.steps.loc[ladder.steps["dimension"].isin(["touchpoint", "segment"]), "slice"]
    names |= dict(zip(parts.unique(), reversed(HOSTILE)))  # noqa: B905
    top = replace(ladder.rungs.top, data=HTML, model=FORMULA, split=LINES)
    return replace(
        ladder,
        rungs=replace(ladder.rungs, runs=[*ladder.rungs.runs[:2], top]),
        steps=ladder.steps.replace({"slice": names}),
        rates=ladder.rates.replace({"slice": names}),
        credit=ladder.credit.replace({"touchpoint": names}),
        answers=ladder.answers.replace({"name": names}),
    )


def require_harmless(page: str) -> None:
    parsed = Strict(page)
    assert parsed.tags <= {
        "html", "head", "meta", "title", "style", "body", "main", "header", "h1", "h2", "div", "p",
        "span", "nav", "a", "section", "table", "caption", "thead", "tbody", "tr", "th", "td",
        "small", "figure", "img",
    }  # fmt: skip
    assert not {name for name in parsed.attributes if name.startswith("on")}
    assert parsed.policy.startswith("default-src 'none'; img-src data:")
    assert 'src="x' not in page
    assert is_clean(page)


def require_no_formula(table: str) -> None:
    for row in csv.reader(io.StringIO(table)):
        for cell in row:
            try:
                float(cell)
            except ValueError:
                assert not cell.startswith(("=", "+", "-", "@", "\t", "\r"))
    assert is_clean(table)


def test_a_comparison_of_hostile_names_is_a_page_of_text() -> None:
    files = comparison_files(hostile_comparison())
    require_harmless(files[PAGE])
    assert "&lt;img src=x onerror=&#34;alert(1)&#34;&gt;" in files[PAGE]
    for name in set(files) - {PAGE}:
        require_no_formula(files[name])
    board = pd.read_csv(io.StringIO(files["leaderboard.csv"]))
    assert f"'{FORMULA}" in set(board["model"])
    # A line a run and the heading, whatever line ends stand in a name.
    assert files["leaderboard.csv"].count("\n") == len(HOSTILE) + 3


def test_a_ladder_of_hostile_names_is_a_page_of_text() -> None:
    files = ladder_files(hostile_ladder())
    require_harmless(files["ladder.html"].decode())
    for name in files:
        if name.endswith(".csv"):
            require_no_formula(files[name].decode())
    assert files["ladder.png"].startswith(b"\x89PNG")


def test_the_printed_leaderboard_is_a_line_a_run_in_columns() -> None:
    compared = hostile_comparison()
    text = printed(compared.board, compared.metric, compared.runs[0], baseline=HOSTILE[0])
    assert is_clean(text)
    lines = text.split("\n")
    assert lines[0].startswith("<img src=x")
    (start,) = [number for number, line in enumerate(lines) if line.startswith("#")]
    runs = lines[start + 1 : start + 1 + len(compared.board)]
    assert [line.split()[0] for line in runs] == [str(n + 1) for n in range(len(compared.board))]
    # What a name escapes counts for the width of its column.
    assert len({line.index("00000000") for line in runs}) == 1
    assert max(map(len, runs)) < 160


def test_numbers_in_tables_stay_numbers() -> None:
    values = pd.DataFrame({"difference": [-0.25, 0.5], "rank": pd.array([1, None], "Int64")})
    assert as_csv(values) == "difference,rank\n-0.25,1\n0.5,\n"
    assert as_csv(pd.DataFrame({"=1+1": ["-0.5", None]})) == '\'=1+1\n-0.5\n""\n'


def test_all_that_a_template_is_given_is_text() -> None:
    rows = [["<u>", "<td>", TableCell("<b>1", detail="<b>2", style='"<b>3', title='"<b>4')]]
    page = comparison_like(
        title='"<i>1',
        facts={"<i>2": "<i>3"},
        summary=["<i>4"],
        board=PageTable("<i>5", ["<i>6", "<i>7"], rows, style='"<i>8'),
        intervals=PagePicture("<svg/>", '"<i>9'),
        skipped=["<i>10"],
    )
    assert not Strict(page).tags & {"i", "b", "u"}
    for number in range(1, 11):
        assert f"&lt;i&gt;{number}" in page
    assert '<th scope="row">&lt;u&gt;</th><td>&lt;td&gt;</td>' in page
    assert (
        '<td class="&#34;&lt;b&gt;3" title="&#34;&lt;b&gt;4">&lt;b&gt;1 <small>&lt;b&gt;2</small>'
        in page
    )


def test_a_variable_that_a_template_lacks_is_an_error() -> None:
    with pytest.raises(UndefinedError, match="'title' is undefined"):
        render("comparison.html")


def comparison_like(**values: object) -> str:
    """A comparison page of nothing but these values."""
    nothing = dict.fromkeys(
        ("seeds", "pair_tables", "slice_tables", "cost_picture", "curves", "has_oracle")
    )
    tables = dict.fromkeys(("costs", "run_ids"), PageTable("", [], []))
    return render("comparison.html", **nothing, **tables, level="95%", **values)


def test_the_sentences_of_a_ladder_are_harmless_on_a_terminal_and_in_a_note() -> None:
    for sentence in summary(hostile_ladder()):
        assert is_clean(for_terminal(sentence))
        assert "<" not in for_markdown(sentence)
