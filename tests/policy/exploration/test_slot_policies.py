from fractions import Fraction
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.errors import InputError
from recsys.evaluation.off_policy.log import LoggedDecisions
from recsys.policy.exploration import Draws, Epsilon, Softmax

POLICIES = [Epsilon(0.0), Epsilon(0.3), Epsilon(1.0), Softmax(0.5), Softmax(20.0)]


def draws_of(size, seed=0):
    return Draws.of(seed=seed, customers=np.arange(size), moments=np.full(size, 1_760_000_000))


@st.composite
def problems(draw):
    """Values with -inf, a mask, and a number of slots that may exceed what is permitted."""
    size, n = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    value = st.one_of(st.floats(-50, 50), st.just(-np.inf))
    values = draw(st.lists(st.lists(value, min_size=n, max_size=n), min_size=size, max_size=size))
    flags = draw(
        st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=size, max_size=size)
    )
    return np.array(values), np.array(flags), draw(st.integers(1, 8))


@given(problems(), st.sampled_from(POLICIES))
def test_probabilities_sum_to_one_over_what_is_permitted(problem, policy):
    values, mask, _ = problem
    chances = policy.probabilities(values, mask)
    allowed = mask & (values > -np.inf)
    assert (chances[~allowed] == 0).all()
    assert np.allclose(chances.sum(axis=1), allowed.any(axis=1), rtol=0, atol=1e-12)


@given(problems(), st.sampled_from(POLICIES))
def test_slots_hold_permitted_candidates_once_and_stay_empty_when_none_is_left(problem, policy):
    values, mask, k = problem
    choice = policy.choose(values, draws_of(len(values)), k, mask)
    allowed = mask & (values > -np.inf)
    for row, actions in enumerate(choice.actions):
        chosen = actions[actions >= 0]
        assert len(set(chosen)) == len(chosen)
        assert allowed[row, chosen].all()
        assert (actions >= 0).tolist() == [slot < allowed[row].sum() for slot in range(k)]
    assert ((choice.propensities > 0) & (choice.propensities <= 1)).all()
    assert (policy.propensities(values, choice.actions, mask) == choice.propensities).all()


def test_epsilon_propensities_of_two_slots_among_three_equal_the_enumeration_in_fractions():
    epsilon, best_first = Fraction(3, 10), [1, 2, 0]
    values = np.array([[0.0, 2.0, 1.0]])
    total = Fraction(0)
    for slate in permutations(range(3), 2):
        left, expected = [0, 1, 2], []
        for action in slate:
            greedy = next(each for each in best_first if each in left)
            expected.append(epsilon / len(left) + (1 - epsilon) * (action == greedy))
            left.remove(action)
        total += expected[0] * expected[1]
        got = Epsilon(0.3).propensities(values, np.array([slate]))[0]
        assert np.allclose(got, [float(each) for each in expected], rtol=0, atol=1e-15)
    assert total == 1


def test_softmax_propensities_are_those_of_plackett_and_luce_in_fractions():
    weights = [Fraction(1), Fraction(2), Fraction(3), Fraction(6)]
    values = 5 * np.log([[1.0, 2.0, 3.0, 6.0]])
    total = Fraction(0)
    for slate in permutations(range(4), 3):
        left, expected = set(range(4)), []
        for action in slate:
            expected.append(weights[action] / sum(weights[each] for each in left))
            left.remove(action)
        total += expected[0] * expected[1] * expected[2]
        got = Softmax(5.0).propensities(values, np.array([slate]))[0]
        assert np.allclose(got, [float(each) for each in expected], rtol=0, atol=1e-15)
    assert total == 1


def test_a_slate_that_repeats_or_is_not_permitted_has_probability_zero():
    values, mask = np.zeros((2, 3)), np.array([[True, True, True], [True, False, True]])
    for policy in (Epsilon(0.5), Softmax(1.0)):
        chances = policy.propensities(values, np.array([[0, 0], [1, 2]]), mask)
        assert chances[0, 1] == 0
        assert chances[1, 0] == 0


def test_of_equal_values_the_first_is_the_best():
    assert Epsilon(0.0).choose(np.zeros((3, 4)), draws_of(3)).actions.ravel().tolist() == [0, 0, 0]


def test_a_decision_without_permitted_candidates_stays_empty():
    values = np.array([[1.0, 2.0], [1.0, 2.0]])
    mask = np.array([[False, False], [True, False]])
    for policy in POLICIES:
        choice = policy.choose(values, draws_of(2), 2, mask)
        assert choice.actions.tolist() == [[-1, -1], [0, -1]]
        assert choice.propensities.tolist() == [[1, 1], [1, 1]]
        assert policy.probabilities(values, mask).tolist() == [[0, 0], [1, 0]]


@pytest.mark.parametrize("policy", POLICIES)
def test_no_decisions_are_no_error(policy):
    assert policy.choose(np.zeros((0, 3)), draws_of(0), 2).actions.shape == (0, 2)


@pytest.mark.parametrize("policy", [Epsilon(0.4), Softmax(1.0)])
def test_slates_appear_as_often_as_their_propensities_say(policy):
    size = 30_000
    values = np.tile([0.3, 1.2, -0.5, 0.9], (size, 1))
    mask = np.tile([True, True, True, False], (size, 1))
    choice = policy.choose(values, draws_of(size, seed=5), 2, mask)
    statistic = 0.0
    for slate in permutations(range(3), 2):
        chance = policy.propensities(values[:1], np.array([slate]), mask[:1]).prod()
        seen = (choice.actions == slate).all(axis=1).sum()
        statistic += (seen - size * chance) ** 2 / (size * chance)
    assert statistic < 20.5  # chi-square of 5, p < 0.001


@pytest.mark.parametrize("policy", [Epsilon(0.4), Softmax(1.0)])
def test_replaying_a_log_gives_the_same_decisions_in_any_order_and_batch(policy):
    generator = np.random.default_rng(0)
    values, customers = generator.normal(size=(200, 7)), np.array([f"C{n}" for n in range(200)])
    moments = generator.integers(0, 10**9, 200)
    whole = policy.choose(values, Draws.of(seed=1, customers=customers, moments=moments), 3)
    order = generator.permutation(200)
    for rows in (order[:90], order[90:]):
        again = policy.choose(
            values[rows], Draws.of(seed=1, customers=customers[rows], moments=moments[rows]), 3
        )
        assert (again.actions == whole.actions[rows]).all()
        assert (again.propensities == whole.propensities[rows]).all()


@pytest.mark.parametrize("policy", [Epsilon(0.5), Softmax(1.0)])
def test_inverse_propensities_of_logged_draws_estimate_another_policy_without_bias(policy):
    size = 40_000
    generator = np.random.default_rng(3)
    values = generator.normal(size=(size, 4))
    mask = generator.random((size, 4)) < 0.8
    mask[:, 0] = True
    truth = generator.random((size, 4))
    choice = policy.choose(values, draws_of(size), 1, mask)
    action, rows = choice.actions[:, 0], np.arange(size)
    log = LoggedDecisions(
        actions=action,
        rewards=(generator.random(size) < truth[rows, action]).astype(float),
        propensities=choice.propensities[:, 0],
    )
    target = Softmax(3.0).probabilities(-values, mask)
    terms = target[rows, action] / log.propensities * log.rewards
    error = terms.std() / np.sqrt(size)
    assert abs(terms.mean() - (target * truth).sum(axis=1).mean()) < 3 * error


@pytest.mark.parametrize(
    ("call", "key"),
    [
        (lambda: Epsilon(1.5), "exploration.epsilon"),
        (lambda: Softmax(0.0), "exploration.temperature"),
        (lambda: Epsilon().probabilities(np.zeros(3)), "values"),
        (lambda: Epsilon().probabilities(np.array([[np.nan]])), "values"),
        (lambda: Softmax().probabilities(np.array([[np.inf]])), "values"),
        (lambda: Softmax().probabilities(np.zeros((1, 2)), np.ones((2, 1), bool)), "mask"),
        (lambda: Epsilon().choose(np.zeros((1, 2)), draws_of(1), 0), "k"),
        (lambda: Epsilon().choose(np.zeros((2, 2)), draws_of(1)), "k"),
    ],
)
def test_a_wrong_argument_is_named(call, key):
    with pytest.raises(InputError) as error:
        call()
    assert error.value.key == key
