"""The leaderboard, on runs made by hand whose winner is plain to see."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from recsys.errors import InputError
from recsys.evaluation.intervals import bootstrap
from recsys.reports.comparison.compare import RunComparison, compare, require_baseline
from recsys.reports.comparison.leaderboard_text import WIDTH, printed
from recsys.reports.comparison.mixed_runs import with_settings
from recsys.reports.comparison.ranking import best_run, differing_settings, labels, on_data
from recsys.tracking.names import tracked_intervals
from recsys.tracking.read import TrackedRun

CUSTOMERS = 200
NOISE = np.random.default_rng(0).normal(0, 0.01, CUSTOMERS)
SEGMENT = np.linspace(0.2, 0.4, CUSTOMERS)


@dataclass(frozen=True, kw_only=True, eq=False)
class HandMade(TrackedRun):
    """A run whose artifacts are in memory."""

    table: pd.DataFrame = field(repr=False)
    slices: dict = field(default_factory=dict)
    curve: dict = field(default_factory=dict)

    def per_query(self, part: str) -> pd.DataFrame:
        return self.table

    def curves(self) -> dict:
        return self.curve


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
    metrics = tracked_intervals("valid", intervals) | {"seconds/fit": 1.5}
    rest = {"metrics": metrics, "params": {}, "tags": {}, "client": None, "table": table}
    return HandMade(model=model, **(about | rest | changes))


def board_of(*runs: TrackedRun) -> pd.DataFrame:
    return compare(runs).board.set_index("model")


def text_of(comparison: RunComparison) -> str:
    return printed(comparison.board, comparison.metric, comparison.runs[0])


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
    with pytest.raises(InputError, match="different customers"):
        board_of(made("segment", SEGMENT), made("als", SEGMENT[1:]))


@pytest.mark.parametrize("changes", [{"fingerprint": "0" * 64}, {"split": "given"}])
def test_different_data_or_splits_are_never_one_table(changes) -> None:
    runs = [*four(), made("item_knn", SEGMENT, **changes)]
    for refused in (compare, best_run):
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
    board = compare([later, first, seed, settings]).board
    assert set(board["run_id"]) == {"2", "3", "4"}


def test_without_segments_there_is_a_table_and_a_hint() -> None:
    text = text_of(compare([made("als", SEGMENT)]))
    assert "recsys train model=segment" in text
    assert "vs segment" not in text


def test_nothing_and_unknown_metrics_are_said() -> None:
    with pytest.raises(InputError, match="no finished run"):
        compare([])
    with pytest.raises(InputError, match=r"there are ndcg@10, recall@20"):
        compare(four(), "map@10")
    with pytest.raises(InputError, match=r"baseline=als2: .* there are als, own_history"):
        require_baseline(four(), "als2")


def test_the_text_fits_and_says_what_was_chosen() -> None:
    runs = [
        *four(),
        made("a_model_with_a_very_long_name_indeed", SEGMENT),
        made("oracle", SEGMENT * 2),
    ]
    lines = text_of(compare(runs)).splitlines()
    assert max(map(len, lines)) <= WIDTH
    (rule,) = (row for row, line in enumerate(lines) if line.startswith("---"))
    assert "oracle" in lines[rule + 1]
    assert "100.0%" in lines[rule + 1]
    assert lines[-1] == f"Chosen by valid ndcg@10: als, run {runs[3].run_id}"


def test_pairs_are_seen_from_the_better_and_corrected_over_all() -> None:
    pairs = compare(four()).pairs.set_index(["first", "second"])
    assert len(pairs) == 6
    assert pairs.loc[("als", "popularity"), "verdict"] == "win"
    assert pairs.loc[("als", "popularity"), "difference"] == pytest.approx(0.2 + NOISE.mean())
    mean = SEGMENT.mean()
    assert pairs.loc[("segment", "popularity"), "lift"] == pytest.approx(mean / (mean - 0.1))
    tie = pairs[pairs["verdict"] == "tie"]
    assert [set(names) for names in tie.index] == [{"segment", "own_history"}]
    assert (pairs["p_holm"] >= pairs["p_value"]).all()


def test_the_oracle_stands_in_no_pair_and_changes_no_verdict() -> None:
    without, with_oracle = compare(four()), compare([*four(), made("oracle", SEGMENT * 2)])
    pd.testing.assert_frame_equal(without.pairs, with_oracle.pairs)
    assert without.board["verdict"].tolist() == with_oracle.board["verdict"].tolist()[:4]


def test_ranks_that_a_run_may_have_follow_from_its_wins_and_ties() -> None:
    board = board_of(*four(), made("oracle", SEGMENT * 2))
    bounds = board[["rank_low", "rank_high"]].drop("oracle")
    assert bounds.T.to_dict("list") == {
        "als": [1, 1],
        "segment": [2, 3],
        "own_history": [2, 3],
        "popularity": [4, 4],
    }
    assert pd.isna(board.loc["oracle", "rank_low"])


def test_two_seeds_are_a_tie_and_models_apart_are_not() -> None:
    shift = np.random.default_rng(2).permutation(NOISE)
    first, second = made("als", SEGMENT + NOISE), made("als", SEGMENT + shift, seed=1, run_id="2")
    pairs = compare([first, second, made("popularity", SEGMENT - 0.1)]).pairs
    verdicts = {
        frozenset(names): verdict
        for *names, verdict in pairs[["first", "second", "verdict"]].itertuples(index=False)
    }
    assert verdicts == {
        frozenset({"als seed 0", "als seed 1"}): "tie",
        frozenset({"als seed 0", "popularity"}): "win",
        frozenset({"als seed 1", "popularity"}): "win",
    }


def test_costs_stand_beside_quality() -> None:
    cost = {"seconds/load": 1.0, "seconds/fit": 2.5, "cpu_seconds": 7.0, "peak_memory_mb": 300.0}
    run = made("als", SEGMENT)
    board = board_of(made("als", SEGMENT, metrics={**run.metrics, **cost}))
    names = ["fit_seconds", "wall_seconds", "cpu_seconds", "peak_memory_mb"]
    assert board.loc["als", names].tolist() == [2.5, 3.5, 7.0, 300.0]


def test_runs_of_one_model_are_told_apart() -> None:
    def als(run_id: str, dim: str, seed: int) -> HandMade:
        params = {"model.dim": dim, "model.l2": "1", "model._target_": "x", "data.root": run_id}
        return made("als", SEGMENT, run_id=run_id, seed=seed, settings=dim, params=params)

    runs = [als("1", "64", 0), als("2", "64", 1), als("3", "8", 0), made("segment", SEGMENT)]
    assert differing_settings(runs)["3"] == {"dim": "8"}
    assert list(labels(runs).values()) == [
        "als dim=64 seed 0",
        "als dim=64 seed 1",
        "als dim=8 seed 0",
        "segment",
    ]
    tuned = [
        made("als", SEGMENT, run_id=name * 32, settings=name, params=params)
        for name, params in {
            "a": {"model.alpha": "8.03934154822898", "model.dim": "8", "model.l2": "1"},
            "b": {"model.alpha": "16.326869780238777", "model.dim": "8", "model.l2": "1"},
        }.items()
    ]
    assert list(labels(tuned).values()) == ["als alpha=8.04", "als alpha=16.3"]
    several = {"model.alpha": "1.5", "model.dim": "9", "model.l2": "2"}
    tuned[1] = made("als", SEGMENT, run_id="b" * 32, settings="b", params=several)
    assert list(labels(tuned).values()) == ["als aaaaaaaa", "als bbbbbbbb"]
    unknown = [made("als", SEGMENT, run_id=name * 32, settings=name) for name in "ab"]
    assert list(labels(unknown).values()) == ["als aaaaaaaa", "als bbbbbbbb"]


def test_the_setting_in_which_runs_differ_is_named() -> None:
    small = made("als", SEGMENT, params={"data.events": "5000", "split.windows": "3"})
    large = {"data.events": "20000", "split.windows": "3", "model.dim": "8"}
    other = made("segment", SEGMENT, fingerprint="0" * 64, params=large)
    with pytest.raises(
        InputError,
        match=r"they differ in data.events \(20000, 5000\); set settings=data.events:20000 or runs",
    ):
        compare([small, other])
    assert with_settings([small, other], {"data.events": "5000"}) == [small]
    assert with_settings([small, other], {}) == [small, other]
    with pytest.raises(InputError, match=r"settings=data.events:1: .* there are 20000, 5000"):
        with_settings([small, other], {"data.events": "1"})
    with pytest.raises(InputError, match=r"settings=data.evnts:1: .* no run has it"):
        with_settings([small, other], {"data.evnts": "1"})


def test_another_class_of_split_is_one_difference() -> None:
    given = {"split._target_": "GivenSplit", "split.seed": "0"}
    time = {"split._target_": "TimeSplit", "split.valid_from": "None"}
    runs = [made("als", SEGMENT, params=given, split="given"), made("als", SEGMENT, params=time)]
    with pytest.raises(InputError, match=r"they differ in split._target_ \(GivenSplit, TimeSplit"):
        compare(runs)


def test_tables_that_changed_and_other_data_are_told_apart() -> None:
    changed = made("segment", SEGMENT, fingerprint="0" * 64)
    with pytest.raises(InputError, match="the tables of data=toy changed; train again"):
        compare([made("als", SEGMENT), changed])
    elsewhere = made("segment", SEGMENT, fingerprint="0" * 64, data="shop")
    with pytest.raises(InputError, match="they differ in data; set data=NAME or runs=ID,ID"):
        compare([made("als", SEGMENT), elsewhere])
