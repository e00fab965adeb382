"""Hostile cells, columns and words are refused in one harmless line, or shown in such lines."""

from pathlib import Path

import pytest
from hostile_names import ESCAPE, FORMULA, HTML, LINES, REVERSED, is_clean
from script_runner import run_script, run_train_job
from small_shop import FIT, Spoil, cell, column, write_shop

from recsys.tracking.store import TrackConfig, open_store

REFUSED = {
    "a time": cell("interactions", 3, "timestamp", ESCAPE),
    "an action": cell("interactions", 3, "action", LINES),
    "a consent": cell("customers", 1, "consent_app", REVERSED),
    "the start of an offer": cell("offers", 2, "valid_from", ESCAPE),
    "a price": cell("products", 1, "price", LINES),
    "a column": column("interactions", f"weight{ESCAPE}", "1"),
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A store that is there already."""
    uri = f"sqlite:///{tmp_path_factory.mktemp('store')}/mlflow.db"
    open_store(TrackConfig(uri=uri))
    return f"track.uri={uri}"


@pytest.mark.parametrize("spoil", REFUSED.values(), ids=REFUSED)
def test_a_hostile_cell_is_echoed_in_one_harmless_line(
    spoil: Spoil, store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_shop(tmp_path / "tables")
    spoil(tmp_path)
    assert run_train_job(*FIT, store, cwd=tmp_path) == 2
    output = capfd.readouterr()
    assert output.err.startswith("error: ")
    assert output.err.count("\n") == 1
    assert is_clean(output.err)
    assert output.out == ""


@pytest.mark.parametrize("script", ["compare", "export", "ladder", "recommend", "store", "promote"])
def test_a_hostile_word_is_echoed_in_one_harmless_line(
    script: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    for word in (f"artifact{ESCAPE}=1", LINES, f"{REVERSED}={HTML}"):
        assert run_script(script, word, cwd=tmp_path) == 2
        output = capfd.readouterr()
        assert output.err.startswith("error: ")
        assert output.err.count("\n") == 1
        assert is_clean(output.err + output.out)


def test_a_run_on_data_with_hostile_names_says_harmless_lines(
    store: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write_shop(tmp_path / "tables")
    cell("products", 0, "name", FORMULA)(tmp_path)
    cell("products", 0, "category", f"{HTML}{ESCAPE}")(tmp_path)
    words = [*FIT, store, "track.experiment=hostile", f"data.name='bank{ESCAPE}'"]
    assert run_train_job(*words, cwd=tmp_path) == 0
    output = capfd.readouterr().out
    assert output.startswith("popularity on bankLoan\\x1b[2K\\x1b[1A\\x07, seed 0\n")
    assert is_clean(output)
    assert run_script("compare", store, "experiment=hostile", "out=page", cwd=tmp_path) == 0
    assert is_clean(capfd.readouterr().out)
    for path in (tmp_path / "page").iterdir():
        assert is_clean(path.read_text().replace("\n", ""))
