"""A backtest of runs made by hand, whose windows and ages are plain to see."""

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pandas as pd
import pytest

from recsys.errors import InputError
from recsys.evaluation.intervals import bootstrap
from recsys.reports.backtest import picture
from recsys.reports.backtest.figures import backtest
from recsys.reports.backtest.page import PAGE, PICTURE, backtest_files
from recsys.reports.backtest.tracked import tracked_backtest
from recsys.reports.backtest.words import printed, summary
from recsys.tracking.names import tracked_intervals
from recsys.tracking.read import TrackedRun
from recsys.tracking.report import values_of

CUSTOMERS = 100
EVEN = np.full(CUSTOMERS, 0.2)
NOISE = np.linspace(-0.01, 0.01, CUSTOMERS)
SPANS = [{"from": f"2026-0{month}-01T00:00:00+00:00", "to": f"2026-0{month + 1}-01"}
         for month in (1, 2)]  # fmt: skip
HOSTILE = "<script>$alert$</script>\x1b[2K=1+1"


@dataclass(frozen=True, kw_only=True, eq=False)
class HandMade(TrackedRun):
    """A run of two windows whose artifacts are in memory."""

    tables: dict[str, pd.DataFrame] = field(repr=False)
    spans: Any = None

    @property
    def metrics_json(self) -> dict[str, Any]:
        return {"windows": SPANS if self.spans is None else self.spans}

    def per_query(self, part: str) -> pd.DataFrame:
        return self.tables[part]

    def curves(self) -> dict[str, dict[int, float]]:
        return {}


def made(model: str, *windows: np.ndarray, aged: np.ndarray | None = None) -> HandMade:
    """Values of the same customers in each window; `aged` those of the first fit in the second."""
    ids = [f"c{row:03}" for row in range(CUSTOMERS)]
    parts = [
        pd.DataFrame({"customer_id": ids, "history": 1, "ndcg@10": values, "window": number})
        for number, values in enumerate(windows)
    ]
    tables = {"valid": pd.concat(parts, ignore_index=True)}
    values = tables["valid"]["ndcg@10"].to_numpy()
    customers = np.tile(np.arange(CUSTOMERS), len(windows))
    intervals = bootstrap({"ndcg@10": values}, customers)
    metrics = tracked_intervals("valid", intervals)
    if aged is not None:
        tables["aged"] = parts[1].assign(**{"ndcg@10": aged, "age": 1})
        metrics["cost_of_age/ndcg_10"] = 0.0
    return HandMade(
        run_id=f"{model[:8]:x<32}", model=model, data="toy", fingerprint="f" * 64, split="rolling",
        seed=0, settings="s", started=datetime(2026, 1, 1, tzinfo=UTC), metrics=metrics, params={},
        tags={"windows": str(len(windows))}, client=None, tables=tables,
    )  # fmt: skip


def two() -> list[HandMade]:
    """als wins in the second window alone, and is as bad as segments when it is a window old."""
    return [
        made("segment", EVEN, EVEN, aged=EVEN),
        made("als", EVEN + NOISE, EVEN + 0.1 + NOISE, aged=EVEN + NOISE),
    ]


def test_the_board_counts_windows_and_their_spread() -> None:
    board = backtest(two()).board.set_index("model")
    assert board.index.tolist() == ["als", "segment"]
    assert board.loc["als", "mean"] == pytest.approx(0.25)
    assert board.loc["als", ["lowest", "highest"]].tolist() == pytest.approx([0.2, 0.3])
    assert board.loc["als", "deviation"] == pytest.approx(0.1 / np.sqrt(2))
    assert board.loc["als", ["wins", "ties", "losses"]].tolist() == [1, 1, 0]
    assert board.loc["segment", ["wins", "ties", "losses"]].tolist() == [0, 0, 0]
    assert board.loc["als", "best_in"] >= 1


def test_each_window_is_compared_with_the_baseline() -> None:
    windows = backtest(two()).windows
    of_als = windows[windows["model"] == "als"]
    assert of_als["verdict"].tolist() == ["tie", "win"]
    assert of_als["difference"].tolist() == pytest.approx([0, 0.1])
    assert of_als["start"].tolist() == ["2026-01-01", "2026-02-01"]
    assert windows[windows["model"] == "segment"]["verdict"].isna().all()
    turned = backtest(two(), baseline="als").windows
    assert turned[turned["model"] == "segment"]["difference"].tolist() == pytest.approx([0, -0.1])


def test_age_is_old_minus_fresh_on_the_same_queries() -> None:
    ages = backtest(two()).ages.set_index("model")
    assert ages.loc["als", ["old", "fresh"]].tolist() == pytest.approx([0.2, 0.3])
    assert ages.loc["als", "difference"] == pytest.approx(-0.1)
    assert ages["verdict"].to_dict() == {"als": "loss", "segment": "tie"}
    assert ages["windows"].tolist() == [1, 1]


def test_without_a_baseline_or_ages_there_is_a_page_all_the_same() -> None:
    alone = backtest([made("als", EVEN + NOISE, EVEN)])
    assert alone.ages.empty
    assert "verdict" not in alone.windows
    assert "als" in printed(alone)
    assert "age of training data" not in backtest_files(alone)[PAGE].decode()


@pytest.mark.parametrize(
    ("hours", "starts"),
    [
        (("23:14", "23:14"), ["2026-01-01", "2026-02-01"]),
        (("00:00", "12:30"), ["2026-01-01T00:00", "2026-01-01T12:30"]),
    ],
)
def test_the_picture_has_whole_ages_and_times_only_where_they_tell_windows_apart(
    hours: tuple[str, str], starts: list[str]
) -> None:
    from matplotlib.figure import Figure

    shown = backtest(two())
    moments = [f"{start[:10]}T{hour}:44+00:00" for start, hour in zip(starts, hours, strict=True)]
    windows = shown.windows.assign(start=shown.windows["window"].map(dict(enumerate(moments))))
    figure = Figure()
    picture._draw(figure, replace(shown, windows=windows))
    left, right = figure.axes
    assert [label.get_text() for label in left.get_xticklabels()] == starts
    low, high = right.get_xlim()
    assert [tick for tick in right.get_xticks() if low <= tick <= high] == [1]


def test_the_oracle_is_last_and_best_in_no_window() -> None:
    board = backtest([*two(), made("oracle", EVEN + 0.5, EVEN + 0.5)]).board
    assert board["model"].tolist() == ["als", "segment", "oracle"]
    assert board["best_in"].iloc[-1] == 0


def test_names_of_data_and_models_stay_text() -> None:
    hostile = [replace(run, data=HOSTILE) for run in (made(HOSTILE, EVEN, EVEN + NOISE), *two())]
    files = backtest_files(backtest(hostile))
    page = files[PAGE].decode()
    assert "<script" not in page
    assert "\x1b" not in page
    assert files[PICTURE].startswith(b"\x89PNG")
    for name in ("leaderboard.csv", "windows.csv", "ages.csv"):
        assert not re.search(rb"(^|,)[=+@]", files[name], re.MULTILINE)


def test_the_text_says_who_wins_and_what_age_costs() -> None:
    sentences = summary(backtest(two()))
    assert "als ranks first of 2 over 2 windows" in sentences[0]
    assert "wins in 1, ties in 1 and loses in 0" in sentences[1]
    assert sentences[2].startswith("Fitted 1 window earlier, als has .2000 where it has .3000")
    assert "1 1 0" in printed(backtest(two()))


def test_what_is_no_backtest_is_one_line() -> None:
    with pytest.raises(InputError, match="train with split=rolling"):
        backtest([replace(run, tags={}) for run in two()])
    segment, als = two()
    shifted = als.tables["valid"].assign(window=als.tables["valid"]["window"] + 1)
    with pytest.raises(InputError, match="different windows"):
        backtest([segment, replace(als, tables={**als.tables, "valid": shifted})])
    with pytest.raises(InputError, match="its queries are not of its 1 windows"):
        backtest([replace(run, spans=SPANS[:1]) for run in two()])
    with pytest.raises(InputError, match="windows: expected from and to"):
        backtest([replace(run, spans=[1]) for run in two()])
    swapped = als.tables["aged"].iloc[::-1]
    with pytest.raises(InputError, match="is not of the queries of valid"):
        backtest([segment, replace(als, tables={**als.tables, "aged": swapped})])


def test_mlflow_keeps_means_differences_spread_and_age_of_each_model() -> None:
    made_of = backtest(two())
    report = tracked_backtest(made_of, {"a.csv": b""}, ["als wins", "in one window"])
    assert report.params["windows"] == 2
    assert report.params["baseline"] == "segment"
    assert report.params["models"] == ["als", "segment"]
    assert report.note == "als wins\n\nin one window"
    als = {name: value for name, value in report.metrics.items() if name.startswith("als/")}
    assert set(als) == {
        "als/ndcg@10", "als/ndcg@10.difference", "als/ndcg@10.deviation",
        "als/ndcg@10.cost_of_age_1",
    }  # fmt: skip
    assert "segment/ndcg@10.difference" not in report.metrics
    mean, gap = als["als/ndcg@10"], als["als/ndcg@10.difference"]
    base = report.metrics["segment/ndcg@10"]
    assert gap.mean == pytest.approx(mean.mean - base.mean)
    assert gap.low < gap.mean < gap.high
    assert als["als/ndcg@10.cost_of_age_1"].mean == pytest.approx(-0.1)
    assert values_of(report.metrics)["als/ndcg_10.difference.low"] == gap.low
