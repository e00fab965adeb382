"""The suites of recsys.testing fail on what is wrong, with a message that says what to change."""

import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from mybank.learned_layers import LearnedLayers
from mybank.next_product import NextProduct
from mybank.pure_svd import PureSVD
from mybank.unseen_customers import UnseenCustomers

from recsys import Popularity, SimulatedMarket, testing
from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.models.base import Embeddings
from recsys.models.stored_filter import StoredFilter
from recsys.testing.data import market, new_customers


class Float64(NextProduct):
    def score(self, *arguments: Any) -> FloatArray:
        return super().score(*arguments).astype(np.float64)


class OneViewForAll(Popularity):
    def score(self, customers: Any, touchpoints: Any = None) -> FloatArray:
        self.kept = getattr(self, "kept", np.tile(self.counts, (100, 1)))
        return self.kept[: len(customers)]


class Unseeded(NextProduct):
    def score(self, *arguments: Any) -> FloatArray:
        noise = np.random.default_rng().random(len(self.popular))
        return (super().score(*arguments) + noise).astype(np.float32)


class WithoutFallback(NextProduct):
    def fit(self, data: Dataset, validate: Any = None) -> Any:
        super().fit(data)
        self.popular = np.zeros(len(data.products), np.float32)
        return self


class Remembering(NextProduct):
    def fit(self, data: Dataset, validate: Any = None) -> Any:
        before = getattr(self, "following", 0)
        super().fit(data)
        self.following = self.following + before
        return self


class Overwriting(NextProduct):
    def fit(self, data: Dataset, validate: Any = None) -> Any:
        data.interactions.products[:] = 0
        return super().fit(data)


class Shifted(PureSVD):
    def embeddings(self) -> Embeddings:
        vectors = super().embeddings()
        return replace(vectors, products=vectors.products + np.float32(1))


class DoubledHistory(PureSVD):
    def fold_in(self) -> Any:
        rule = super().fold_in()
        assert rule is not None
        return replace(rule, history=2 * rule.history)


class OtherSeedAfterAKill(LearnedLayers):
    def fit(self, data: Dataset, validate: Any = None) -> Any:
        self.seed += 1 if self.checkpoint else 0
        return super().fit(data, validate)


class RandomSource(SimulatedMarket):
    def load(self) -> Any:
        tables = super().load()
        return replace(tables, interactions=tables.interactions.sample(frac=0.5))


class Undescribed(UnseenCustomers):
    def split(self, *arguments: Any) -> Any:
        return replace(super().split(*arguments), description=" ")


class CoOccurrence(StoredFilter):
    """A filter as the guide to an exportable model says in one sentence."""

    def __init__(self) -> None:
        self.actions, self.half_life = None, None

    def _filter(self, history: Any) -> Any:
        return (history.T @ history).tocsr().astype(np.float32)


class TestCoOccurrence(testing.FilterContract, testing.PersonalisedContract):
    def make(self, **change: Any) -> CoOccurrence:
        return CoOccurrence(**change)


def suite(kind: type, made: Callable[[], Any]) -> Any:
    """An instance of a suite, as a test class of somebody's own would inherit it."""

    class Test(kind):  # type: ignore[misc]
        def make(self, **change: Any) -> Any:
            return made(**change)

    return Test()


def model_test(kind: type, model: type, name: str, fitted: bool = True) -> None:
    data, tests = market(), suite(kind, model)
    test = getattr(tests, name)
    test(tests.make().fit(data), data) if fitted else test(data)


FAILING: list[tuple[str, Callable[[], None]]] = [
    ("expected float32, got float64; use .astype", lambda: model_test(
        testing.ModelContract, Float64, "test_scores_are_float32_finite_and_one_a_product")),
    ("return a fresh array", lambda: model_test(
        testing.ModelContract, OneViewForAll, "test_scores_may_be_overwritten")),
    ("default_rng(self.seed)", lambda: model_test(
        testing.ModelContract, Unseeded, "test_the_same_seed_gives_the_same_scores")),
    ("popularity.fallback(data)", suite(testing.ModelContract, WithoutFallback)
        .test_new_customers_are_ranked_as_well_as_by_popularity),
    ("keeps something of the first", lambda: model_test(
        testing.ModelContract, Remembering, "test_a_refit_on_more_data_is_as_good_as_a_fresh_fit")),
    ("changed data.interactions.products; copy it", lambda: model_test(
        testing.ModelContract, Overwriting, "test_the_data_stay_as_they_were", fitted=False)),
    ("the model needs the property 'chosen'", lambda: model_test(
        testing.TunesItselfContract, NextProduct,
        "test_what_is_chosen_is_kept_and_reproduces_the_model", fitted=False)),
    ("lacks 'embeddings' and 'fold_in'", lambda: model_test(
        testing.EmbeddingContract, NextProduct, "test_inner_products_are_the_scores",
        fitted=False)),
    ("put a bias into two more columns", lambda: model_test(
        testing.EmbeddingContract, Shifted, "test_inner_products_are_the_scores", fitted=False)),
    ("its formula does not give the vectors", lambda: model_test(
        testing.EmbeddingContract, DoubledHistory, "test_folding_in_gives_the_stored_vectors",
        fitted=False)),
    ("lacks 'apply_filter' and 'apply_transposed_filter'", lambda: model_test(
        testing.FilterContract, NextProduct, "test_the_history_is_spread", fitted=False)),
    ("sort them, fix seeds", suite(testing.SourceContract, lambda: RandomSource(events=1_000))
        .test_it_loads_the_same_each_time),
    ("description: expected a text with all settings", lambda: suite(
        testing.SplitContract, Undescribed).test_it_says_in_words_what_it_did(
            Undescribed(valid_from="2026-02-01", test_from="2026-02-15").split(market()))),
]  # fmt: skip
"""What the message says, and the test that fails with it."""


@pytest.mark.parametrize(("said", "test"), FAILING, ids=[said for said, _ in FAILING])
def test_a_suite_says_what_is_wrong(said: str, test: Callable[[], None]) -> None:
    with pytest.raises(AssertionError) as failure:
        test()
    assert said in str(failure.value)


def test_a_fit_that_does_not_resume_where_it_stood_is_noticed(tmp_path: Any) -> None:
    tests = suite(
        testing.CheckpointContract,
        lambda **change: OtherSeedAfterAKill(
            **{"dim": 4, "batch_size": 16, "device": "cpu", **change}
        ),
    )
    with pytest.raises(AssertionError, match="killed after epoch 1 and resumed"):
        tests.test_a_fit_killed_while_validating_ends_the_same(market(), tmp_path)


@pytest.mark.parametrize(
    ("metric", "test", "said"),
    [
        (lambda hit: 1 - hit[:, 0], "test_hits_are_better_than_none", "better where it is higher"),
        (lambda hit: hit[:, 0] / max(hit.sum(), 1), "test_it_does_not_depend_on_other_queries",
         "alone differs"),
        (lambda lists: lists.sort() or lists[:, 0], "test_it_changes_nothing", "changed lists"),
    ],
    ids=["lower is better", "of all queries", "sorts in place"],
)  # fmt: skip
def test_a_metric_that_will_not_do_is_noticed(metric: Any, test: str, said: str) -> None:
    tests = suite(testing.MetricContract, lambda: metric)
    inputs = testing.MetricContract.inputs.__wrapped__(tests)
    with pytest.raises(AssertionError, match=said):
        getattr(tests, test)(inputs)


def test_a_suite_without_make_says_what_to_write() -> None:
    for kind in (testing.ModelContract, testing.SourceContract, testing.SplitContract,
                 testing.MetricContract):  # fmt: skip
        with pytest.raises(NotImplementedError, match=r"your test class has to say which"):
            kind().make()


def test_without_pytest_the_import_says_what_to_install() -> None:
    code = "import sys; sys.modules['pytest'] = None; import recsys.testing"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1] == (
        "ModuleNotFoundError: recsys.testing needs pytest, which is not installed: "
        "pip install pytest"
    )


def test_new_customers_of_the_suite_have_no_history() -> None:
    assert (new_customers().queries.history == 0).all()
