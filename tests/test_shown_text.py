"""Names in a terminal, a spreadsheet, Markdown and a picture: harmless there, else as they are."""

import csv
import io
import subprocess
import sys
import unicodedata

import pytest
from hostile_names import HOSTILE, is_clean
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.cbook import is_math_text
from script_runner import SCRIPTS

from recsys.errors import InputError
from recsys.ops.shown_text import (
    fenced,
    for_csv,
    for_markdown,
    for_picture,
    for_terminal,
    shortened,
)
from recsys.ops.terminal import exit_on_input_error, say

try:
    from markdown_it import MarkdownIt
except ImportError:  # it comes with other packages of the tests
    MarkdownIt = None

needs_parser = pytest.mark.skipif(MarkdownIt is None, reason="no parser of Markdown is installed")

ANY = st.text(st.characters(codec=None)) | st.sampled_from(HOSTILE)
WORDS = st.text(st.characters(categories=("L", "Nd"), include_characters=" "))
NASTY = st.text("=+-@;\t\r\n '\"|<>&*_`~#$![]():/.w\\1a\x1b\u202e")


@given(ANY)
def test_a_line_for_a_terminal_has_nothing_invisible_and_is_not_escaped_twice(text: str) -> None:
    said = for_terminal(text)
    written = "\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2"
    assert is_clean("".join(one for one in said if one not in written))
    assert "\n" not in said
    assert for_terminal(said) == said


@given(WORDS)
def test_plain_text_stays_as_it_is_everywhere(text: str) -> None:
    for function in (for_terminal, for_csv, for_markdown):
        assert function(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b]0;owned\x07", r"\x1b]0;owned\x07"),
        ("two\nlines\r\tand \x85", r"two\nlines\r\tand \x85"),
        ("evil\u202etxt", r"evil\u202etxt"),
        ("\u2028\ufeff\U000e0041\ud800", r"\u2028\ufeff\U000e0041\ud800"),
        # Letters of all scripts, a joiner that Persian is spelled with, and a dash as people type.
        ("Crédit “Zürich” \u2013 50 €", "Crédit “Zürich” \u2013 50 €"),
        ("\u0645\u06cc\u200c\u062e", "\u0645\u06cc\u200c\u062e"),
    ],
)
def test_what_a_terminal_shows(text: str, shown: str) -> None:
    assert for_terminal(text) == shown


@given(NASTY | ANY)
def test_no_cell_is_a_formula_in_any_dialect_of_csv(text: str) -> None:
    written = io.StringIO()
    csv.writer(written).writerow(["first", for_csv(text), -0.5])
    (line,) = written.getvalue().splitlines()
    for separator in ",;\t":
        for cell in next(csv.reader([line], delimiter=separator)):
            bare = cell.lstrip(' "')
            assert not bare.startswith(("=", "+", "-", "@", "\t", "\r")) or is_number(cell), cell


def is_number(cell: str) -> bool:
    try:
        return bool(float(cell.strip('"')) or True)
    except ValueError:
        return False


@given(NASTY | ANY)
def test_a_cell_is_not_escaped_twice(text: str) -> None:
    assert for_csv(for_csv(text)) == for_csv(text)


@pytest.mark.parametrize("number", ["-0.5", "+3", "-1e-05", "1.25E+10", "007"])
def test_numbers_are_no_formulas(number: str) -> None:
    assert for_csv(number) == number


@pytest.mark.parametrize(
    "text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", " =1", "\uff1d1"]
)
def test_formulas_are_text(text: str) -> None:
    assert for_csv(text).lstrip().startswith("'")
    assert for_csv("a;=1+1") == "a;'=1+1"
    assert for_csv("\t=1") == r"\t=1"


@needs_parser
@settings(deadline=None)
@given(NASTY | ANY)
def test_markdown_of_a_name_is_the_name_as_text(text: str) -> None:
    parser = MarkdownIt("gfm-like", {"linkify": False})
    plain = for_terminal(text).strip(" \u3000")
    for before, kind in (("", "paragraph_open"), ("- ", "paragraph_open"), ("# ", "heading_open")):
        tokens = parser.parse(f"{before}{for_markdown(plain)}\n")
        assert sum(token.type == kind for token in tokens) <= 1
        inline = [token for token in tokens if token.type == "inline"]
        types = {child.type for token in inline for child in token.children or []}
        assert types <= {"text", "text_special"}
        if before != "# ":
            shown = "".join(child.content for token in inline for child in token.children or [])
            assert shown.split() == plain.split()


@pytest.mark.parametrize("name", HOSTILE)
def test_markdown_holds_no_html_image_or_address(name: str) -> None:
    said = for_markdown(name)
    assert "<" not in said
    assert "](" not in said.replace(r"\]", "")
    assert "://" not in said
    assert "ndcg@10, call_center, 2025-01-01" in for_markdown("ndcg@10, call_center, 2025-01-01")


@needs_parser
@settings(deadline=None)
@given(st.lists(ANY | st.text("`~ \nx")))
def test_no_line_closes_the_fence_of_a_block_of_code(lines: list[str]) -> None:
    (block,) = MarkdownIt("commonmark").parse(fenced("\n".join(lines)))
    assert block.type == "fence"
    assert is_clean("".join(one for one in block.content if one not in "\u200c\u200d"))


@given(ANY | st.text("$\\{}^_ x"))
def test_a_picture_shows_a_name_and_computes_none(text: str) -> None:
    label = for_picture(text, 20)
    assert not is_math_text(label)
    assert len(label.replace(r"\$", "$")) <= 21
    assert not label.startswith("_")


@given(st.text(), st.integers(1, 30))
def test_of_a_long_text_the_middle_is_left_out(text: str, length: int) -> None:
    said = shortened(text, length)
    assert len(said) <= length
    assert said == text or (len(said) == length and "…" in said)


@pytest.mark.parametrize("name", HOSTILE)
def test_an_error_is_one_line_whatever_it_echoes(
    name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, exit_on_input_error():
        raise InputError(f"table products, row 3: got '{name}'; correct the file")
    assert ended.value.code == 2
    said = capsys.readouterr().err
    assert said.startswith("error: table products, row 3: got '")
    assert said.endswith("'; correct the file\n")
    assert said.count("\n") == 1
    assert is_clean(said)


def test_an_error_that_echoes_a_huge_cell_still_shows_its_remedy(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit), exit_on_input_error():
        raise InputError(f"column tags: got '{'x' * 1_000_000}'; correct the file")
    said = capsys.readouterr().err
    assert len(said) < 2_100
    assert said.startswith("error: column tags: got 'xxx")
    assert said.endswith("'; correct the file\n")


@pytest.mark.parametrize("name", HOSTILE)
def test_what_a_script_says_is_a_line_each(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    say(f"1. {name}", "2. Card")
    said = capsys.readouterr().out
    assert said.count("\n") == 2
    assert said.endswith("\n2. Card\n")
    assert is_clean(said)


def test_a_name_that_the_terminals_encoding_lacks_ends_no_script() -> None:
    program = "from recsys.ops.terminal import say; say('Crédit')"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=False, text=True,
        env={"PYTHONIOENCODING": "ascii", "PYTHONPATH": str(SCRIPTS.parent)},
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (0, "Cr\\xe9dit\n")


def test_every_invisible_character_is_escaped_by_its_code() -> None:
    for code in (0, 0x7F, 0x9B, 0x200B, 0x202A, 0x2069, 0xFEFF, 0xE0020):
        assert unicodedata.category(chr(code)) in ("Cc", "Cf")
        assert for_terminal(chr(code)).isascii()
