"""`recsys moments`: its files, its page and what it says."""

from pathlib import Path

import pandas as pd
import pytest

from recsys.cli.moments import main


def test_files_and_page_say_what_is_told_and_how_well(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"out": "m.parquet", "events": "e.csv", "levers": "l.parquet", "page": "p.html"}
    words = [f"{key}={tmp_path / name}" for key, name in names.items()]
    main(["data.events=6000", "label=intent", "retention=O0446,O0454", *words])
    table = pd.read_parquet(tmp_path / "m.parquet")
    assert table["customer_id"].is_unique
    assert table[["next_buy", "next_do", "next_know"]].sum(axis=1).to_numpy() == pytest.approx(1)
    levers = pd.read_parquet(tmp_path / "l.parquet")
    assert set(levers["offer_id"]) == {"O0446", "O0454"}
    likely = table[table["leaving"] > table["leaving"].mean()]
    assert set(levers["customer_id"]) == set(likely["customer_id"])
    assert (levers["factor"] > 1).all()
    assert (levers["as_of"] >= pd.Timestamp("2025-12-31", tz="UTC")).all()
    events = pd.read_csv(tmp_path / "e.csv")
    assert set(events["touchpoint"]) <= {"moment_buy", "moment_do", "moment_know"}
    assert (events["timestamp"] >= "2025-08-01").all()
    page, said = (tmp_path / "p.html").read_text(), capsys.readouterr().out
    for text in ("after its first event", "silence alone", "valid from 2025-08-01"):
        assert text in page
        assert text in said
    assert "<script" not in page


def test_test_is_read_where_it_is_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    main(["data.events=6000", "days=none", "test=true"])
    said = capsys.readouterr().out
    assert "test from 2025-10-01" in said
    assert "silence alone" not in said
