from collections import Counter
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.policy.exploration import BetaPosterior, Draws, GaussianPosterior, Thompson


@dataclass
class Given:
    """A posterior whose samples [B, M, n] are known."""

    table: np.ndarray

    def __len__(self):
        return len(self.table)

    @property
    def candidates(self):
        return self.table.shape[2]

    def samples(self, rows, draws, count):
        return self.table[rows, :count]


def draws_of(size, seed=0):
    return Draws.of(seed=seed, customers=np.arange(size), moments=np.full(size, 77))


def gaussian(size, seed=0, n=5, dim=3):
    generator = np.random.default_rng(seed)
    factors = generator.normal(size=(size, 4, dim))
    return GaussianPosterior(
        means=generator.normal(size=(size, dim)),
        grams=np.swapaxes(factors, 1, 2) @ factors,
        vectors=generator.normal(size=(n, dim)),
        sigma=0.7,
        l2=0.5,
    )


@given(st.integers(0, 10_000), st.integers(1, 4))
def test_propensities_are_the_shares_of_the_samples_in_fractions(seed, k):
    generator = np.random.default_rng(seed)
    # Few distinct values, so that ties and common prefixes happen.
    table = generator.integers(0, 3, (3, 8, 3)).astype(float)
    mask = generator.random((3, 3)) < 0.7
    policy, draws = Thompson(8), draws_of(3, seed)
    choice = policy.choose(Given(table), draws, k, mask)
    chances = policy.probabilities(Given(table), draws, mask)
    for row in range(3):
        slates = Counter()
        for sample in table[row]:
            allowed = [each for each in range(3) if mask[row, each]]
            ranked = sorted(allowed, key=lambda each: (-sample[each], each))[:k]
            slates[tuple(ranked + [-1] * (k - len(ranked)))] += 1
        slate = tuple(choice.actions[row])
        assert slates[slate] > 0
        above = 8
        for slot in range(k):
            agree = sum(
                count for each, count in slates.items() if each[: slot + 1] == slate[: slot + 1]
            )
            assert choice.propensities[row, slot] == float(Fraction(agree, above))
            above = agree
        for candidate in range(3):
            first = sum(count for each, count in slates.items() if each[0] == candidate)
            assert chances[row, candidate] == first / 8


def test_decisions_appear_as_often_as_their_propensities_say():
    # All customers have the same samples; which of them is followed is drawn for each.
    size = 30_000
    table = np.broadcast_to(np.random.default_rng(1).normal(size=(1, 10, 3)), (size, 10, 3))
    choice = Thompson(10).choose(Given(table), draws_of(size), 2)
    chance = choice.propensities.prod(axis=1)
    statistic = 0.0
    for slate in np.unique(choice.actions, axis=0):
        rows = (choice.actions == slate).all(axis=1)
        expected = size * chance[rows][0]
        statistic += (rows.sum() - expected) ** 2 / expected
    assert statistic < 20.5
    assert set(choice.propensities[:, 0]) <= {each / 10 for each in range(11)}


def test_a_masked_candidate_has_probability_zero_and_an_empty_row_stays_empty():
    posterior, mask = gaussian(3), np.ones((3, 5), bool)
    mask[0, 2], mask[1] = False, False
    chances = Thompson(50).probabilities(posterior, draws_of(3), mask)
    assert chances[0, 2] == 0
    assert np.allclose(chances.sum(axis=1), [1, 0, 1])
    choice = Thompson(50).choose(posterior, draws_of(3), 7, mask)
    assert (choice.actions[1] == -1).all()
    assert (choice.propensities[1] == 1).all()
    assert (choice.actions[0, 4:] == -1).all()
    assert 2 not in choice.actions[0]


@pytest.mark.parametrize("kind", ["gaussian", "beta"])
def test_replaying_a_log_gives_the_same_decisions_in_any_order_and_batch(kind):
    size = 60
    generator = np.random.default_rng(2)
    counts = generator.integers(0, 20, (2, size, 5))
    whole_posterior = gaussian(size)

    def of(rows):
        if kind == "beta":
            return BetaPosterior(accepted=counts[0][rows], refused=counts[1][rows], prior=0.5)
        return GaussianPosterior(
            means=whole_posterior.means[rows],
            grams=whole_posterior.grams[rows],
            vectors=whole_posterior.vectors,
            sigma=0.7,
            l2=0.5,
        )

    policy, draws = Thompson(16), draws_of(size, seed=9)
    whole = policy.choose(of(np.arange(size)), draws, 2)
    order = generator.permutation(size)
    for rows in (order[:7], order[7:]):
        again = policy.choose(of(rows), draws.rows(rows), 2)
        assert (again.actions == whole.actions[rows]).all()
        assert (again.propensities == whole.propensities[rows]).all()


def test_vector_samples_have_the_mean_and_covariance_of_ridge_regression():
    posterior = gaussian(1, n=3)
    posterior = GaussianPosterior(
        means=posterior.means, grams=posterior.grams, vectors=np.eye(3), sigma=0.7, l2=0.5
    )
    samples = posterior.samples(slice(0, 1), draws_of(1), 60_000)[0]
    expected = 0.49 * np.linalg.inv(posterior.grams[0] + 0.5 * np.eye(3))
    assert np.allclose(samples.mean(axis=0), posterior.means[0], atol=0.01)
    assert np.allclose(np.cov(samples.T), expected, atol=0.01)


def test_one_gram_and_vectors_of_each_customer_are_taken_as_well():
    posterior = gaussian(2)
    shared = GaussianPosterior(
        means=posterior.means, grams=posterior.grams[0], vectors=np.stack([posterior.vectors] * 2)
    )
    assert shared.candidates == 5
    assert shared.samples(slice(0, 2), draws_of(2), 4).shape == (2, 4, 5)


@pytest.mark.parametrize(("accepted", "refused", "prior"), [(0, 0, 0.5), (3, 10, 1.0), (0, 7, 1.0)])
def test_rate_samples_have_the_mean_and_variance_of_the_beta_distribution(accepted, refused, prior):
    posterior = BetaPosterior(
        accepted=np.array([[accepted]]), refused=np.array([[refused]]), prior=prior
    )
    samples = posterior.samples(slice(0, 1), draws_of(1), 60_000).ravel()
    a, b = prior + accepted, prior + refused
    assert abs(samples.mean() - a / (a + b)) < 0.005
    assert abs(samples.var() - a * b / ((a + b) ** 2 * (a + b + 1))) < 0.003


def test_thompson_over_messages_finds_the_better_one_and_its_log_is_unbiased():
    rates, size, rounds = np.array([0.1, 0.3, 0.2]), 400, 30
    generator = np.random.default_rng(4)
    accepted, refused = np.zeros(3), np.zeros(3)
    terms = []
    for moment in range(rounds):
        posterior = BetaPosterior(
            accepted=np.tile(accepted, (size, 1)), refused=np.tile(refused, (size, 1))
        )
        draws = Draws.of(seed=0, customers=np.arange(size), moments=np.full(size, moment, np.int64))
        choice = Thompson(32).choose(posterior, draws)
        action = choice.actions[:, 0]
        reward = generator.random(size) < rates[action]
        # A target that follows the log's own probabilities, swapped half-way towards uniform.
        chances = Thompson(32).probabilities(posterior, draws)
        support = chances > 0
        target = 0.5 * chances + 0.5 * support / support.sum(axis=1, keepdims=True)
        weight = target[np.arange(size), action] / choice.propensities[:, 0]
        terms.append(weight * reward - (target * rates).sum(axis=1))
        accepted += np.bincount(action, reward, 3)
        refused += np.bincount(action, ~reward, 3)
    assert np.bincount(action, minlength=3).argmax() == 1
    errors = np.concatenate(terms)
    assert abs(errors.mean()) < 3 * errors.std() / np.sqrt(len(errors))


def test_the_worth_of_a_sample_decides():
    posterior = BetaPosterior(accepted=np.array([[50, 50]]), refused=np.array([[50, 50]]))
    rewards = np.array([1.0, 10.0])
    choice = Thompson(8).choose(
        posterior, draws_of(1), 1, worth=lambda rate, rows: rate * rewards - 0.1
    )
    assert choice.actions.tolist() == [[1]]
    assert choice.propensities.tolist() == [[1.0]]


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: Thompson(0), "exploration.count"),
        (lambda: Thompson().choose(gaussian(2), draws_of(2), 0), "k"),
        (lambda: Thompson().choose(gaussian(2), draws_of(1)), "mask"),
        (lambda: Thompson().choose(gaussian(2), draws_of(2), 1, np.ones((1, 5), bool)), "mask"),
        (lambda: Thompson().choose(Given(np.full((1, 64, 2), np.nan)), draws_of(1)), "worth"),
        (lambda: BetaPosterior(accepted=-np.ones((1, 1)), refused=np.ones((1, 1))), "accepted"),
        (lambda: BetaPosterior(accepted=np.ones((1, 1)), refused=np.ones((1, 2))), "refused"),
        (
            lambda: BetaPosterior(accepted=np.ones((1, 1)), refused=np.ones((1, 1)), prior=0),
            "prior",
        ),
        (
            lambda: GaussianPosterior(means=np.ones((1, 2)), grams=np.eye(3), vectors=np.eye(2)),
            "grams",
        ),
        (
            lambda: GaussianPosterior(means=np.ones((1, 2)), grams=np.eye(2), vectors=np.eye(3)),
            "vectors",
        ),
        (
            lambda: GaussianPosterior(
                means=np.ones((1, 2)), grams=np.eye(2), vectors=np.eye(2), sigma=0
            ),
            "sigma",
        ),
        (
            lambda: GaussianPosterior(
                means=np.ones((1, 2)), grams=np.zeros((2, 2)), vectors=np.eye(2)
            ).samples(slice(0, 1), draws_of(1), 2),
            "l2",
        ),
    ],
)
def test_a_wrong_argument_is_named(call, key):
    with pytest.raises(InputError) as error:
        call()
    assert error.value.key == key
