from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from recsys.errors import InputError
from recsys.evaluation.metrics.probability import calibration_slope
from recsys.models.acceptance import Acceptance, Boosting, Features, Learner, Pairwise
from recsys.ops.calibrator import Platt

NAMES = ("customer.a", "customer.b", "offer.a", "touchpoint.a", "send.a")
QUICK: dict[str, Any] = {"trees": 30, "leaves": 4, "least": 20}


def made(count: int = 4000, seed: int = 0) -> tuple[Features, np.ndarray, np.ndarray]:
    """Features of sends whose acceptance hangs on customer x offer, their outcomes, customers."""
    generator = np.random.default_rng(seed)
    values = generator.normal(size=(count, len(NAMES)))
    chance = expit(-1 + 1.5 * values[:, 0] * values[:, 2])
    outcome = (generator.random(count) < chance).astype(np.int64)
    values[generator.random(count) < 0.1, 4] = np.nan
    return Features(values=values, names=NAMES), outcome, generator.integers(0, 500, count)


def right(probability: np.ndarray, outcome: np.ndarray) -> float:
    ones, zeros = probability[outcome == 1], probability[outcome == 0]
    return float((ones[:, None] > zeros).mean())


def test_the_pairwise_form_finds_who_likes_what() -> None:
    features, outcome, _ = made()
    unseen, answers, _ = made(1000, seed=1)
    crossed = Pairwise(l2=1, crossed=1).fit(features, outcome).probability(unseen)
    alone = Pairwise(l2=1, crossed=0).fit(features, outcome).probability(unseen)
    assert right(crossed, answers) > 0.75
    assert right(alone, answers) < 0.55


def test_boosting_finds_it_too() -> None:
    features, outcome, _ = made()
    unseen, answers, _ = made(1000, seed=1)
    probabilities = Boosting(trees=200, least=20).fit(features, outcome).probability(unseen)
    assert right(probabilities, answers) > 0.7


def test_a_missing_value_is_average_and_flagged() -> None:
    generator = np.random.default_rng(0)
    values = generator.normal(size=(2000, 1))
    gone = generator.random(2000) < 0.3
    values[gone] = np.nan
    outcome = (generator.random(2000) < np.where(gone, 0.8, 0.2)).astype(np.int64)
    features = Features(values=values, names=("send.days",))
    probabilities = Pairwise(l2=0.01).fit(features, outcome).probability(features)
    assert probabilities[gone] == pytest.approx(outcome[gone].mean(), abs=0.01)
    assert probabilities[~gone].mean() == pytest.approx(outcome[~gone].mean(), abs=0.01)


@pytest.mark.parametrize("learner", [Pairwise(l2=1000), Boosting(**QUICK)])
@pytest.mark.parametrize("calibration", ["platt", "isotonic"])
def test_probabilities_are_calibrated(learner: Learner, calibration: str) -> None:
    features, outcome, customers = made()
    unseen, answers, _ = made(4000, seed=1)
    model = Acceptance(learner, calibration=calibration).fit(features, outcome, customers)
    probabilities = model.probability(unseen)
    assert probabilities.mean() == pytest.approx(answers.mean(), abs=0.02)
    assert calibration_slope(probabilities, answers).slope == pytest.approx(1, abs=0.2)
    # Held back so strongly, the plain learner is far too timid.
    if isinstance(learner, Pairwise):
        assert calibration_slope(learner.probability(unseen), answers).slope > 1.5


class Memory:
    """A learner that knows the outcomes of the customers it saw, and nothing of others."""

    def fit(self, features: Features, outcome: np.ndarray) -> "Memory":
        self.known = dict(zip(features.values[:, 0], outcome, strict=True))
        return self

    def probability(self, features: Features) -> np.ndarray:
        return np.array([0.1 + 0.8 * self.known.get(row, 0.5) for row in features.values[:, 0]])


def test_no_customer_vouches_for_themselves() -> None:
    customers = np.repeat(np.arange(50), 4)
    features = Features(values=customers[:, None].astype(float), names=("customer.id",))
    outcome = customers % 2
    model = Acceptance(Memory()).fit(features, outcome, customers)
    # Of customers it has not seen, the learner says 0.5 throughout: nothing to lean on.
    assert model.calibrator == Platt(float(logit(0.5)), 0.0)


def test_the_same_seed_gives_the_same_model() -> None:
    features, outcome, customers = made(500)
    first, second = (
        Acceptance(Pairwise()).fit(features, outcome, customers).probability(features)
        for _ in range(2)
    )
    np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("outcome", "words"),
    [
        ([0] * 20, "at least 5 resolved sends that were accepted, got 0"),
        ([1] * 18 + [0] * 2, "at least 5 resolved sends that were not accepted, got 2"),
        ([1] * 10 + [0] * 9 + [-1], "expected outcomes 1 or 0; leave out"),
    ],
)
def test_outcomes_that_teach_nothing(outcome: list[int], words: str) -> None:
    features = Features(values=np.arange(20.0)[:, None], names=("send.a",))
    with pytest.raises(InputError, match=words):
        Acceptance(Pairwise()).fit(features, np.array(outcome), np.arange(20))


@pytest.mark.parametrize("learner", [Pairwise(), Boosting(**QUICK)])
def test_other_columns_than_it_was_fitted_on(learner: Learner) -> None:
    features, outcome, _ = made(500)
    other = Features(values=features.values, names=NAMES[::-1])
    with pytest.raises(ValueError, match="expected the columns that it was fitted on"):
        learner.fit(features, outcome).probability(other)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Pairwise(l2=0), "l2: expected a number > 0, got 0"),
        (lambda: Pairwise(crossed=2), "crossed: expected a number >= 0 and <= 1, got 2"),
        (lambda: Boosting(leaves=1), "leaves: expected a number >= 2, got 1"),
        (lambda: Acceptance(Pairwise(), calibration="beta"), "platt or isotonic, got 'beta'"),
        (lambda: Acceptance(Pairwise(), folds=1), "folds: expected a number >= 2, got 1"),
    ],
)
def test_settings_out_of_range(make: Any, words: str) -> None:
    with pytest.raises(InputError, match=words):
        make()
