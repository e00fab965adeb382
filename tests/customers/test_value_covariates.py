"""Covariates of BG/NBD and Pareto/NBD: recovered from a known law, read as of the cut-off."""

import numpy as np
import pandas as pd
import pytest
from event_tables import DAY, END, data_of

from recsys.cli.value import main
from recsys.customers.lifetime_value.bg_nbd import BGNBD
from recsys.customers.lifetime_value.covariates import Covariates, covariates_of
from recsys.customers.lifetime_value.forecast import forecast
from recsys.customers.lifetime_value.observe import Observed
from recsys.customers.lifetime_value.pareto_nbd import ParetoNBD
from recsys.customers.lifetime_value.purchase_history import PurchaseHistory
from recsys.customers.lifetime_value.with_covariates import WithCovariates
from recsys.errors import InputError

AGE = 50.0
VALUES = np.array([[0.0, -1.0], [0.0, 1.0], [1.0, -1.0], [1.0, 1.0]])
BASE = {BGNBD: (0.8, 6.0, 1.0, 3.0), ParetoNBD: (0.8, 6.0, 1.2, 12.0)}
RATE, LEAVING, STAYING = np.array([0.5, -0.3]), np.array([-0.4, 0.2]), np.array([0.3, 0.1])


def simulated(model: type, groups: np.ndarray, rng: np.random.Generator) -> PurchaseHistory:
    """Customers whose law depends on the values of their groups."""
    x, size, (r, alpha, third, fourth) = VALUES[groups], len(groups), BASE[model]
    rate = rng.gamma(r, np.exp(x @ RATE) / alpha)
    drop, leaves = np.zeros(size), np.full(size, np.inf)
    if model is BGNBD:
        drop = rng.beta(third * np.exp(x @ LEAVING), fourth * np.exp(x @ STAYING))
    else:
        leaves = rng.exponential(1 / rng.gamma(third, np.exp(x @ LEAVING) / fourth))
    bought, last, clock, rows = np.zeros(size), np.zeros(size), np.zeros(size), np.arange(size)
    while len(rows):
        clock[rows] += rng.exponential(1 / np.maximum(rate[rows], 1e-300))
        rows = rows[clock[rows] <= np.minimum(AGE, leaves[rows])]
        bought[rows] += 1
        last[rows] = clock[rows]
        rows = rows[rng.random(len(rows)) >= drop[rows]]
    return PurchaseHistory(purchases=bought, recency=last, age=np.full(size, AGE))


@pytest.mark.parametrize("model", [BGNBD, ParetoNBD])
def test_covariates_of_a_known_law_are_recovered(model: type) -> None:
    rng = np.random.default_rng(0)
    groups = rng.integers(0, 4, 12_000)
    history = simulated(model, groups, rng)
    known = Covariates(names=("x", "y"), values=VALUES, groups=groups)
    made = WithCovariates(model, known).fit(history)
    effects = [RATE, LEAVING, STAYING] if model is BGNBD else [RATE, LEAVING]
    truth = np.concatenate([np.log(BASE[model]), *effects])
    spread = np.sqrt(np.diag(made.fit_.covariance))
    assert (np.abs(np.log(made.parameters) - truth) < 4 * spread).all()
    assert (spread < 0.25).all()
    assert made.freedom == len(truth) - 4
    assert made.p_value < 1e-50


@pytest.mark.parametrize("model", [BGNBD, ParetoNBD])
def test_covariates_that_say_nothing_are_not_significant(model: type) -> None:
    rng = np.random.default_rng(1)
    history = simulated(model, np.zeros(4_000, int), rng)
    known = Covariates(names=("x", "y"), values=VALUES, groups=rng.integers(0, 4, 4_000))
    made = WithCovariates(model, known).fit(history)
    assert made.gain_ > 0
    assert made.p_value > 0.01


@pytest.mark.parametrize("model", [BGNBD, ParetoNBD])
def test_a_group_is_forecast_by_the_model_of_its_parameters(model: type) -> None:
    rng = np.random.default_rng(2)
    groups = rng.integers(0, 4, 3_000)
    history = simulated(model, groups, rng)
    made = WithCovariates(model, Covariates(names=("x", "y"), values=VALUES, groups=groups)).fit(
        history
    )
    named = dict(zip(made.names, made.parameters, strict=True))
    r, alpha, third, fourth = (named[name] for name in model.names)
    alpha /= named["purchase rate: x"] / named["purchase rate: y"]  # of x = 1, y = -1
    if model is BGNBD:
        third *= named["a: x"] / named["a: y"]
        fourth *= named["b: x"] / named["b: y"]
    else:
        fourth /= named["dropout rate: x"] / named["dropout rate: y"]
    rows = np.flatnonzero(groups == 2)
    expected = model().expected_purchases(
        history.take(rows), 20.0, np.array([r, alpha, third, fourth])
    )
    np.testing.assert_allclose(made.expected_purchases(history, 20.0)[rows], expected, rtol=1e-9)


def test_a_forecast_with_covariates_has_intervals_of_all_parameters() -> None:
    rng = np.random.default_rng(3)
    groups = rng.integers(0, 4, 3_000)
    seen = Observed(
        customers=np.arange(3_000), history=simulated(ParetoNBD, groups, rng),
        spent_on=np.zeros(3_000), mean_value=np.zeros(3_000), actions=("purchase",),
    )  # fmt: skip
    known = Covariates(names=("x", "y"), values=VALUES, groups=groups)
    made, plain = forecast(seen, 20.0, covariates=known), forecast(seen, 20.0)
    width = np.log(made.purchases.high / made.purchases.low)
    assert len(made.fits["purchases"].parameters) == len(made.names["purchases"]) > 4
    assert (width > 0).all()
    assert made.purchases.mean[groups == 2].mean() > plain.purchases.mean[groups == 2].mean()


def test_columns_become_groups_as_of_the_cut_off() -> None:
    days = END - pd.to_timedelta([50, 10] + [50] * 4, unit="D")
    customers = pd.DataFrame({
        "customer_id": ["a", "a", "b", "c", "d", "e"], "valid_from": days,
        "plan": ["basic", "gold", "basic", "gold", "basic", "gold"], "country": "se",
    })  # fmt: skip
    bought = [(name, "p", "purchase", days, 1.0) for name in "abcde" for days in (60, 1)]
    data = data_of(bought, customers=customers)
    now = covariates_of(data, np.arange(5), ["plan", "country"])
    assert len(now.names) == 1
    plan = dict(zip(data.customers.ids, now.values[now.groups, 0], strict=True))
    assert plan["a"] == plan["c"] != plan["b"]
    before = covariates_of(data.before(data.as_of - 20 * DAY), np.arange(5), ["plan"])
    plan = dict(zip(data.customers.ids, before.values[before.groups, 0], strict=True))
    assert plan["a"] == plan["b"] != plan["c"]
    with pytest.raises(InputError, match="tell customers apart, got one value for all"):
        covariates_of(data, np.arange(5), ["country"])


def test_numbers_of_many_values_are_taken_in_levels() -> None:
    ids = [f"c{number:03}" for number in range(400)]
    customers = pd.DataFrame({"customer_id": ids, "income": np.arange(400.0)})
    data = data_of([(name, "p", "purchase", 60, 1.0) for name in ids], customers=customers)
    known = covariates_of(data, np.arange(400), ["income"])
    assert known.values.shape == (16, 1)
    assert np.bincount(known.groups).tolist() == [25] * 16
    assert known.values[known.groups, 0].mean() == pytest.approx(0, abs=1e-6)


def test_the_command_shows_what_covariates_mean(capsys: pytest.CaptureFixture[str]) -> None:
    main(["data.events=6000", "days=90", "holdout=60", "covariates=life_stage"])
    text = capsys.readouterr().out
    assert "purchase rate: life_stage=" in text
    assert "covariates: likelihood ratio" in text
    assert "+ covariates" in text
    with pytest.raises(InputError, match="got 'life_stag'; did you mean life_stage"):
        main(["data.events=6000", "covariates=life_stag"])
