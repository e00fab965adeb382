"""`recsys similar`: neighbours, look-alikes and clusters with their files, pages and cut-off."""

import re
from pathlib import Path

import pandas as pd
import pytest
from library_shop import frames

from recsys import ALS, Dataset, SimulatedMarket, export
from recsys.cli import run_keys
from recsys.cli.similar import main
from recsys.errors import InputError
from recsys.tracking.report import Report

MARKET = "data.events=6000"


@pytest.fixture(scope="module")
def ids() -> list[str]:
    """Customers of the market with events, in order."""
    data = Dataset.from_source(SimulatedMarket(events=6000))
    return sorted(data.customers.ids[data.history_lengths > 3])


def test_neighbours_of_a_customer_come_from_data_or_from_an_artifact(
    ids: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, page = tmp_path / "near.csv", tmp_path / "near.html"
    main([MARKET, f"customer={ids[0]}", "k=3", f"out={out}", f"page={page}"])
    table = pd.read_csv(out)
    assert list(table.columns) == ["customer_id", "rank", "similar_id", "similarity"]
    assert table["similarity"].is_monotonic_decreasing
    assert ids[0] in page.read_text()
    data = Dataset.from_source(SimulatedMarket(events=6000))
    export(ALS(dim=16).fit(data), data, tmp_path / "artifact")
    capsys.readouterr()
    main([f"artifact={tmp_path / 'artifact'}", f"customer={ids[0]}", "k=3"])
    text = capsys.readouterr().out
    assert all(similar in text for similar in table["similar_id"])
    assert "without events are left out" in text


def test_look_alikes_are_the_others_in_order_and_as_many_as_are_asked_for_are_taken(
    ids: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    seeds, out, page = (tmp_path / name for name in ("seeds.csv", "l.parquet", "l.html"))
    listed = [*ids[:60], "nobody"]
    seeds.write_text("\n".join(["customer_id", *listed]))
    main([MARKET, f"seeds={seeds}", "size=20", "features=true", f"out={out}", f"page={page}"])
    table = pd.read_parquet(out)
    assert not set(table["customer_id"]) & set(listed)
    assert table["is_taken"].sum() == 20
    assert table["is_taken"].head(20).all()
    assert table["score"].is_monotonic_decreasing
    text = capsys.readouterr().out
    assert re.search(r"61 customers are listed: \d\d have events, \d have none, 1 are not", text)
    assert "by activity alone" in text
    assert "How well hidden seeds are found" in page.read_text()


def test_clusters_are_counted_before_the_cut_off_and_tracked(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[Report] = []

    def keep(report: Report, track: object) -> str:
        kept.append(report)
        return "one"

    monkeypatch.setattr(run_keys, "log_standalone", keep)
    out, page = tmp_path / "c.parquet", tmp_path / "c.html"
    words = [MARKET, "clusters=4", f"out={out}", f"page={page}"]
    main([*words, "at=2025-07-01", "log=true"])
    before = pd.read_parquet(out)
    text = capsys.readouterr().out
    assert "as of 2025-07-01 00:00 UTC" in text
    assert "MLflow: run one" in text
    (report,) = kept
    assert report.params == {"clusters": "4"}
    assert report.metrics["clusters"] == 4
    assert report.tags["model"] == "ALS"
    assert before["cluster"].nunique() == 4
    assert set(before["value_band"]) <= {"high", "medium", "low"}
    assert "In words" in page.read_text()
    main(words)
    assert len(pd.read_parquet(out)) > len(before)


def test_a_list_that_is_too_short_for_the_data_is_refused_before_anything_is_written(
    tmp_path: Path,
) -> None:
    tables = frames()
    tables["interactions"].to_parquet(tmp_path / "interactions.parquet")
    seeds = tmp_path / "seeds.csv"
    seeds.write_text("customer_id\nC0000949\n")
    out = tmp_path / "l.csv"
    words = ["data=files", f"data.root={tmp_path}", f"seeds={seeds}", f"out={out}"]
    with pytest.raises(InputError, match="seeds: expected at least 20 customers with events"):
        main(words)
    assert not out.exists()
