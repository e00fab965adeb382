"""There is something to win in the simulated market, and the oracle is its ceiling."""

from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.interactions import SECOND
from recsys.errors import InputError
from recsys.simulation import Oracle, SimulatedMarket, expectation

K = 10
DISCOUNT = 1 / np.log2(np.arange(2, K + 2))


@dataclass(frozen=True, kw_only=True, eq=False)
class Case:
    """Events before test coded to row numbers, and who wanted what in test."""

    market: SimulatedMarket
    data: SimpleNamespace
    past: pd.DataFrame
    queries: IntArray
    relevant: BoolArray
    happened: FloatArray

    def ndcg(self, scores: FloatArray) -> float:
        top = np.argsort(-scores, axis=1, kind="stable")[:, :K]
        gains = np.take_along_axis(self.relevant, top, axis=1) @ DISCOUNT
        wanted = np.minimum(self.relevant.sum(axis=1), K)
        return float((gains / DISCOUNT.cumsum()[wanted - 1]).mean())

    @property
    def bought(self) -> pd.DataFrame:
        return self.past[self.past["target"]]

    def counts(self) -> FloatArray:
        return np.bincount(self.bought["product"], minlength=self.relevant.shape[1]) * 1.0


@cache
def case(seed: int = 0, events: int = 100_000) -> Case:
    market = SimulatedMarket(events=events, seed=seed)
    tables, cut = market.load(), market.cutoffs.test_from
    known = tables.identities[tables.identities["timestamp"] < cut]
    seen_as = tables.interactions["customer_id"]
    person = seen_as.map(known.set_index("id_b")["id_a"]).fillna(seen_as)
    customers, products = pd.Index(sorted(person.unique())), pd.Index(tables.products["product_id"])
    events_table = tables.interactions.assign(
        customer=customers.get_indexer(person),
        product=products.get_indexer(tables.interactions["product_id"]),
        target=tables.interactions["action"].isin(market.targets),
    )
    before = events_table["timestamp"] < cut
    future = events_table[~before & events_table["target"]]
    happened = np.zeros((len(customers), len(products)))
    np.add.at(happened, (future["customer"], future["product"]), 1)
    queries = np.flatnonzero(happened.sum(axis=1))
    data = SimpleNamespace(
        customers=SimpleNamespace(ids=customers.to_numpy(object)),
        products=SimpleNamespace(ids=products.to_numpy(object)),
        touchpoints=SimpleNamespace(ids=tables.touchpoints["touchpoint"].to_numpy(object)),
        as_of=int(cut.timestamp()) * SECOND,
    )
    return Case(
        market=market,
        data=data,
        past=events_table[before],
        queries=queries,
        relevant=happened[queries] > 0,
        happened=happened,
    )


def popularity(drawn: Case) -> FloatArray:
    return np.tile(drawn.counts(), (len(drawn.queries), 1))


def segments(drawn: Case) -> FloatArray:
    """Popularity in 5 x 5 x 5 cells of recency, frequency and value, smoothed by that of all."""
    people = drawn.past.groupby("customer")
    signals = [people["timestamp"].max(), people.size(), people["value"].sum()]
    cell = np.zeros(len(drawn.happened), np.int64)
    for signal in signals:
        ranks = signal.rank(method="first").reindex(range(len(cell)), fill_value=0)
        cell = 5 * cell + np.minimum(5 * ranks.to_numpy() / len(ranks), 4).astype(int)
    in_cell = np.zeros((125, len(drawn.counts())))
    np.add.at(in_cell, (cell[drawn.bought["customer"]], drawn.bought["product"]), 1)
    smoothed = in_cell + 100 * drawn.counts() / drawn.counts().sum()
    return (smoothed / (in_cell.sum(axis=1, keepdims=True) + 100))[cell[drawn.queries]]


def item_knn(drawn: Case) -> FloatArray:
    """Cosine of products over all their events, summed over a customer's history."""
    events = drawn.past[drawn.past["product"] >= 0]
    history = csr_array(
        (np.ones(len(events)), (events["customer"], events["product"])), drawn.happened.shape
    )
    history.data = np.log1p(history.data)
    together = (history.T @ history).toarray()
    length = np.sqrt(together.diagonal()) + 1e-9
    return history[drawn.queries] @ (together / np.outer(length, length))


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_there_is_something_to_win(seed: int) -> None:
    drawn = case(seed)
    oracle = drawn.ndcg(Oracle(market=drawn.market).fit(drawn.data).score(drawn.queries))
    segment = drawn.ndcg(segments(drawn))
    assert 0.15 < oracle < 0.5
    assert drawn.ndcg(popularity(drawn)) <= 0.40 * oracle
    assert segment <= 0.60 * oracle
    assert 1.15 * segment <= drawn.ndcg(item_knn(drawn)) < oracle


def test_the_oracle_is_better_than_any_part_of_what_it_knows() -> None:
    drawn = case()
    oracle = Oracle(market=drawn.market).fit(drawn.data)
    full = oracle.score(drawn.queries)
    parts = []
    for left_out in (["_add_running"], ["add_acceptances"], ["_add_running", "add_acceptances"]):
        with pytest.MonkeyPatch.context() as patch:
            for name in left_out:
                patch.setattr(expectation, name, lambda *_: None)
            parts.append(oracle.score(drawn.queries))
    offers = full - parts[1]
    others = [*parts, full + offers, full - offers / 2, *(full + part for part in parts[:2])]
    assert drawn.ndcg(full) > max(drawn.ndcg(other) for other in others)


def test_what_the_oracle_expects_is_what_happens() -> None:
    drawn = case(events=200_000, seed=3)
    expected = Oracle(market=drawn.market).fit(drawn.data).score(np.arange(len(drawn.happened)))
    # A person whose alias is linked late is listed twice, with one year of events.
    is_customer_id = np.char.startswith(drawn.data.customers.ids.astype(str), "C")
    expected, happened = expected[is_customer_id].ravel(), drawn.happened[is_customer_id].ravel()
    assert expected.sum() == pytest.approx(drawn.happened.sum(), rel=0.08)
    for low, high in [(1e-3, 1e-2), (1e-2, 0.03), (0.03, 0.1), (0.1, 0.3), (0.3, 1)]:
        inside = (low <= expected) & (expected < high)
        assert happened[inside].sum() == pytest.approx(expected[inside].sum(), rel=0.2)


def test_the_oracle_resolves_aliases_and_does_not_depend_on_its_blocks() -> None:
    drawn = case(events=200_000, seed=3)
    market = drawn.market
    links = market.load().identities.tail(5)
    ids = np.r_[links["id_a"], links["id_b"], drawn.data.customers.ids[:700]].astype(object)
    data = SimpleNamespace(**{**vars(drawn.data), "customers": SimpleNamespace(ids=ids)})
    oracle = Oracle(market=market).fit(data)
    rows = np.arange(5)
    np.testing.assert_allclose(oracle.score(rows), oracle.score(rows + 5), rtol=1e-6)
    np.testing.assert_allclose(
        oracle.score(np.arange(710))[690:], oracle.score(np.arange(690, 710)), rtol=1e-6
    )
    assert oracle.score(rows).dtype == np.float32
    at_branch = oracle.score(rows, np.full(5, 2))
    assert not np.array_equal(at_branch, oracle.score(rows))
    np.testing.assert_array_equal(oracle.score(rows, np.full(5, -1)), oracle.score(rows))


def test_the_oracle_refuses_other_data() -> None:
    drawn = case()
    foreign = SimpleNamespace(
        **{**vars(drawn.data), "customers": SimpleNamespace(ids=np.array([17]))}
    )
    with pytest.raises(InputError, match="customer id '17' is not in this market"):
        Oracle(market=drawn.market).fit(foreign)
    timeless = SimpleNamespace(**{**vars(drawn.data), "as_of": None})
    with pytest.raises(InputError, match="data with a cut-off in time"):
        Oracle(market=drawn.market).fit(timeless)


def test_where_the_oracle_expects_them() -> None:
    drawn = case()
    oracle = Oracle(market=drawn.market).fit(drawn.data)
    rows = drawn.queries[:50]
    full = oracle.score(rows)
    best = full.argmax(axis=1)
    by_touchpoint = oracle.score_touchpoints(rows, best)
    assert by_touchpoint.shape == (50, len(drawn.data.touchpoints.ids))
    assert (by_touchpoint >= 0).all()
    # What is expected at all touchpoints is what is expected in all, but for the three-way term,
    # which the sum takes at each touchpoint and the whole at their mean.
    np.testing.assert_allclose(by_touchpoint.sum(axis=1), full[np.arange(50), best], rtol=0.25)


def test_without_the_three_way_term_the_touchpoint_changes_no_choice() -> None:
    drawn = case()
    plain = Oracle(market=drawn.market, three_way=False).fit(drawn.data)
    rows, count = drawn.queries[:20], len(drawn.data.touchpoints.ids)
    full = Oracle(market=drawn.market).fit(drawn.data)

    def spread(oracle: Oracle) -> float:
        scores = np.stack([oracle.score(rows, np.full(20, row)) for row in range(count)])
        return float(np.ptp(scores, axis=0).max())

    assert spread(plain) < 1e-6 < spread(full)
