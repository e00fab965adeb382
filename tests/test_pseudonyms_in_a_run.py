"""`track.pseudonyms=true` on the command line: no key, no run; with one, no id in what is kept."""

from pathlib import Path

import pandas as pd
import pytest
from script_runner import run_train_job
from small_shop import FIT, cell, write_shop

VARIABLE, KEY = "RECSYS_PSEUDONYM_KEY", "0123456789abcdef" * 2
WORDS = (*FIT, "track.uri=sqlite:///runs/mlflow.db", "track.pseudonyms=true")


def test_a_run_needs_a_key_and_then_keeps_no_customer_id(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    write_shop(tmp_path / "tables")
    for row, table in ((8, "interactions"), (9, "interactions"), (6, "interactions")):
        cell(table, row, "customer_id", f"anna-4711-{row}")(tmp_path)
    monkeypatch.delenv(VARIABLE, raising=False)
    assert run_train_job(*WORDS, cwd=tmp_path) == 2
    said = capfd.readouterr().err
    assert said.startswith("error: track.pseudonyms=true needs a key of at least 32 characters")
    assert said.count("\n") == 1
    assert not (tmp_path / "runs").exists()

    monkeypatch.setenv(VARIABLE, KEY)
    assert run_train_job(*WORDS, cwd=tmp_path) == 0
    (table,) = (tmp_path / "runs").rglob("per_query_valid.parquet")
    assert pd.read_parquet(table)["customer_id"].str.fullmatch("[0-9a-f]{32}").all()
    kept = [path for name in ("runs", "outputs") for path in (tmp_path / name).rglob("*.*")]
    assert len(kept) > 5
    for path in kept:
        content = path.read_bytes() if path.is_file() else b""
        assert b"anna-4711" not in content, path
        assert KEY.encode() not in content, path
