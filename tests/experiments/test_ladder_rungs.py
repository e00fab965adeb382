"""Which run stands on which rung, and what a step is worth, on runs whose answer is plain."""

from dataclasses import replace

import numpy as np
import pytest
from test_compare import HandMade, made

from recsys.errors import InputError
from recsys.reports.ladder.ladder import rows
from recsys.reports.ladder.rungs import FEW, MANY, ONE, kept_hits, rungs
from recsys.reports.ladder.segment_kinds import segment_kinds
from recsys.reports.ladder.steps import EVERYBODY, rates, steps

CUSTOMERS = 200
FIRST = np.arange(CUSTOMERS) < 40
HALF = np.arange(CUSTOMERS) < 100


def three(**changes: object) -> list[HandMade]:
    """One list hits 40 of 200 customers, segments the same, one to one 100."""
    return [
        made("popularity", FIRST * 0.5),
        made("segment", FIRST * 0.6),
        made("als", HALF * 0.7, **changes),
    ]


def test_the_best_run_stands_on_each_rung_and_the_oracle_on_none() -> None:
    worse = made("segment", FIRST * 0.1, settings="other")
    runs = [*three(), worse, made("own_history", HALF * 0.8), made("oracle", HALF * 0.9)]
    chosen = rungs(runs)
    assert [run.model for run in chosen.runs] == ["popularity", "segment", "own_history"]
    assert chosen.runs[1].settings == "s"
    assert chosen.top.model == "own_history"
    assert chosen.candidates == 2
    assert chosen.k == 10
    assert rungs(runs, "recall@20").k == 20


@pytest.mark.parametrize(
    ("without", "says"),
    [
        ("popularity", "on data=toy: train model=popularity on it"),
        ("segment", "train model=segment on it"),
        ("als", "train model=own_history, als, graph_filter or any other on it"),
    ],
)
def test_a_rung_without_a_run_is_said(without: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        rungs([run for run in three() if run.model != without])


def test_runs_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InputError, match="never ranked in one table"):
        rungs(three(fingerprint="0" * 64))
    with pytest.raises(InputError, match="no finished run"):
        rungs([])
    with pytest.raises(InputError, match="metric=ndcg@7 is not in every run"):
        rungs(three(), "ndcg@7")
    for metric in ("auc", "ndcg", "novelty@10", "ndcg@ten", "ndcg@0"):
        with pytest.raises(InputError, match=f"metric={metric}: expected one of precision"):
            rungs(three(), metric)
    with pytest.raises(InputError, match="the same customers"):
        kept_hits(rungs([*three()[:2], made("als", HALF[1:] * 0.7)]))


def test_a_hit_is_a_hit_whatever_its_place_and_the_order_of_the_rows() -> None:
    shuffled = three()[2].table.sample(frac=1, random_state=0)
    hits, customers = kept_hits(rungs(three(table=shuffled)))
    assert hits[:, 2].tolist() == HALF.tolist()
    assert hits.mean(axis=0).tolist() == [0.2, 0.2, 0.5]
    assert customers.tolist() == list(range(CUSTOMERS))


def test_equal_rungs_tie_and_the_better_one_wins() -> None:
    hits, customers = kept_hits(rungs(three()))
    table = steps({EVERYBODY: hits}, customers, one_at_a_time=False)
    assert [(row["rung"], row["below"], row["verdict"]) for row in rows(table)] == [
        (FEW, MANY, "tie"), (ONE, MANY, "win"), (ONE, FEW, "win"),
    ]  # fmt: skip
    top = rows(table, rung=ONE, below=FEW)[0]
    assert top["difference"] == pytest.approx(0.3)
    assert top["lift"] == pytest.approx(2.5)
    assert top["customers"] == CUSTOMERS
    turned = steps({EVERYBODY: hits[:, ::-1]}, customers)
    assert turned["verdict"].tolist() == ["loss", "tie"]
    assert rates({EVERYBODY: hits}, customers)["mean"].tolist() == [0.2, 0.2, 0.5]


def test_a_slice_is_its_own_customers_and_all_slices_are_one_family() -> None:
    hits, customers = kept_hits(rungs(three()))
    inside = np.where(np.arange(CUSTOMERS)[:, None] < 100, hits, np.nan)
    parts = {
        ("history", "hot"): inside,
        ("history", "cold"): np.where(np.isnan(inside), hits, np.nan),
    }
    table = steps(parts, customers)
    assert table["customers"].tolist() == [100] * 4
    assert rows(table, slice="hot", rung=ONE)[0]["difference"] == pytest.approx(0.6)
    assert rows(table, slice="cold")[1]["verdict"] == "tie"
    alone = steps({("history", "hot"): inside}, customers)
    single, of_all = (rows(table, slice="hot", rung=ONE)[0]["p_holm"] for table in (alone, table))
    assert of_all == pytest.approx(2 * single)
    assert rates(parts, customers)["customers"].tolist() == [100] * 6


def test_a_customer_who_asks_twice_is_one_customer() -> None:
    runs = [replace(run, table=run.table.assign(customer_id="c")) for run in three()]
    hits, customers = kept_hits(rungs(runs))
    assert set(customers) == {0}
    assert rates({EVERYBODY: hits}, customers)["customers"].tolist() == [1, 1, 1]
    assert set(steps({EVERYBODY: hits}, customers)["verdict"]) == {"tie"}


def test_the_firms_own_segments_stand_beside_those_of_the_toolkit() -> None:
    own = made("segment", HALF * 0.5, settings="own", params={"model.column": "tier"})
    worse = made("segment", FIRST * 0.1, settings="w", params={"model.column": "tier"}, run_id="w")
    chosen = rungs([*three(), own, worse])
    assert [run.settings for run in chosen.segments] == ["own", "s"]
    assert chosen.runs[1].settings == "own"
    kinds = segment_kinds(chosen)
    assert kinds["segments"].tolist() == ["column tier", "recency, frequency and value"]
    assert kinds["mean"].tolist() == [0.5, 0.2]
    assert kinds["difference"].tolist() == pytest.approx([0, 0.3])
    assert kinds["verdict"].tolist() == ["tie", "win"]
    assert segment_kinds(rungs(three())).empty
