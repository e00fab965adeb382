"""What every model keeps to; a model's tests inherit this."""

from typing import Any, ClassVar

import numpy as np
import pandas as pd
import pytest
from in_memory import dataset_of, source_of

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.data.split import TimeSplit
from recsys.evaluation.per_query import evaluate
from recsys.models.base import (
    EmbeddingRecommender,
    FilterRecommender,
    FoldIn,
    Recommender,
    TunesItself,
)
from recsys.models.factorise import factorise
from recsys.models.popularity import Popularity

IDLE = "idle"
"""A customer without events; the products table also knows a product without any."""

BLOCKS, BLOCK = 4, 8


def market(**change: Any) -> Dataset:
    """60 days of 24 customers with 15 products at two touchpoints, some of it without product."""
    generator = np.random.default_rng(11)
    count = 260
    table = pd.DataFrame(
        {
            "customer_id": [f"c{i}" for i in generator.integers(0, 24, count)],
            "product_id": [f"p{i}" for i in np.minimum(generator.geometric(0.2, count), 15)],
            "touchpoint": generator.choice(["app", "web"], count),
            "action": generator.choice(["view", "purchase", "purchase", "reject"], count),
            "timestamp": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(generator.integers(0, 60 * 86_400, count), unit="s"),
            "value": generator.random(count),
        }
    )
    table.loc[::20, ["product_id", "action"]] = [None, "contact"]
    table = table.assign(**change).dropna(axis=1, how="all")
    side = {"customers": {"customer_id": [IDLE]}, "products": {"product_id": ["unsold"]}}
    return dataset_of(table, side)


def without_clock() -> Dataset:
    return market(timestamp=None)


def with_order() -> Dataset:
    return market(timestamp=None, order=np.arange(260))


def without_touchpoints() -> Dataset:
    return market(touchpoint=None)


def without_targets() -> Dataset:
    return market(action="view")


def one_product() -> Dataset:
    table = {"customer_id": [1, 2, 3], "product_id": [7, 7, 7], "timestamp": ["2026-01-01"] * 3}
    return dataset_of(table)


def one_customer() -> Dataset:
    table = {"customer_id": [1, 1], "product_id": [7, 8], "timestamp": ["2026-01-01"] * 2}
    return dataset_of(table)


def one_event() -> Dataset:
    return dataset_of({"customer_id": [1], "product_id": [7]})


WORLDS = [
    without_clock, with_order, without_touchpoints, without_targets, one_product, one_customer,
    one_event,
]  # fmt: skip


def new_customers() -> Window:
    """30 customers with 40 products, and a window in which 60 others take what is popular."""
    generator = np.random.default_rng(4)
    known, new = 240, 120
    customers = [f"c{i}" for i in generator.integers(0, 30, known)]
    # Each of them twice, so that there is a ranking to be right about.
    customers += [f"new{i // 2}" for i in range(new)]
    table = pd.DataFrame(
        {
            "customer_id": customers,
            "product_id": [f"p{i}" for i in np.minimum(generator.geometric(0.15, known + new), 40)],
            "action": "purchase",
            "timestamp": pd.Timestamp("2026-01-01")
            + pd.to_timedelta(np.arange(known + new), unit="h"),
        }
    )
    side = {"products": {"product_id": [f"p{i}" for i in range(1, 41)]}}
    source = source_of(table, side, targets=("purchase",))
    cuts = {"valid_from": table["timestamp"][known], "test_from": table["timestamp"].iloc[-10]}
    split = TimeSplit(**{name: str(moment) for name, moment in cuts.items()})
    return split.split(dataset_of(table, side), source).valid


def called() -> Dataset:
    """The market, with a customer whom the firm called about all products and who did nothing."""
    count = 15
    table = pd.DataFrame(
        {
            "customer_id": [f"c{i % 5}" for i in range(count)] + ["called"] * count,
            "product_id": [f"p{i % 4}" for i in range(count)] + [f"p{i}" for i in range(count)],
            "action": ["purchase"] * count + ["contact"] * count,
        }
    )
    return dataset_of(table, {"customers": {"customer_id": [IDLE]}})


def everyone(data: Dataset) -> IntArray:
    return np.arange(len(data.customers))


def close(found: FloatArray, wanted: FloatArray, tolerance: float) -> None:
    """Equal up to a share of the largest value."""
    scale = max(float(np.abs(wanted).max()), 1e-12)
    np.testing.assert_allclose(found, wanted, rtol=0, atol=tolerance * scale)


def folded(fold_in: FoldIn, customer: int) -> FloatArray:
    """The vector of a stored customer by the formula of `FoldIn`, in float64."""
    weights = fold_in.history[[customer]].toarray()[0].astype(np.float64)
    products = fold_in.products.astype(np.float64)
    right: FloatArray = weights @ products
    if fold_in.gram is None:
        return right / max(float(np.linalg.norm(right)), 1e-30) if fold_in.unit else right
    had = np.flatnonzero(weights)
    more = products[had].T @ ((weights[had] - 1)[:, None] * products[had])
    solved: FloatArray = np.linalg.solve(fold_in.gram.astype(np.float64) + more, right)
    return solved


def folded_all(fold_in: FoldIn) -> FloatArray:
    """The vectors of all stored customers."""
    return np.stack([folded(fold_in, row) for row in range(fold_in.history.shape[0])])


class ModelContract:
    """Inherited by the tests of every model, which say how it is made."""

    def make(self, **change: Any) -> Recommender:
        raise NotImplementedError("say in your test class which model: def make(self, **change)")

    @pytest.fixture
    def data(self) -> Dataset:
        return market()

    @pytest.fixture
    def model(self, data: Dataset) -> Recommender:
        return self.make().fit(data)

    def test_fit_returns_the_model(self, data: Dataset) -> None:
        model = self.make()
        assert model.fit(data) is model

    def test_scores_are_float32_finite_and_one_a_product(
        self, model: Recommender, data: Dataset
    ) -> None:
        scores = model.score(np.array([3, 0, 3], np.int32))
        assert scores.shape == (3, len(data.products))
        assert scores.dtype == np.float32
        assert np.isfinite(model.score(everyone(data))).all()
        np.testing.assert_array_equal(scores[0], scores[2])

    def test_scores_may_be_overwritten(self, model: Recommender, data: Dataset) -> None:
        customers = everyone(data)
        scores = model.score(customers)
        before = scores.copy()
        # Evaluation masks in place, so a view into the model would ruin it.
        scores[:] = -np.inf
        np.testing.assert_array_equal(model.score(customers), before)
        alone = model.score(customers[:1])
        alone[:] = np.inf
        np.testing.assert_array_equal(model.score(customers), before)

    def test_the_same_seed_gives_the_same_scores(self, model: Recommender, data: Dataset) -> None:
        again = self.make().fit(data)
        np.testing.assert_array_equal(again.score(everyone(data)), model.score(everyone(data)))

    def test_a_customer_alone_is_a_row_of_the_batch(
        self, model: Recommender, data: Dataset
    ) -> None:
        batch = model.score(everyone(data))
        for customer in everyone(data):
            close(model.score(np.array([customer])), batch[[customer]], 1e-5)

    def test_nobody_asked_gives_no_row(self, model: Recommender, data: Dataset) -> None:
        assert model.score(np.zeros(0, np.int32)).shape == (0, len(data.products))

    def test_a_customer_without_history_is_scored(self, model: Recommender, data: Dataset) -> None:
        assert np.isfinite(model.score(np.array([data.customers.row(IDLE)]))).all()

    def test_new_customers_are_ranked_as_well_as_by_popularity(self) -> None:
        window = new_customers()
        assert (window.queries.history == 0).all()
        quality = {}
        for name, model in (("own", self.make()), ("popularity", Popularity())):
            fitted = model.fit(window.past)
            found = evaluate(fitted.score, window.queries, [10], progress=False, metrics=["ndcg"])
            quality[name] = found.values["ndcg@10"].mean()
        assert quality["popularity"] > 0.3
        assert quality["own"] > 0.95 * quality["popularity"]

    def test_whom_only_the_firm_contacted_is_ranked_as_somebody_without_events(self) -> None:
        data = called()
        model = self.make().fit(data)
        theirs, nobodys = model.score(
            np.array([data.customers.row(who) for who in ("called", IDLE)])
        )
        np.testing.assert_array_equal(theirs, nobodys)
        # All that was bought comes before all that was not.
        bought = np.bincount(data.interactions.products[data.is_target], minlength=len(theirs)) > 0
        assert nobodys[bought].min() > nobodys[~bought].max()

    def test_touchpoints_may_be_named(self, model: Recommender, data: Dataset) -> None:
        customers = everyone(data)
        touchpoints = np.zeros(len(customers), np.int32)
        scores = model.score(customers, touchpoints)
        assert scores.shape == (len(customers), len(data.products))
        assert np.isfinite(scores).all()

    def test_a_refit_on_more_data_is_as_good_as_a_fresh_fit(
        self, model: Recommender, data: Dataset
    ) -> None:
        half = data.select(np.arange(len(data.interactions)) < len(data.interactions) // 2)
        again = self.make().fit(half).fit(data)
        np.testing.assert_array_equal(again.score(everyone(data)), model.score(everyone(data)))

    def test_the_data_stay_as_they_were(self, data: Dataset) -> None:
        before = {
            name: None if array is None else array.copy()
            for name, array in vars(data.interactions).items()
        }
        self.make().fit(data).score(everyone(data))
        for name, array in vars(data.interactions).items():
            np.testing.assert_array_equal(array, before[name])

    @pytest.mark.parametrize("world", WORLDS)
    def test_odd_worlds(self, world: Any) -> None:
        data = world()
        scores = self.make().fit(data).score(everyone(data))
        assert scores.shape == (len(data.customers), len(data.products))
        assert scores.dtype == np.float32
        assert np.isfinite(scores).all()


class EmbeddingContract(ModelContract):
    """For models whose scores are inner products."""

    folds_in: ClassVar[bool] = True

    def fitted(self, data: Dataset) -> EmbeddingRecommender:
        model = self.make().fit(data)
        assert isinstance(model, EmbeddingRecommender)
        return model

    def test_inner_products_are_the_scores(self, data: Dataset) -> None:
        model = self.fitted(data)
        found = model.embeddings()
        assert found.customers.dtype == found.products.dtype == np.float32
        assert len(found.customers) == len(data.customers)
        assert len(found.products) == len(data.products)
        close(found.customers @ found.products.T, model.score(everyone(data)), 1e-4)

    def test_nobody_has_a_vector_that_scores_as_a_customer_without_events(
        self, data: Dataset
    ) -> None:
        model = self.fitted(data)
        found = model.embeddings()
        assert found.default_customer is not None
        assert found.default_customer.dtype == np.float32
        assert found.default_customer.shape == found.products.shape[1:]
        wanted = model.score(np.array([data.customers.row(IDLE)]))[0]
        close(found.products @ found.default_customer, wanted, 1e-5)

    def test_folding_in_gives_the_stored_vectors(self, data: Dataset) -> None:
        model = self.fitted(data)
        fold_in = model.fold_in()
        if not self.folds_in:
            assert fold_in is None
            return
        assert fold_in is not None
        has_events = np.diff(fold_in.history.indptr) > 0
        assert not has_events.all()
        close(folded_all(fold_in)[has_events], model.embeddings().customers[has_events], 1e-3)


class FilterContract(ModelContract):
    """For models that apply_filter a customer's history."""

    def test_the_history_is_spread(self, data: Dataset) -> None:
        model = self.make().fit(data)
        assert isinstance(model, FilterRecommender)
        identity = np.eye(len(data.products), dtype=np.float32)
        apply_filter = model.apply_filter(identity)
        assert apply_filter.dtype == np.float32
        assert model.bias.dtype == np.float32
        close(model.history @ apply_filter + model.bias, model.score(everyone(data)), 1e-4)
        close(model.apply_transposed_filter(identity), apply_filter.T, 1e-5)

    def test_nobody_has_a_vector_that_scores_by_popularity(self, data: Dataset) -> None:
        model = self.make().fit(data)
        assert isinstance(model, FilterRecommender)
        found = factorise(model, 8).embeddings
        assert found.default_customer is not None
        np.testing.assert_array_equal(found.products @ found.default_customer, model.bias)
        idle = found.customers[data.customers.row(IDLE)]
        np.testing.assert_array_equal(idle, found.default_customer)

    def test_a_spread_may_be_overwritten(self, data: Dataset) -> None:
        model = self.make().fit(data)
        assert isinstance(model, FilterRecommender)
        identity = np.eye(len(data.products), dtype=np.float32)
        model.apply_filter(identity)[:] = np.nan
        np.testing.assert_array_equal(identity, np.eye(len(data.products)))


class ChoosingContract(ModelContract):
    """For models that settle some of their own settings on valid."""

    def test_what_is_chosen_is_kept_and_reproduces_the_model(self, data: Dataset) -> None:
        model = self.make()
        assert isinstance(model, TunesItself)
        shape = (len(data.customers), len(data.products))
        target = np.random.default_rng(5).standard_normal(shape)

        def likeness(score: Any) -> float:
            return float((score(everyone(data)) * target).sum())

        half = data.select(np.arange(len(data.interactions)) < len(data.interactions) // 2)
        before = dict(model.chosen)
        chosen = dict(model.fit(half, likeness).chosen)
        assert chosen != before
        assert dict(model.fit(data).chosen) == chosen
        fresh = self.make(**chosen).fit(data)
        np.testing.assert_array_equal(fresh.score(everyone(data)), model.score(everyone(data)))


class PersonalisedContract(ModelContract):
    """For models that learn what a customer likes: data whose answer is obvious."""

    @pytest.fixture
    def blocks(self) -> Dataset:
        """Customers of a block had all its products but one, another one each."""
        rows = [
            (f"{block}-c{customer}", f"{block}-p{product}")
            for block in range(BLOCKS)
            for customer in range(BLOCK)
            for product in range(BLOCK)
            if product != customer
        ]
        return dataset_of(pd.DataFrame(rows, columns=["customer_id", "product_id"]))

    def ranked(self, data: Dataset) -> tuple[list[str], IntArray, FloatArray]:
        scores = self.make().fit(data).score(everyone(data))
        customers = list(data.customers.ids)
        held = np.array([data.products.row(name.replace("c", "p")) for name in customers])
        return customers, held, scores

    def test_the_block_comes_first(self, blocks: Dataset) -> None:
        customers, _, scores = self.ranked(blocks)
        own = []
        for name, row in zip(customers, scores, strict=True):
            best = blocks.products.ids[np.argsort(-row)[:BLOCK]]
            own.append(np.mean([product[0] == name[0] for product in best]))
        assert np.mean(own) > 0.95

    def test_the_held_out_product_is_the_first_new_one(self, blocks: Dataset) -> None:
        _, held, scores = self.ranked(blocks)
        events = blocks.interactions
        scores[events.customers, events.products] = -np.inf
        assert np.mean(scores.argmax(axis=1) == held) > 0.95
