"""The leaderboard, on runs made by hand whose winner is plain to see."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys.errors import InputError
from recsys.evaluate.intervals import bootstrap
from recsys.experiment.compare import best_run, leaderboard, on_data, write_csv
from recsys.experiment.leaderboard_text import WIDTH, printed
from recsys.track.names import bounds, means
from recsys.track.read import TrackedRun

CUSTOMERS = 200
NOISE = np.random.default_rng(0).normal(0, 0.01, CUSTOMERS)
SEGMENT = np.linspace(0.2, 0.4, CUSTOMERS)


@dataclass(frozen=True, kw_only=True, eq=False)
class HandMade(TrackedRun):
    """A run whose table by query is in memory."""

    table: pd.DataFrame = field(repr=False)

    def per_query(self, part: str) -> pd.DataFrame:
        return self.table


def made(model: str, values: np.ndarray, **changes) -> HandMade:
    table = pd.DataFrame({"customer_id": [f"c{row:03}" for row in range(len(values))]})
    table["ndcg@10"], table["recall@20"] = values, values / 2
    intervals = bootstrap(
        {name: table[name].to_numpy() for name in ("ndcg@10", "recall@20")}, np.arange(len(values))
    )
    about = {
        "run_id": f"{model:x<32}",
        "data": "toy",
        "fingerprint": "f" * 64,
        "split": "time",
        "seed": 0,
        "settings": "s",
        "started": datetime(2026, 1, 1, tzinfo=UTC),
    }
    metrics = means("valid", intervals) | bounds("valid", intervals) | {"seconds/fit": 1.5}
    rest = {"metrics": metrics, "tags": {}, "client": None, "table": table}
    return HandMade(model=model, **(about | rest | changes))


def board_of(*runs: TrackedRun) -> pd.DataFrame:
    return leaderboard(runs, "ndcg@10").set_index("model")


def four() -> list[HandMade]:
    return [
        made("popularity", SEGMENT - 0.1),
        made("segment", SEGMENT),
        made("own_history", SEGMENT + NOISE - NOISE.mean()),
        made("als", SEGMENT + 0.1 + NOISE),
    ]


def test_better_wins_equal_ties_worse_loses() -> None:
    board = board_of(*four())
    assert board["verdict"].dropna().to_dict() == {
        "als": "win",
        "own_history": "tie",
        "popularity": "loss",
    }
    assert board.loc["als", "difference"] == pytest.approx(0.1 + NOISE.mean())
    assert board.loc["popularity", "difference_low"] == pytest.approx(-0.1)
    assert pd.isna(board.loc["segment", "verdict"])


def test_the_best_comes_first_and_is_chosen() -> None:
    board = board_of(*four())
    assert board.index[0] == "als"
    assert board["rank"].tolist() == [1, 2, 3, 4]
    assert best_run(four(), "ndcg@10").model == "als"
    assert best_run(four(), "recall@20", data="toy").model == "als"


def test_the_oracle_is_a_ceiling_and_never_chosen() -> None:
    runs = [*four(), made("oracle", SEGMENT * 2)]
    board = board_of(*runs)
    assert board.index[-1] == "oracle"
    assert pd.isna(board.loc["oracle", "rank"])
    assert board.loc["segment", "oracle_share"] == pytest.approx(0.5)
    assert best_run(runs, "ndcg@10").model == "als"
    with pytest.raises(InputError, match="only runs of the oracle"):
        best_run(runs[-1:], "ndcg@10")


def test_tables_are_joined_by_customer_not_by_row() -> None:
    segment, als = made("segment", SEGMENT), made("als", SEGMENT + 0.1)
    shuffled = als.table.sample(frac=1, random_state=1)
    board = board_of(segment, made("als", SEGMENT + 0.1, table=shuffled))
    assert board.loc["als", "difference_low"] == pytest.approx(0.1)


def test_other_customers_are_refused() -> None:
    with pytest.raises(InputError, match="the same customers"):
        board_of(made("segment", SEGMENT), made("als", SEGMENT[1:]))


@pytest.mark.parametrize("changes", [{"fingerprint": "0" * 64}, {"split": "given"}])
def test_different_data_or_splits_are_never_one_table(changes) -> None:
    runs = [*four(), made("item_knn", SEGMENT, **changes)]
    for refused in (leaderboard, best_run):
        with pytest.raises(InputError, match=r"never ranked in one table.*(00000000|split given)"):
            refused(runs, "ndcg@10")


def test_a_name_of_data_narrows() -> None:
    runs = [*four(), made("item_knn", SEGMENT, data="other", fingerprint="0" * 64)]
    assert {run.model for run in on_data(runs, "other")} == {"item_knn"}
    assert best_run(runs, "ndcg@10", data="toy").model == "als"
    with pytest.raises(InputError, match="there are runs on other, toy"):
        on_data(runs, "nope")


def test_of_equal_runs_the_latest_counts() -> None:
    first = made("als", SEGMENT + 0.1, run_id="1")
    later = made("als", SEGMENT, run_id="2", started=first.started + timedelta(days=1))
    seed = made("als", SEGMENT, run_id="3", seed=1)
    settings = made("als", SEGMENT, run_id="4", settings="t")
    board = leaderboard([later, first, seed, settings], "ndcg@10")
    assert set(board["run_id"]) == {"2", "3", "4"}


def test_without_segments_there_is_a_table_and_a_hint() -> None:
    runs = [made("als", SEGMENT)]
    text = printed(leaderboard(runs, "ndcg@10"), "ndcg@10", runs[0])
    assert "train.py model=segment" in text
    assert "vs segment" not in text


def test_nothing_and_unknown_metrics_are_said() -> None:
    with pytest.raises(InputError, match="no finished run"):
        leaderboard([])
    with pytest.raises(InputError, match=r"there are ndcg@10, recall@20"):
        leaderboard(four(), "map@10")


def test_the_text_fits_and_says_what_was_chosen() -> None:
    runs = [
        *four(),
        made("a_model_with_a_very_long_name_indeed", SEGMENT),
        made("oracle", SEGMENT * 2),
    ]
    lines = printed(leaderboard(runs, "ndcg@10"), "ndcg@10", runs[0]).splitlines()
    assert max(map(len, lines)) <= WIDTH
    (rule,) = (row for row, line in enumerate(lines) if line.startswith("---"))
    assert "oracle" in lines[rule + 1]
    assert "100.0%" in lines[rule + 1]
    assert lines[-1] == f"Chosen by valid ndcg@10: als, run {runs[3].run_id}"


def test_the_csv_holds_the_whole_table(tmp_path: Path) -> None:
    board = leaderboard(four(), "ndcg@10")
    write_csv(board, tmp_path / "new" / "board.csv")
    back = pd.read_csv(tmp_path / "new" / "board.csv")
    assert back.columns.tolist() == board.columns.tolist()
    assert back["model"].tolist() == board["model"].tolist()
