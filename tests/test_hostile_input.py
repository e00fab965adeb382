"""Hostile cells, columns and words: refused in one harmless line, or trained on harmlessly."""

from pathlib import Path

import pytest
from hostile_names import ESCAPE, FORMULA, HTML, LINES, REVERSED, is_clean
from script_runner import run_script, run_train_job
from small_shop import FIT, Spoil, cell, column, write_shop

STORE = "track.uri=sqlite:///mlflow.db"

REFUSED = {
    "a time": cell("interactions", 3, "timestamp", ESCAPE),
    "an action": cell("interactions", 3, "action", LINES),
    "a consent": cell("customers", 1, "consent_app", REVERSED),
    "a product of an offer": cell("offers", 2, "product_id", ESCAPE),
    "a price": cell("products", 1, "price", LINES),
    "a column": column("interactions", f"weight{ESCAPE}", "1"),
}


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED)
def test_a_hostile_cell_is_echoed_in_one_harmless_line(
    spoil: Spoil, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_shop(tmp_path / "tables")
    spoil(tmp_path)
    assert run_train_job(*FIT, STORE, cwd=tmp_path) == 2
    said = capfd.readouterr()
    assert said.err.startswith("error: ")
    assert said.err.count("\n") == 1
    assert is_clean(said.err)
    assert not (tmp_path / "mlflow.db").exists() or said.out == ""


@pytest.mark.parametrize("script", ["compare", "export", "ladder", "recommend", "store", "promote"])
def test_a_hostile_word_is_echoed_in_one_harmless_line(
    script: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for word in (f"artifact{ESCAPE}=1", LINES, f"{REVERSED}={HTML}"):
        assert run_script(script, word, cwd=tmp_path) == 2
        said = capfd.readouterr()
        assert said.err.startswith("error: ")
        assert said.err.count("\n") == 1
        assert is_clean(said.err + said.out)


def test_a_run_on_data_with_hostile_names_says_harmless_lines(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_shop(tmp_path / "tables")
    cell("products", 0, "name", FORMULA)(tmp_path)
    cell("products", 0, "category", f"{HTML}{ESCAPE}")(tmp_path)
    words = [*FIT, STORE, f"data.name='bank{ESCAPE}'"]
    assert run_train_job(*words, cwd=tmp_path) == 0
    said = capfd.readouterr().out
    assert said.startswith("popularity on bankLoan\\x1b[2K\\x1b[1A\\x07, seed 0\n")
    assert is_clean(said)
    assert run_script("compare", STORE, "out=page", cwd=tmp_path) == 0
    assert is_clean(capfd.readouterr().out)
    for path in (tmp_path / "page").iterdir():
        assert is_clean(path.read_text().replace("\n", ""))
