"""Models of repeat purchases: against published fits, by hand, on customers of a known law."""

from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.special import beta, gamma

from recsys import Dataset
from recsys.customers.lifetime_value.beta_geometric import BetaGeometric
from recsys.customers.lifetime_value.bg_nbd import BGNBD
from recsys.customers.lifetime_value.bg_nbd import _Likelihood as BGNBDLikelihood
from recsys.customers.lifetime_value.estimate import with_interval
from recsys.customers.lifetime_value.gamma_gamma import GammaGamma
from recsys.customers.lifetime_value.gamma_gamma import _Likelihood as GammaGammaLikelihood
from recsys.customers.lifetime_value.newton import Fit
from recsys.customers.lifetime_value.observe import observe
from recsys.customers.lifetime_value.pareto_nbd import ParetoNBD
from recsys.customers.lifetime_value.pareto_nbd import _Likelihood as ParetoLikelihood
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory
from recsys.errors import InputError
from tests.public_data import published

MODELS = [(BGNBD, BGNBDLikelihood), (ParetoNBD, ParetoLikelihood)]
PARAMETERS = st.tuples(*[st.floats(0.2, 5.0)] * 4)
ONE = st.tuples(st.integers(0, 8), st.floats(0.01, 0.99), st.floats(1.0, 60.0))


def history(*customers: tuple[float, float, float]) -> PurchaseHistory:
    """Customers of (purchases, recency, age)."""
    columns = np.array(customers, float).T
    return PurchaseHistory(purchases=columns[0], recency=columns[1], age=columns[2])


def one(drawn: tuple[int, float, float]) -> PurchaseHistory:
    """A customer whose last purchase lies at a share of his age."""
    x, share, age = drawn
    return history((x, share * age if x else 0.0, age))


def fitted(model: type, *parameters: float) -> object:
    """A model with parameters that are set and not fitted."""
    made = model()
    made.fit_ = Fit(
        parameters=np.array(parameters), covariance=np.zeros((len(parameters),) * 2),
        at_end=np.zeros(len(parameters), bool), log_likelihood=0.0, steps=0,
    )  # fmt: skip
    return made


def cdnow() -> PurchaseHistory:
    table = pd.read_parquet(published("cdnow") + "/sample_summary.parquet")
    columns = (table[name].to_numpy(float) for name in ("frequency", "recency", "T"))
    return PurchaseHistory(**dict(zip(("purchases", "recency", "age"), columns, strict=True)))


@pytest.mark.realdata
@pytest.mark.parametrize(
    ("model", "parameters"),
    [(BGNBD, (0.243, 4.414, 0.793, 2.426)), (ParetoNBD, (0.553, 10.578, 0.606, 11.669))],
)
def test_parameters_of_the_cdnow_sample_are_the_published_ones(model, parameters) -> None:
    np.testing.assert_allclose(model().fit(cdnow()).parameters, parameters, rtol=2e-3)


@pytest.mark.realdata
def test_spending_of_all_returning_cdnow_customers_has_the_published_parameters() -> None:
    table = pd.read_parquet(published("cdnow") + "/transactions.parquet")
    table = table.assign(product_id="cd", action="purchase")
    until = table[table["timestamp"] <= pd.Timestamp("1997-09-30", tz=table["timestamp"].dt.tz)]
    seen = observe(Dataset.from_frames(until.drop(columns="number_of_cds")))
    has_value = seen.mean_value > 0
    model = GammaGamma().fit(seen.spent_on[has_value], seen.mean_value[has_value])
    np.testing.assert_allclose(model.parameters, (6.275, 3.624, 14.984), rtol=2e-3)


@given(PARAMETERS, ONE)
@settings(max_examples=15, deadline=None)
def test_bg_nbd_likelihood_is_the_integral_over_the_rates_and_dropouts(drawn, customer) -> None:
    r, alpha, a, b = drawn
    alone = one(customer)
    (x,), (t,), (age,) = alone.columns

    def of_rate(until: float) -> float:
        return quad(
            lambda z: (z / (1 - z)) ** (r + x - 1) * np.exp(-(alpha + until) * z / (1 - z))
            / (1 - z) ** 2 if 0 < z < 1 else 0.0, 0, 1, limit=200,
        )[0] * alpha**r / gamma(r)  # fmt: skip

    stayed = beta(a, b + x) / beta(a, b) * of_rate(age)
    left = beta(a + 1, b + x - 1) / beta(a, b) * of_rate(t) if x else 0.0
    value = BGNBDLikelihood(alone)(np.array(drawn))[0]
    assert value == pytest.approx(np.log(stayed + left), rel=1e-5, abs=1e-5)
    active = fitted(BGNBD, *drawn).probability_active(alone)
    assert active[0] == pytest.approx(stayed / (stayed + left), rel=1e-5)


@given(PARAMETERS, ONE)
@settings(max_examples=15, deadline=None)
def test_pareto_nbd_likelihood_is_the_integral_over_the_moment_of_leaving(drawn, customer) -> None:
    r, alpha, s, b = drawn
    alone = one(customer)
    (x,), (t,), (age,) = alone.columns
    front = gamma(r + x) / gamma(r) * alpha**r * b**s
    stayed = front * (alpha + age) ** -(r + x) * (b + age) ** -s
    left = front * s * quad(
        lambda y: (alpha + y) ** -(r + x) * (b + y) ** -(s + 1), t, age, epsabs=0, limit=200
    )[0]  # fmt: skip
    value = ParetoLikelihood(alone)(np.array(drawn))[0]
    assert value == pytest.approx(np.log(stayed + left), rel=1e-8, abs=1e-8)
    active = fitted(ParetoNBD, *drawn).probability_active(alone)
    assert active[0] == pytest.approx(stayed / (stayed + left), rel=1e-7)


@given(PARAMETERS)
@settings(max_examples=25, deadline=None)
@pytest.mark.parametrize("likelihood", [BGNBDLikelihood, ParetoLikelihood])
def test_gradient_and_hessian_are_those_of_the_likelihood(likelihood, drawn) -> None:
    law = likelihood(history((0, 0, 9), (1, 2, 9), (3, 8, 9), (7, 30, 31), (2, 5, 5)))
    assert_derivatives(law, np.array(drawn))


@given(st.tuples(*[st.floats(0.3, 8.0)] * 3))
@settings(max_examples=25, deadline=None)
def test_gradient_and_hessian_of_spending_are_those_of_the_likelihood(drawn) -> None:
    law = GammaGammaLikelihood(np.array([1.0, 2, 9, 1]), np.array([12.0, 30, 7, 0.5]))
    assert_derivatives(law, np.array(drawn))


def assert_derivatives(law, at: np.ndarray) -> None:
    _, gradient, hessian = law(at)
    for parameter, value in enumerate(at):
        step = np.zeros(len(at))
        step[parameter] = 1e-5 * value
        up, down = law(at + step), law(at - step)
        slope = (up[0] - down[0]) / (2 * step[parameter])
        assert gradient[parameter] == pytest.approx(slope, rel=1e-5, abs=1e-5)
        curve = (up[1] - down[1]) / (2 * step[parameter])
        np.testing.assert_allclose(hessian[parameter], curve, rtol=1e-4, atol=1e-5)


def test_a_new_customer_is_expected_to_buy_as_the_bg_nbd_mean_says() -> None:
    """With age 0 equation 9 holds; r = 1, a = 2, b = 1 make it a rational number.

    2F1(1, 1; 2; z) = -ln(1-z) / z, so E = 2 (1 - (1-z) (-ln(1-z)/z)) for z = 1/2 and alpha = 1.
    """
    model = fitted(BGNBD, 1.0, 1.0, 2.0, 1.0)
    expected = model.expected_purchases(history((0, 0, 0)), 1.0)
    assert expected[0] == pytest.approx(2 * (1 - np.log(2)))


@pytest.mark.parametrize(
    ("law", "customer", "duration", "purchases"),
    [
        # The formula in 40 digits. With b near 0 everybody leaves at the next purchase, so that the
        # first is 1 - (9.8 / 374.8)^.3: all values by mpmath.
        ((0.3, 0.8, 70_000, 1e-5), (0, 0, 9), 365.0, 0.664858701544),
        ((0.3, 0.8, 70_000, 1e-5), (1, 8, 8), 365.0, 0.992368705518 / (1 + 70_000 / 1e-5)),
    ],
)
def test_a_law_that_overflows_the_hypergeometric_function(
    law, customer, duration, purchases
) -> None:
    expected = fitted(BGNBD, *law).expected_purchases(history(customer), duration)
    assert expected[0] == pytest.approx(purchases, rel=1e-6)


@given(PARAMETERS, st.floats(0.5, 100.0))
@settings(max_examples=25, deadline=None)
def test_interpolated_expectations_are_those_computed_alone(drawn, duration) -> None:
    ages = np.linspace(3, 40, 300)
    many = history(*[(2.0, 3.0, age) for age in ages])
    model = fitted(BGNBD, *drawn)
    alone = [model.expected_purchases(many.take(np.array([row])), duration)[0] for row in (0, 150)]
    np.testing.assert_allclose(
        model.expected_purchases(many, duration)[[0, 150]], alone, rtol=1e-8, atol=1e-10
    )


@pytest.mark.parametrize(("model", "likelihood"), MODELS)
def test_expectations_add_up_to_what_the_population_does(model, likelihood) -> None:
    """E(X(0, T + d)) = E(X(0, T)) + E(E(X(T, T + d) | history)): checked by simulation."""
    rng = np.random.default_rng(0)
    size, age, further = 40_000, 30.0, 20.0
    law = (0.7, 6.0, 1.4, 3.0)
    bought, last, later = simulated(model, law, rng, size, age, further)
    seen = PurchaseHistory(purchases=bought, recency=last, age=np.full(size, age))
    expected = fitted(model, *law).expected_purchases(seen, further)
    for group in (bought == 0, bought == 1, bought > 3):
        error = later[group].std() / np.sqrt(group.sum())
        assert abs(expected[group].mean() - later[group].mean()) < 4 * error
    found = model().fit(seen)
    spread = np.sqrt(np.diag(found.fit_.covariance))
    assert (np.abs(np.log(found.parameters / law)) < 4 * spread).all()


def simulated(model, law, rng, size, age, further):
    """Purchases until an age, the moment of the last, and purchases afterwards."""
    rate = rng.gamma(law[0], 1 / law[1], size)
    if model is BGNBD:
        dropout = rng.beta(law[2], law[3], size)
        leaves = np.full(size, np.inf)
    else:
        dropout = np.zeros(size)
        leaves = rng.exponential(1 / rng.gamma(law[2], 1 / law[3], size))
    bought, last, later = np.zeros(size), np.zeros(size), np.zeros(size)
    clock, rows = np.zeros(size), np.arange(size)
    while len(rows):
        clock[rows] += rng.exponential(1 / np.maximum(rate[rows], 1e-300))
        rows = rows[clock[rows] <= np.minimum(age + further, leaves[rows])]
        early = clock[rows] <= age
        bought[rows[early]] += 1
        last[rows[early]] = clock[rows[early]]
        later[rows[~early]] += 1
        rows = rows[rng.random(len(rows)) >= dropout[rows]]
    return bought, last, later


def test_spending_is_drawn_to_the_mean_of_all_by_hand() -> None:
    """p = 2, q = 3, v = 10: a new customer 2*10/2; two purchases of 25 2*(10+50)/(4+3-1)."""
    model = fitted(GammaGamma, 2.0, 3.0, 10.0)
    expected = model.expected_value(np.array([0.0, 2.0]), np.array([0.0, 25.0]))
    np.testing.assert_allclose(expected, [10, 20])


def test_new_customers_have_no_finite_expected_value_where_q_is_at_most_one() -> None:
    model = fitted(GammaGamma, 2.0, 1.0, 10.0)
    assert model.expected_value(np.array([0.0]), np.array([0.0]))[0] == np.inf


def test_contracts_last_as_the_beta_geometric_law_says_in_fractions() -> None:
    """a = 2, b = 3: B(2, 3+t) / B(2, 3) = 12 / ((3+t) (4+t))."""
    model = fitted(BetaGeometric, 2.0, 3.0)
    for lasted, further in ((0, 1), (0, 4), (2, 3)):
        until, since = lasted + further, lasted
        share = Fraction((3 + since) * (4 + since), (3 + until) * (4 + until))
        stay = model.probability_to_stay(np.array([lasted]), further)[0]
        assert stay == pytest.approx(float(share))
    sums = model.expected_periods(np.array([0]), discount=0.0, most=10)
    assert sums[0] == pytest.approx(
        float(sum(Fraction(12, (3 + t) * (4 + t)) for t in range(1, 11)))
    )


def test_a_beta_geometric_fit_finds_the_law_of_simulated_contracts() -> None:
    rng = np.random.default_rng(1)
    chance = rng.beta(0.8, 2.5, 50_000)
    ends = rng.geometric(chance)
    periods = np.minimum(ends, 8)
    model = BetaGeometric().fit(periods, ends <= 8)
    spread = np.sqrt(np.diag(model.fit_.covariance))
    assert (np.abs(np.log(model.parameters / (0.8, 2.5))) < 4 * spread).all()


def test_an_interval_of_one_parameter_is_its_own() -> None:
    """The expectation is the parameter: its interval is e^(ln 4 -+ 1.96 * .1)."""
    fit = Fit(
        parameters=np.array([4.0]),
        covariance=np.array([[0.01]]),
        at_end=np.array([False]),
        log_likelihood=0.0,
        steps=0,
    )
    estimate = with_interval(lambda parameters: parameters, (fit,))
    np.testing.assert_allclose(estimate.low, 4 * np.exp(-0.1959964), rtol=1e-6)
    np.testing.assert_allclose(estimate.high, 4 * np.exp(0.1959964), rtol=1e-6)


def test_purchases_of_one_day_are_one_and_the_first_is_no_repeat() -> None:
    events = pd.DataFrame({
        "customer_id": ["a", "a", "a", "a", "b", "c"], "product_id": "p",
        "action": ["purchase"] * 5 + ["view"],
        "timestamp": pd.to_datetime(
            ["2025-01-01 09:00", "2025-01-03 09:00", "2025-01-03 18:00", "2025-01-06 00:00",
             "2025-01-04 00:00",
             "2025-01-09 00:00"], utc=True),
        "value": [7.0, 10, 5, 25, 3, np.nan],
    })  # fmt: skip
    data = Dataset.from_frames(events)
    seen = observe(data)
    by_id = {data.customers.ids[row]: at for at, row in enumerate(seen.customers)}
    at = by_id["a"]
    assert set(by_id) == {"a", "b"}
    assert [column[at] for column in seen.history.columns[:2]] == [2, 5]
    assert (seen.spent_on[at], seen.mean_value[at]) == (2, 20)
    assert seen.history.purchases[by_id["b"]] == 0
    assert seen.history.age[at] - seen.history.age[by_id["b"]] == 3


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (([1.0], [5.0], [3.0]), "recency: row 0: expected no more than age, got 5"),
        (([1.5], [1.0], [3.0]), "purchases: row 0: expected whole numbers, got 1.5"),
        (([0.0], [1.0], [3.0]), "recency: row 0: expected 0 without a repeat purchase, got 1"),
        (([1.0], [-1.0], [3.0]), "recency: row 0: expected numbers of 0 or more, got -1"),
        (([1.0], [1.0], [3.0, 4.0]), r"age: expected \(1,\) numbers, got \(2,\)"),
    ],
)
def test_impossible_histories_are_refused(columns, message) -> None:
    with pytest.raises(InputError, match=message):
        PurchaseHistory(
            **dict(zip(("purchases", "recency", "age"), map(np.array, columns), strict=True))
        )


@pytest.mark.parametrize("model", [BGNBD, ParetoNBD])
def test_customers_without_repeats_cannot_be_fitted(model) -> None:
    with pytest.raises(InputError, match="expected customers with repeat purchases, got 2 without"):
        model().fit(history((0, 0, 4), (0, 0, 5)))


def test_values_of_zero_are_refused_by_gamma_gamma() -> None:
    with pytest.raises(InputError, match="mean_value: row 1: expected a number above 0, got 0"):
        GammaGamma().fit(np.array([1.0, 2.0]), np.array([3.0, 0.0]))


@pytest.mark.parametrize("model", [BGNBD, ParetoNBD])
def test_where_nobody_leaves_a_parameter_lies_at_its_end_and_forecasts_go_on(model) -> None:
    """Purchases until the last moment, at one rate a customer: no dropout to be seen."""
    rng = np.random.default_rng(3)
    rate = rng.gamma(2.0, 0.1, 3_000)
    bought = rng.poisson(rate * 50).astype(float)
    last = np.where(bought > 0, 50 * rng.beta(np.maximum(bought, 1), 1), 0.0)
    seen = PurchaseHistory(purchases=bought, recency=last, age=np.full(3_000, 50.0))
    made = model().fit(seen)
    assert made.probability_active(seen).mean() > 0.98
    assert made.expected_purchases(seen, 50.0).mean() == pytest.approx(bought.mean(), rel=0.03)
