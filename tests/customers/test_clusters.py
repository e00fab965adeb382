"""Clusters: found again, numbered by size, told in words, a column that cut-offs obey."""

import numpy as np
import pandas as pd
import pytest
from event_tables import data_of, events
from public_data import published
from scipy.sparse import csr_array
from test_look_alikes import directions

from recsys import ALS, TimeSplit
from recsys.customers.similar.clusters import find_clusters
from recsys.customers.similar.facts import CustomerFacts, Fact, customer_facts
from recsys.customers.similar.profile import profiles
from recsys.customers.similar.ratios import ratios
from recsys.customers.similar.vectors import TooFewCustomersError, customer_vectors
from recsys.customers.similar.words import in_words
from recsys.customers.with_clusters import WithClusters
from recsys.data.dataset import Dataset
from recsys.data.frames import Frames
from recsys.data.snapshots import Snapshot
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.data.sources.movielens import MovieLens
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.models.segment_column import column_cells


def test_as_many_clusters_as_there_are_come_out_and_the_largest_is_first() -> None:
    vectors, group = directions(6, 60, noise=0.12)
    kept = np.random.default_rng(0).permutation(len(group) - 30)
    clusters = find_clusters(vectors[kept])
    assert len(clusters) == 6
    assert clusters.agreement.value > 0.95
    pairs = pd.crosstab(group[kept], clusters.labels)
    assert (pairs.max(axis=1) == pairs.sum(axis=1)).all()
    sizes = np.bincount(clusters.labels)
    assert (np.diff(sizes) <= 0).all()
    assert group[kept][clusters.labels == 5].tolist() == [5] * 30


def test_what_is_no_cluster_does_not_come_out_again() -> None:
    noise = np.random.default_rng(0).standard_normal((600, 8)).astype(np.float32)
    clusters = find_clusters(noise / np.linalg.norm(noise, axis=1, keepdims=True), 5)
    assert clusters.agreement.high < 0.6
    with pytest.raises(TooFewCustomersError, match="clusters: expected at most 120, a fifth of"):
        find_clusters(noise, 200)


def test_ratios_are_those_of_mean_shares_with_the_error_of_both() -> None:
    shares = np.zeros((40, 2))
    shares[:20, 0], shares[20:, 0] = np.tile([0.5, 1], 10), np.tile([0.25, 0.25], 10)
    shares[:5, 1] = 1
    labels = np.repeat([0, 1], 20)
    every = ratios(csr_array(shares), labels, 2, level=0.95)
    assert every.ratio[0, 0] == pytest.approx(3)
    assert every.ratio[1, 0] == pytest.approx(1 / 3)
    # Mean .75, variance .0625 of twenty: error of the log .25 / .75 / sqrt(20).
    half = 1.959964 * 0.25 / 0.75 / 20**0.5
    assert every.low[0, 0] == pytest.approx(3 / np.exp(half), rel=1e-6)
    # Too few have the other fact inside; nobody outside, as if one more had.
    assert np.isnan(every.ratio[:, 1]).all()
    shares[:10, 1] = 1
    assert ratios(csr_array(shares), labels, 2, level=0.95).ratio[0, 1] == pytest.approx(0.5 * 21)


def facts_of(labels: np.ndarray, **numbers: np.ndarray) -> CustomerFacts:
    """Loans go to the first cluster, cards to all; values rise with the label."""
    rng = np.random.default_rng(0)
    loan = np.where(labels == 0, 0.6, 0.1) + rng.uniform(-0.05, 0.05, len(labels))
    shares = np.column_stack([loan, 1 - loan, rng.random(len(labels))])
    kinds = (Fact("category", "loans"), Fact("category", "cards"), Fact("touchpoint", "app"))
    value = labels * 10 + rng.random(len(labels))
    return CustomerFacts(
        facts=kinds, shares=csr_array(shares), numbers=numbers, value=value,
        bands=np.where(value > 15, "high", "low").astype(object),
    )  # fmt: skip


def test_a_profile_tells_what_is_surely_over_represented_and_names_are_unique() -> None:
    labels = np.repeat([0, 1, 2], 80)
    age = np.where(labels == 0, 31.0, 44.0) + np.tile(np.arange(-4.0, 4), 30)
    first, second, third = profiles(labels, 3, facts_of(labels, age=age))
    assert first.name == "loans"
    assert {second.name, third.name} == {"cards", "cards, more age"}
    assert [trait.fact.value for trait in first.traits] == ["loans"]
    assert first.traits[0].ratio.low > 1
    assert (first.band, second.band, third.band) == ("low", "medium", "high")
    said = in_words(first)
    assert said.startswith("80 customers (33%). Takes loans 5.8 times as often as others (60%")
    assert "Age: median 30.5 against 43.5." in said
    assert "Value: low (mean 0.5" in said


def test_noise_has_no_traits() -> None:
    rng = np.random.default_rng(0)
    wrong = 0
    for _ in range(20):
        labels = rng.integers(0, 4, 400)
        facts = CustomerFacts(
            facts=tuple(Fact("column", str(number)) for number in range(30)),
            shares=csr_array((rng.random((400, 30)) < 0.3).astype(float)),
            numbers={"age": rng.normal(size=400)}, value=rng.random(400),
            bands=np.full(400, "low", object),
        )  # fmt: skip
        made = profiles(labels, 4, facts)
        wrong += any(profile.traits or profile.numbers for profile in made)
        assert made[0].name == "average"
        assert len({profile.name for profile in made}) == 4
    assert wrong <= 3


def shop(weeks: int = 40) -> Tables:
    """Sixty customers of three tastes; each buys one product of its taste a week."""
    rng = np.random.default_rng(0)
    rows = [
        (f"c{customer:02}", f"p{customer % 3}{rng.integers(0, 4)}", "purchase",
         7.0 * week + rng.random(), 10.0 * (customer % 3 + 1))
        for customer in range(60) for week in range(1, weeks)
    ]  # fmt: skip
    table = events(rows)
    products = pd.DataFrame({"product_id": sorted(set(table["product_id"]))})
    products["category"] = products["product_id"].str[1].map({"0": "tea", "1": "jam", "2": "soap"})
    return Tables(interactions=table, products=products)


def source(kind: type[WithClusters] = WithClusters, **settings: object) -> WithClusters:
    """The shop with clusters of ALS."""
    frames = Frames(tables=shop(), targets=("purchase",), filter_seen=False, name="shop")
    return kind(source=frames, model=ALS(dim=4, device="cpu"), **{"clusters": 3, **settings})


CUTOFFS = {"valid_from": "2026-01-01", "test_from": "2026-02-01"}


def test_clusters_are_a_column_by_date_that_the_audit_counts_again() -> None:
    data = Dataset.from_source(source())
    split = TimeSplit(**CUTOFFS).split(data)
    for past in (split.valid.past, split.test.past):
        cells, count = column_cells(past, "cluster")
        assert count == 3
        table = past.side_tables["customers"]
        assert set(table["cluster"].dropna()) == {"tea", "jam", "soap"}
        assert (table["valid_from"] < pd.Timestamp(past.as_of, unit="us", tz="UTC")).all()
        taste = pd.Series(past.customers.ids).str[1:].astype(int) % 3
        assert pd.crosstab(taste, cells).to_numpy().astype(bool).sum() == 3


class Leaky(WithClusters):
    """Clusters by all that ever happened, whatever the moment."""

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        assert data.as_of is not None
        table = super().snapshot(data, data.as_of).customers
        return Snapshot(table.assign(cluster=str(len(data.interactions))))


def test_a_leak_planted_in_clusters_is_caught() -> None:
    data = Dataset.from_source(source(Leaky))
    with pytest.raises(InputError, match=r"leakage audit, snapshots of valid: customers: customer"):
        TimeSplit(**CUTOFFS).split(data)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"clusters": 1}, r"data\.clusters: expected auto or a number of at least 2, got 1"),
        ({"clusters": "many"}, r"data\.clusters: expected auto or a number"),
        ({"every": 0}, r"data\.every: expected a number of days >= 1"),
        ({"model": object()}, r"data\.model: expected a model with vectors, such as als"),
        ({"source": None}, r"data\.source: expected a source of tables, got WithClusters"),
    ],
)
def test_settings_that_cannot_be_used_are_refused(settings: dict, message: str) -> None:
    if "source" in settings:
        settings = {"source": source()}
    base = {"source": Frames(tables=shop(), targets=("purchase",), filter_seen=False, name="shop"),
            "model": ALS(dim=4)}  # fmt: skip
    with pytest.raises(InputError, match=message):
        WithClusters(**(base | settings))


def test_the_fingerprint_knows_the_model_and_the_number() -> None:
    versions = {source(**settings).version for settings in ({}, {"clusters": 4}, {"every": 30})}
    assert len(versions) == 3
    assert "'dim': 4" in source().version


def test_facts_are_shares_of_what_each_customer_did() -> None:
    rows = [("ann", "p", "purchase", 10.0, 30.0), ("ann", "p", "purchase", 9.0, 10.0),
            ("ann", "q", "purchase", 8.5, 0.0), ("bob", "q", "purchase", 3.0, 5.0),
            ("bob", "q", "reject", 2.0, 0.0)]  # fmt: skip
    products = pd.DataFrame({"product_id": ["p", "q"], "category": ["loan", "card"],
                             "name": ["Home loan", None]})  # fmt: skip
    customers = pd.DataFrame({"customer_id": ["ann", "bob"], "age": [20, 40],
                              "language": ["de", None], "student": [True, False]})  # fmt: skip
    data = data_of(rows, products=products, customers=customers)
    order = np.array([data.customers.row("ann"), data.customers.row("bob")])
    facts = customer_facts(data, order)
    names = [f"{fact.kind}={fact.value}" for fact in facts.facts]
    table = pd.DataFrame(facts.shares.toarray(), columns=names)
    assert table["category=loan"].tolist() == pytest.approx([2 / 3, 0])
    assert table["product=Home loan"].tolist() == pytest.approx([2 / 3, 0])
    assert table["product=q"].tolist() == pytest.approx([1 / 3, 1])
    assert table["language=de"].tolist() == [1, 0]
    assert table.filter(like="daypart").sum(axis=1).tolist() == [1, 1]
    assert facts.numbers["age"].tolist() == [20, 40]
    assert facts.numbers["events"].tolist() == [3, 1]
    assert facts.value.tolist() == [40, 5]


def test_only_customers_with_events_that_count_are_compared_in_order_of_ids() -> None:
    rows = [(f"c{number:02}", "p" if number % 2 else "q", "purchase", 5.0, 1.0)
            for number in range(25)]  # fmt: skip
    data = data_of([*rows, ("zed", "p", "reject", 4.0, 1.0)])
    model = ALS(dim=2, device="cpu").fit(data)
    made = model.embeddings()
    vectors = customer_vectors(made.customers, made.products, data)
    assert vectors.without_events == 1
    assert data.customers.ids[vectors.customers].tolist() == sorted(f"c{n:02}" for n in range(25))
    assert np.linalg.norm(vectors.vectors, axis=1) == pytest.approx(1, abs=1e-6)
    few = data.select(data.interactions.customers < 5)
    with pytest.raises(TooFewCustomersError, match="interactions: expected at least 20 customers"):
        customer_vectors(made.customers, made.products, few)


@pytest.mark.realdata
def test_three_tastes_in_films_come_out_again_and_none_in_groceries() -> None:
    found = {}
    for name, made in (("movielens_100k", MovieLens), ("complete_journey", CompleteJourney)):
        data = Dataset.from_source(made(root=published(name)))
        # Converged: after fewer epochs the vectors, and the clusters with them, hang on the seed.
        model = ALS(dim=16, epochs=30, device="cpu").fit(data)
        vectors = model.embeddings()
        compared = customer_vectors(vectors.customers, vectors.products, data)
        found[name] = find_clusters(compared.vectors, 3).agreement
    assert found["movielens_100k"].low > 0.8
    assert found["complete_journey"].high < 0.5
