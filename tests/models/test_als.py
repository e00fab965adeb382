from typing import Any

import numpy as np
import pytest
from in_memory import dataset_of, outside

from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.models.als import ALS, SOLVERS
from recsys.models.popularity import fallback
from recsys.testing import EmbeddingContract, PersonalisedContract
from recsys.testing.data import close, everyone, market


class TestALS(PersonalisedContract, EmbeddingContract):
    def make(self, **change: Any) -> ALS:
        return ALS(**{"dim": 6, "epochs": 10, "device": "cpu", **change})


class TestALSOfThePaper(TestALS):
    """No exponents; actions weighed, hardly any regularisation."""

    def make(self, **change: Any) -> ALS:
        paper = {"customer_exponent": 0.0, "product_exponent": 0.0, "l2": 0.01}
        return super().make(**{**paper, "actions": {"purchase": 3, "view": 1}, **change})


def solved(confidence: np.ndarray, other: np.ndarray, l2: float) -> np.ndarray:
    """[n, d] exact solutions of the normal equations for the rows of confidence [n, m]."""
    vectors = []
    for row in confidence:
        had = row > 0
        weight = np.where(had, row, 1.0)
        left = other.T @ (weight[:, None] * other) + l2 * np.eye(other.shape[1])
        vectors.append(np.linalg.solve(left, other.T @ (weight * had)))
    return np.array(vectors)


class TestALSByConjugateGradients(TestALS):
    def make(self, **change: Any) -> ALS:
        return super().make(**{"solver": "conjugate_gradient", **change})


@pytest.mark.parametrize("solver", SOLVERS)
def test_the_normal_equations_hold_on_both_sides_at_convergence(solver: str) -> None:
    data = market()
    model = ALS(dim=3, epochs=400, alpha=4.0, l2=0.7, solver=solver, device="cpu").fit(data)
    embeddings = model.embeddings()
    confidence = model.confidence(data).toarray().astype(np.float64)
    # The last column is not solved for: popularity, of customers without events alone.
    customers = solved(confidence, embeddings.products[:, :-1].astype(np.float64), 0.7)
    close(embeddings.customers[:, :-1], customers, 1e-4)
    products = solved(confidence.T, embeddings.customers[:, :-1].astype(np.float64), 0.7)
    close(embeddings.products[:, :-1], products, 1e-3)


def test_strengths_by_hand() -> None:
    table = {"customer_id": ["a", "a", "a", "b"], "product_id": ["x", "x", "y", "x"]}
    data = dataset_of(table)
    plain = ALS(alpha=3, customer_exponent=0, product_exponent=0, device="cpu").confidence(data)
    # Counts 2, 1 and 1 have the mean 4/3.
    np.testing.assert_allclose(
        outside(data, plain), [[1 + 3 * 2 * 3 / 4, 1 + 3 * 3 / 4], [1 + 3 * 3 / 4, 0]], rtol=1e-6
    )
    by_degree = ALS(alpha=3, customer_exponent=1, product_exponent=0, device="cpu")
    # Divided by the customers' 3 events and 1: 2/3, 1/3 and 1 with the mean 2/3.
    np.testing.assert_allclose(
        outside(data, by_degree.confidence(data)), [[4, 2.5], [5.5, 0]], rtol=1e-6
    )


def test_actions_reach_the_strengths(shop: Dataset) -> None:
    bought = ALS(actions={"purchase": 1}, device="cpu").confidence(shop)
    assert bought.nnz == 7
    nothing = ALS(actions={"cart": 1}, dim=2, epochs=1, device="cpu").fit(shop)
    assert np.isfinite(nothing.score(everyone(shop))).all()


def test_a_customer_without_history_has_popularity_alone() -> None:
    data = market()
    model = ALS(dim=4, epochs=2, device="cpu").fit(data)
    embeddings, idle = model.embeddings(), data.customers.row("idle")
    assert embeddings.customers[idle].tolist() == [0, 0, 0, 0, 1]
    others = np.delete(np.arange(len(data.customers)), idle)
    assert (embeddings.customers[others, -1] == 0).all()
    ratio = embeddings.products[:, -1] / fallback(data).max()
    np.testing.assert_allclose(ratio / ratio.max(), fallback(data) / fallback(data).max())
    assert embeddings.products[:, -1].max() == np.abs(model.product_vectors).max()


def test_scores_of_who_has_events_are_those_of_their_vectors_to_the_digit() -> None:
    data = market()
    model = ALS(dim=4, epochs=2, device="cpu").fit(data)
    known = np.flatnonzero(~model.unknown.rows)
    plain = model.customer_vectors[known] @ model.product_vectors.T
    np.testing.assert_array_equal(model.score(known), plain)


def test_the_learning_curve_knows_popularity_too() -> None:
    data, points = market(), []

    class Watching:
        def __call__(self, score: Any) -> float:
            raise AssertionError("epochs are asked about")

        def after(self, epoch: int, score: Any) -> float:
            points.append(score(np.array([data.customers.row("idle")]))[0])
            return 0.0

    ALS(dim=4, epochs=3, device="cpu").fit(data, Watching())
    best = fallback(data).argmax()
    assert [int(point.argmax()) for point in points] == [best, best]


def test_the_seed_matters() -> None:
    data = market()
    first, second = (ALS(dim=4, epochs=1, seed=seed, device="cpu").fit(data) for seed in (0, 1))
    assert not np.array_equal(first.score(everyone(data)), second.score(everyone(data)))


def test_more_dimensions_than_products() -> None:
    data = market()
    scores = ALS(dim=40, epochs=2, device="cpu").fit(data).score(everyone(data))
    assert np.isfinite(scores).all()


def test_without_regularisation() -> None:
    data = market()
    scores = ALS(dim=4, epochs=3, l2=0.0, device="cpu").fit(data).score(everyone(data))
    assert np.isfinite(scores).all()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"dim": 0}, r"model.dim: expected a number >= 1 and <= 4096, got 0"),
        ({"epochs": 0}, r"model.epochs: expected a number >= 1, got 0"),
        ({"alpha": 0}, r"model.alpha: expected a number > 0, got 0"),
        ({"l2": -1}, r"model.l2: expected a number >= 0, got -1"),
        ({"customer_exponent": 3}, r"model.customer_exponent: .* <= 2, got 3"),
        ({"product_exponent": -1}, r"model.product_exponent: .* got -1"),
        ({"half_life": 0}, r"model.half_life: expected a number > 0, got 0"),
        ({"alpha": float("nan")}, r"model.alpha: .* got nan"),
        ({"solver": "lu"}, r"model.solver: expected exact or conjugate_gradient, got 'lu'"),
        ({"device": "tpu"}, r"device: expected auto, cpu or cuda, got 'tpu'"),
    ],
)
def test_out_of_range(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words):
        ALS(**settings)


@pytest.mark.gpu
@pytest.mark.parametrize("solver", SOLVERS)
def test_the_gpu_gives_the_vectors_of_the_cpu(solver: str) -> None:
    data = market()
    on_cpu, on_gpu = (
        ALS(dim=6, epochs=3, l2=2.0, solver=solver, device=kind).fit(data)
        for kind in ("cpu", "cuda")
    )
    close(on_gpu.embeddings().customers, on_cpu.embeddings().customers, 5e-3)
    close(on_gpu.embeddings().products, on_cpu.embeddings().products, 5e-3)
