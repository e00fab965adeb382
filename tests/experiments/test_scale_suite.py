"""Events of any number, and the steps from tables to an artifact, on small sizes."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from benchmarks import scale_report
from benchmarks.scale import ScaleSuite
from benchmarks.scale_events import DAYS, ScaleEvents, products_of
from benchmarks.scale_report import Row
from benchmarks.scale_steps import STEPS
from recsys.errors import InputError


@pytest.fixture(scope="module")
def tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tables")
    ScaleEvents(events=20_000, products=1_000).write(folder)
    return folder


def events_of(folder: Path) -> pd.DataFrame:
    return pd.read_parquet(folder / "interactions")


def row(million: float, step: str, seconds: float, size: str | None = None, **counted) -> Row:
    return Row(
        size=size or f"events_{million:g}m", million=million, step=step, seconds=seconds,
        cpu_seconds=seconds, peak_mb=100 * million, counted=counted,
    )  # fmt: skip


class TestEvents:
    def test_a_table_has_as_many_events_as_asked_for(self, tables: Path) -> None:
        events = events_of(tables)
        assert len(events) == 20_000
        assert len(list((tables / "interactions").iterdir())) == DAYS
        assert events["timestamp"].is_monotonic_increasing
        known = pd.read_parquet(tables / "customers.parquet")["customer_id"]
        assert known.is_unique
        assert set(events["customer_id"]) <= set(known)
        named = events["product_id"].dropna()
        assert set(named) <= set(pd.read_parquet(tables / "products.parquet")["product_id"])
        # A contact is about no product.
        assert (events["product_id"].isna() == (events["action"] == "contact")).all()

    def test_customers_have_tastes(self, tables: Path) -> None:
        events = events_of(tables).dropna()
        group = events["product_id"].str[1:].astype(int) // 200
        shares = pd.crosstab(events["customer_id"], group, normalize="index")
        busy = events["customer_id"].value_counts()
        busiest = shares.loc[busy.index[busy > 100]].max(axis=1)
        # Of five groups: 60 % in the first, and a fifth of the 15 % that lie anywhere.
        assert len(busiest) > 10
        assert 0.5 < busiest.median() < 0.95

    def test_a_killed_write_goes_on_and_writes_the_same(self, tables: Path, tmp_path: Path) -> None:
        market = ScaleEvents(events=20_000, products=1_000)
        market.write(tmp_path, range(40))
        kept = market.part(tmp_path, 3)
        written = kept.stat().st_mtime_ns
        market.write(tmp_path)
        assert kept.stat().st_mtime_ns == written
        pd.testing.assert_frame_equal(events_of(tmp_path), events_of(tables))

    def test_other_events_in_the_folder_are_refused(self, tables: Path) -> None:
        with pytest.raises(InputError, match="expected events of"):
            ScaleEvents(events=30_000, products=1_000).write(tables)

    def test_days_go_on_after_the_last(self, tables: Path) -> None:
        market = ScaleEvents(events=20_000, products=1_000)
        assert market.day(DAYS).num_rows == 200
        assert market.day(DAYS)["timestamp"][0].as_py().isoformat() >= "2025-04-11"

    def test_linked_ids_are_two_customers(self, tables: Path) -> None:
        links = pd.read_parquet(tables / "identities.parquet")
        assert len(links) == 666 // 100
        assert (links["id_a"] != links["id_b"]).all()
        known = set(pd.read_parquet(tables / "customers.parquet")["customer_id"])
        assert {*links["id_a"], *links["id_b"]} <= known

    def test_products_grow_with_the_events(self) -> None:
        assert [products_of(n * 10**6) for n in (1, 3, 10, 100)] == [10_000, 13_000, 17_400, 30_000]


class TestSuite:
    def test_every_step_of_every_size_has_a_row_and_none_is_measured_twice(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(tmp_path)
        steps, kept = ["load", "split", "graph"], tmp_path / "steps.jsonl"
        suite = ScaleSuite(sizes=[0.002], wide_size=None, steps=steps)
        figures = suite.figures()
        lines = kept.read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == steps
        assert figures["peak_memory_mb_0.002m"] > 50
        assert figures["load_events_per_second"] > 0
        assert "**events_0.002m**" in (tmp_path / "table.md").read_text()
        # As a kill in the last step leaves it: that step alone is measured again.
        kept.write_text("\n".join(lines[:-1]) + "\n")
        suite.figures()
        assert kept.read_text().splitlines()[:2] == lines[:2]
        assert [row.step for row in scale_report.rows_of(kept)] == steps

    @pytest.mark.slow
    def test_all_steps(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        ScaleSuite(sizes=[0.002], wide_size=0.002, wide_products=2_000).figures()
        rows = scale_report.rows_of(tmp_path / "steps.jsonl")
        assert [row.step for row in rows] == list(STEPS) * 2
        assert {row.is_wide for row in rows} == {False, True}

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [({"steps": ["lod"]}, "steps"), ({"sizes": [1e-6]}, "events"), ({"repeats": 0}, "repeats")],
    )
    def test_settings_out_of_range_are_refused(self, wrong: dict[str, object], named: str) -> None:
        with pytest.raises(InputError, match=f"suite.{named}"):
            ScaleSuite(**wrong)


class TestReport:
    def test_growth_is_the_slope_over_the_last_decade(self) -> None:
        # 3 seconds at any size, and events^1.2 above: from 10 to 100 million.
        rows = [row(n, "als", 2 * n**1.2) for n in (10, 30, 100)] + [row(1, "als", 50)]
        assert scale_report.growth(rows, "als") == pytest.approx(1.2)
        assert scale_report.figures(rows)["growth_exponent"] == pytest.approx(1.2)

    def test_short_steps_and_more_products_do_not_count(self) -> None:
        rows = [row(10, "split", 0.5), row(30, "split", 9), row(30, "split", 99, "events_30m_100k")]
        assert scale_report.growth(rows, "split") is None

    def test_figures_are_those_of_the_largest_size(self) -> None:
        rows = [row(1, "load", 1), row(100, "load", 80, events=10**8), row(100, "als", 300)]
        figures = scale_report.figures(rows)
        assert figures["peak_memory_mb_100m"] == 10_000
        assert figures["load_events_per_second"] == pytest.approx(1e8 / 80)

    def test_the_worst_step_is_the_figure(self) -> None:
        rows = [row(n, "als", n) for n in (10, 100)] + [row(n, "load", n**1.5) for n in (10, 100)]
        assert scale_report.figures(rows)["growth_exponent"] == pytest.approx(1.5)
        assert "| load | 1.50 |" in scale_report.table(rows, {})
        assert not np.isnan(scale_report.figures(rows)["growth_exponent_als"])
