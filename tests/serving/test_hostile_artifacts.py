"""Hostile names of products, categories, touchpoints, models and data in an artifact."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from artifact_contents import contents
from hostile_names import ESCAPE, HOSTILE, HTML, LINES, MARKDOWN, REVERSED, is_clean

from recsys.serving import load, write

SCRIPTS = Path(__file__).parents[2] / "scripts"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    names = [HOSTILE[row % len(HOSTILE)] for row in range(30)]
    customers = np.array([*HOSTILE, *(f"C{row}" for row in range(40 - len(HOSTILE)))], dtype=object)
    facts = {
        "model": HTML,
        "data": {"name": MARKDOWN, "fingerprint": ESCAPE},
        "split": LINES,
        "metrics": {HTML: {MARKDOWN: {"mean": REVERSED}}},
        "settings": {LINES: "| a | b |"},
    }
    folder = tmp_path_factory.mktemp("hostile") / "artifact"
    made = contents(
        product_names=names, product_categories=names, touchpoint_names=[HTML, ESCAPE, REVERSED],
        action_names=[LINES, MARKDOWN], customer_ids=customers, facts=facts,
    )  # fmt: skip
    write(folder, made)
    return folder


def recommend(*words: str) -> subprocess.CompletedProcess[str]:
    script = str(SCRIPTS / "recommend.py")
    environment = {**os.environ, "PYTHONPATH": str(SCRIPTS.parent)}
    return subprocess.run(
        [sys.executable, script, *words],
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )


def test_the_model_card_is_text_in_every_place_that_a_name_comes_to(folder: Path) -> None:
    card = (folder / "MODEL_CARD.md").read_text()
    assert is_clean(card)
    assert "<" not in card
    assert not re.search(r"(?<!\\)\](?=\()", card)
    assert "evil.example" in card
    assert "http://evil.example" not in card
    assert card.startswith('# &lt;img src=x onerror="alert(1)"&gt;: a vector for each customer')
    # One line a fact, whatever line ends stand in it; a cell ends no row of the table.
    assert "; split: Loan\\\\nerror: all is well\\\\r\\\\n\n- last fit on" in card
    assert r"\| a \| b \|" in card


def test_offers_are_as_many_lines_as_without_hostile_names(folder: Path) -> None:
    for customer in HOSTILE:
        done = recommend(f"artifact={folder}", f"customer={customer}", "k=3")
        assert (done.returncode, done.stderr) == (0, "")
        assert is_clean(done.stdout)
        lines = done.stdout.removesuffix("\n").split("\n")
        answer = load(folder).recommend(customer, 3)
        assert len(lines) == 1 + 2 * len(answer.offers)


def test_json_for_machines_keeps_ids_and_names_exactly(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "offers.json"
    assert recommend(f"artifact={folder}", f"customer={LINES}", f"out={out}").returncode == 0
    (answer,) = json.loads(out.read_text())
    assert answer["customer_id"] == LINES
    assert {offer["name"] for offer in answer["offers"]} <= set(HOSTILE)


@pytest.mark.parametrize("name", HOSTILE)
def test_an_unknown_id_is_echoed_in_one_harmless_line(folder: Path, name: str) -> None:
    done = recommend(f"artifact={folder}", f"customer={name}?", "k=3")
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    assert is_clean(done.stderr)
