"""What every model keeps to, and what one that learns tastes does."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.evaluation.per_query import evaluate
from recsys.models.base import Recommender
from recsys.models.popularity import Popularity
from recsys.testing import data as worlds
from recsys.testing.data import BLOCK, IDLE, close, everyone


class ModelContract:
    """Inherited by the tests of every model, which say how it is made: `make(self, **change)`.

    `make` is to give a small and quick model that trains on the CPU. `change` holds constructor
    arguments to be replaced; only some suites use it.
    """

    def make(self, **change: Any) -> Recommender:
        """The model under test, not fitted.

        Args:
            change: constructor arguments that replace yours.
        """
        raise NotImplementedError(
            "your test class has to say which model: def make(self, **change): "
            "return MyModel(**change)"
        )

    @pytest.fixture
    def data(self) -> Dataset:
        """The data that most tests fit on."""
        return worlds.market()

    @pytest.fixture
    def model(self, data: Dataset) -> Recommender:
        """The model, fitted."""
        return self.make().fit(data)

    def test_fit_returns_the_model(self, data: Dataset) -> None:
        """So that `Model().fit(data).score(...)` reads in one line."""
        model = self.make()
        assert model.fit(data) is model, "fit has to return self (or self.remember(data))"

    def test_scores_are_float32_finite_and_one_a_product(
        self, model: Recommender, data: Dataset
    ) -> None:
        """`score` gives [Q, P] for row numbers [Q], in their order, repeated or not."""
        scores = model.score(np.array([3, 0, 3], np.int32))
        _require_scores(scores, 3, data)
        _require_scores(model.score(everyone(data)), len(data.customers), data)
        np.testing.assert_array_equal(
            scores[0], scores[2], "score: the same customer asked twice has to get the same row"
        )

    def test_scores_may_be_overwritten(self, model: Recommender, data: Dataset) -> None:
        """Evaluation masks in place, so a view into the model would ruin it."""
        customers = everyone(data)
        scores = model.score(customers)
        before = scores.copy()
        message = "score: return a fresh array, not a view of what the model keeps (use .copy())"
        scores[:] = -np.inf
        np.testing.assert_array_equal(model.score(customers), before, message)
        alone = model.score(customers[:1])
        alone[:] = np.inf
        np.testing.assert_array_equal(model.score(customers), before, message)

    def test_the_same_seed_gives_the_same_scores(self, model: Recommender, data: Dataset) -> None:
        """All randomness comes from a seed that the constructor takes."""
        refitted = self.make().fit(data)
        np.testing.assert_array_equal(
            refitted.score(everyone(data)),
            model.score(everyone(data)),
            "two models made alike differ: draw from np.random.default_rng(self.seed) in fit",
        )

    def test_a_customer_alone_is_a_row_of_the_batch(
        self, model: Recommender, data: Dataset
    ) -> None:
        """Scores depend on the customer, not on who else is in the batch."""
        batch = model.score(everyone(data))
        for customer in everyone(data):
            close(
                model.score(np.array([customer])), batch[[customer]], 1e-5,
                f"score: customer row {customer} alone differs from its row in a batch of all",
            )  # fmt: skip

    def test_nobody_asked_gives_no_row(self, model: Recommender, data: Dataset) -> None:
        """`score` of no customer is [0, P]."""
        shape = model.score(np.zeros(0, np.int32)).shape
        expected = (0, len(data.products))
        assert shape == expected, f"score of no customer: expected shape {expected}, got {shape}"

    def test_a_customer_without_history_is_scored(self, model: Recommender, data: Dataset) -> None:
        """No NaN for who has no event."""
        scores = model.score(np.array([data.customers.row(IDLE)]))
        assert np.isfinite(scores).all(), "score: not finite for a customer without events"

    def test_new_customers_are_ranked_as_well_as_by_popularity(self) -> None:
        """Who has no event gets what is popular: start from `popularity.fallback(data)`."""
        window = worlds.new_customers()
        assert (window.queries.history == 0).all()
        quality = {}
        for name, model in (("model", self.make()), ("popularity", Popularity())):
            fitted = model.fit(window.past)
            measured = evaluate(
                fitted.score, window.queries, [10], progress=False, metrics=["ndcg"]
            )
            quality[name] = measured.values["ndcg@10"].mean()
        assert quality["popularity"] > 0.3
        assert quality["model"] > 0.95 * quality["popularity"], (
            f"customers without events are ranked with ndcg@10 {quality['model']:.3f}, and "
            f"popularity reaches {quality['popularity']:.3f}; add "
            "recsys.models.popularity.fallback(data) to the scores, or rank them by it alone"
        )

    def test_whom_only_the_firm_contacted_is_ranked_as_somebody_without_events(self) -> None:
        """Being called about a product is no interest in it: `action_weights` gives it 0."""
        data = worlds.only_contacted()
        model = self.make().fit(data)
        of_called, of_idle = model.score(
            np.array([data.customers.row(name) for name in ("called", IDLE)])
        )
        np.testing.assert_array_equal(
            of_called, of_idle,
            "a contact by the firm counts as interest: build the history by "
            "recsys.graph.bipartite.interaction_matrix, which weighs actions",
        )  # fmt: skip
        bought = np.bincount(data.interactions.products[data.is_target], minlength=len(of_idle)) > 0
        assert of_idle[bought].min() > of_idle[~bought].max(), (
            "for a customer without events, what nobody bought stands before what was bought"
        )

    def test_touchpoints_may_be_named(self, model: Recommender, data: Dataset) -> None:
        """`score(customers, touchpoints)` takes row numbers [Q] of touchpoints, used or not."""
        customers = everyone(data)
        scores = model.score(customers, np.zeros(len(customers), np.int32))
        _require_scores(scores, len(customers), data)

    def test_a_refit_on_more_data_is_as_good_as_a_fresh_fit(
        self, model: Recommender, data: Dataset
    ) -> None:
        """`fit` begins anew: a run refits on train + valid, and an export on everything."""
        half = data.select(np.arange(len(data.interactions)) < len(data.interactions) // 2)
        refitted = self.make().fit(half).fit(data)
        np.testing.assert_array_equal(
            refitted.score(everyone(data)),
            model.score(everyone(data)),
            "a second fit keeps something of the first: make all state in fit",
        )

    def test_the_data_stay_as_they_were(self, data: Dataset) -> None:
        """Models share one `Dataset`, so none may write into it."""
        before = {
            name: None if array is None else array.copy()
            for name, array in vars(data.interactions).items()
        }
        self.make().fit(data).score(everyone(data))
        for name, array in vars(data.interactions).items():
            np.testing.assert_array_equal(
                array, before[name], f"fit or score changed data.interactions.{name}; copy it first"
            )

    @pytest.mark.parametrize("world", worlds.WORLDS)
    def test_odd_worlds(self, world: Callable[[], Dataset]) -> None:
        """Data without times, touchpoints or targets, and of one customer, product or event."""
        data = world()
        scores = self.make().fit(data).score(everyone(data))
        _require_scores(scores, len(data.customers), data)


class PersonalisedContract(ModelContract):
    """For models that learn what a customer likes: data whose answer is obvious."""

    @pytest.fixture
    def blocks(self) -> Dataset:
        """Customers of a block had all its products but one, another one each."""
        return worlds.blocks()

    def ranked(self, data: Dataset) -> tuple[list[str], IntArray, FloatArray]:
        """Ids of customers [C], the product row left out for each [C], scores [C, P]."""
        scores = self.make().fit(data).score(everyone(data))
        customers = list(data.customers.ids)
        held_out = np.array([data.products.row(name.replace("c", "p")) for name in customers])
        return customers, held_out, scores

    def test_the_block_comes_first(self, blocks: Dataset) -> None:
        """The eight products of a customer's block lead the list."""
        customers, _, scores = self.ranked(blocks)
        shares = []
        for name, row in zip(customers, scores, strict=True):
            best = blocks.products.ids[np.argsort(-row)[:BLOCK]]
            shares.append(np.mean([product[0] == name[0] for product in best]))
        assert np.mean(shares) > 0.95, (
            f"customers of a block had products of that block alone, and only "
            f"{np.mean(shares):.0%} of their first {BLOCK} are of it"
        )

    def test_the_held_out_product_is_the_first_new_one(self, blocks: Dataset) -> None:
        """Of what a customer has not had, the product of the block comes first."""
        _, held_out, scores = self.ranked(blocks)
        events = blocks.interactions
        scores[events.customers, events.products] = -np.inf
        right = np.mean(scores.argmax(axis=1) == held_out)
        assert right > 0.95, (
            f"the one product of their block that customers have not had is their first new one "
            f"for {right:.0%} only"
        )


def _require_scores(scores: FloatArray, customers: int, data: Dataset) -> None:
    expected = (customers, len(data.products))
    assert isinstance(scores, np.ndarray), f"score: expected an array, got {type(scores).__name__}"
    assert scores.shape == expected, (
        f"score: expected shape [customers asked, all products] = {expected}, got {scores.shape}"
    )
    assert scores.dtype == np.float32, (
        f"score: expected float32, got {scores.dtype}; use .astype(np.float32)"
    )
    assert np.isfinite(scores).all(), "score: expected finite numbers, got nan or inf"
