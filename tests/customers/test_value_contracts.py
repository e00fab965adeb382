"""Contracts: the published fits, read as of a cut-off, forecast better than by one rate."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from event_tables import DAY, END, data_of

from recsys.cli.value import main
from recsys.customers.lifetime_value.beta_geometric import BetaGeometric
from recsys.customers.lifetime_value.contract_forecast import (
    CONSTANT,
    contract_forecast,
    hold_out_contracts,
)
from recsys.customers.lifetime_value.contracts import Contracts, contracts_of
from recsys.data.dataset import Dataset
from recsys.errors import InputError

HIGH_END = (1000, 869, 743, 653, 593, 551, 517, 491)
REGULAR = (1000, 631, 468, 382, 326, 289, 262, 241)
"""Of 1,000 customers, those left after 0, 1, ... years: Fader and Hardie (2007), table 1."""


def years(left: tuple[int, ...]) -> Contracts:
    ended = -np.diff(left)
    periods = np.repeat(np.arange(1, len(left)), ended)
    periods = np.append(periods, np.full(left[-1], len(left) - 1))
    return Contracts(
        customers=np.arange(left[0]),
        periods=periods,
        has_ended=np.arange(left[0]) < ended.sum(),
    )


@pytest.mark.parametrize(
    ("left", "parameters", "after_twelve"),
    [(HIGH_END, (0.668, 3.806), 0.394), (REGULAR, (0.704, 1.182), 0.173)],
)
def test_the_published_parameters_and_projections(left, parameters, after_twelve) -> None:
    contracts = years(left)
    made = contract_forecast(contracts, 5)
    np.testing.assert_allclose(made.fit.parameters, parameters, atol=5e-4)
    np.testing.assert_allclose(contracts.survival(), np.array(left) / 1000)
    # The paper projects from seven years; five years later so many were really left.
    projected = made.model.probability_to_stay(np.array([0]), 12)[0]
    assert projected == pytest.approx(after_twelve, abs=0.02)


def test_renewals_are_the_sum_of_the_chances_and_have_an_interval() -> None:
    made = contract_forecast(years(REGULAR), 3, discount=0.1)
    model, lasted = made.model, np.array([7])
    by_hand = sum(model.probability_to_stay(lasted, t)[0] * 0.9**t for t in (1, 2, 3))
    assert made.periods.mean[0] == pytest.approx(by_hand)
    assert made.periods.low[0] < by_hand < made.periods.high[0]
    assert made.stay.mean[0] == pytest.approx(model.probability_to_stay(lasted, 1)[0])


def test_survival_counts_running_contracts_while_they_were_seen_in_fractions() -> None:
    contracts = Contracts(
        customers=np.arange(6), periods=np.array([1, 2, 2, 1, 3, 0]),
        has_ended=np.array([True, False, True, False, False, False]),
    )  # fmt: skip
    # At risk in period 1: five, one ends; in 2: three, one ends; in 3: one, which lasts.
    np.testing.assert_allclose(contracts.survival(), [1, 4 / 5, 4 / 5 * 2 / 3, 4 / 5 * 2 / 3])


def members(count: int, seed: int = 0) -> Dataset:
    """Members since up to 720 days ago, each with a chance of his own to leave every 30 days."""
    rng = np.random.default_rng(seed)
    ids = [f"c{number:04}" for number in range(count)]
    began = END - pd.to_timedelta(rng.uniform(1, 720, count), unit="D")
    lasts = np.minimum(rng.geometric(rng.beta(0.5, 2.0, count)), 100)
    ends = began + pd.to_timedelta(30 * lasts, unit="D")
    customers = pd.DataFrame({
        "customer_id": ids, "began": began, "ended": ends, "fee": rng.gamma(4, 5, count),
    })  # fmt: skip
    events = [(name, "p", "view", 700.0 * (at == 0), 0.0) for at, name in enumerate(ids)]
    return data_of(events, customers=customers)


def test_ends_after_the_cut_off_are_not_known() -> None:
    customers = pd.DataFrame({
        "customer_id": list("abcde"),
        "began": END - pd.to_timedelta([100, 100, 100, 5, 100], unit="D"),
        "ended": END - pd.to_timedelta([70, 10, np.nan, np.nan, 38], unit="D"),
    })  # fmt: skip
    data = data_of(
        [(c, "p", "view", d, 0.0) for c in "abcde" for d in (90, 0)], customers=customers
    )

    def seen(made: Contracts, at: Dataset) -> dict[str, tuple[int, bool]]:
        ids = at.customers.ids[made.customers]
        pairs = zip(made.periods.tolist(), made.has_ended.tolist(), strict=True)
        return dict(zip(ids, pairs, strict=True))

    names = ("began", "ended")
    assert seen(contracts_of(data, names, 30), data) == {
        "a": (1, True), "b": (3, True), "c": (3, False), "d": (0, False), "e": (2, True)
    }  # fmt: skip
    before = data.before(data.as_of - 50 * DAY)
    assert seen(contracts_of(before, names, 30), before) == {
        "a": (1, True), "b": (1, False), "c": (1, False), "e": (1, False)
    }  # fmt: skip


def test_contracts_are_also_read_as_periods_and_a_flag() -> None:
    customers = pd.DataFrame({
        "customer_id": ["a", "b", "c", "d"], "tenure": [0, 4, 7, None],
        "churned": ["Yes", "no", "NO", None],
    })  # fmt: skip
    data = data_of([(c, "p", "view", 1, 0.0) for c in "abcd"], customers=customers)
    made = contracts_of(data, ("tenure", "churned"), 30)
    by_id = dict(zip(data.customers.ids[made.customers], made.periods, strict=True))
    assert by_id == {"a": 1, "b": 4, "c": 7}
    assert made.has_ended.sum() == 1
    with pytest.raises(InputError, match="holdout: expected dates in 'tenure', got numbers"):
        hold_out_contracts(data, ("tenure", "churned"), 30, 1)


def test_the_model_beats_one_rate_on_contracts_that_differ() -> None:
    held = hold_out_contracts(members(4_000), ("began", "ended"), 30.0, 6)
    assert held.gain.verdict == "win"
    assert held.brier("beta_geometric") < held.brier(CONSTANT)
    assert held.forecasts["beta_geometric"].mean() == pytest.approx(held.stayed.mean(), abs=0.03)


@pytest.mark.parametrize(
    ("customers", "names", "message"),
    [
        ({"began": ["2026-01-01"], "ended": ["2025-01-01"]}, "began,ended",
         "row 0, column 'ended': expected no date before that in 'began'"),
        ({"began": ["soon"], "ended": [None]}, "began,ended",
         "row 0, column 'began': expected a date, got 'soon'"),
        ({"tenure": [2.5], "churned": [True]}, "tenure,churned",
         "row 0, column 'tenure': expected a whole number of periods"),
        ({"tenure": [2], "churned": ["maybe"]}, "tenure,churned",
         "row 0, column 'churned': expected whether the contract ended"),
        ({"tenure": [2], "churned": [True]}, "tenure,left", "got 'left'; there is"),
        ({"began": ["2027-01-01"], "ended": [None]}, "began,ended", "contracts that had begun"),
    ],
)  # fmt: skip
def test_contracts_that_cannot_be_read_are_refused(customers, names, message) -> None:
    table = pd.DataFrame({"customer_id": ["a"]} | customers)
    data = data_of([("a", "p", "view", 1, 0.0)], customers=table)
    with pytest.raises(InputError, match=message):
        contracts_of(data, tuple(names.split(",")), 30)


def test_the_command_forecasts_contracts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = members(1_500)
    table = data.side_tables["customers"]
    table.assign(ended=table["ended"].where(table["ended"] < END)).to_csv(
        tmp_path / "customers.csv", index=False
    )
    pd.DataFrame({
        "customer_id": data.customers.ids, "product_id": "p", "action": "view",
        "timestamp": np.where(np.arange(1_500) == 0, "2024-04-01", "2026-02-28"),
    }).to_csv(tmp_path / "interactions.csv", index=False)  # fmt: skip
    out, page, levers = (tmp_path / name for name in ("v.parquet", "v.html", "l.parquet"))
    words = ["data=files", f"data.root={tmp_path}", "contract=began,ended", "fee=fee"]
    main([*words, "holdout=120", f"out={out}", f"page={page}", f"levers={levers}", "days=370"])
    text, made = capsys.readouterr().out, pd.read_parquet(out)
    assert "beta_geometric: a" in text
    assert "constant rate" in text
    assert "Kaplan" in page.read_text()
    assert (made["expected_periods"] <= 12).all()
    fees = table.set_index("customer_id")["fee"].reindex(made["customer_id"]).to_numpy()
    np.testing.assert_allclose(made["expected_value"], made["expected_periods"] * fees)
    older = made.sort_values("periods").groupby("periods")["probability_to_stay"].first()
    assert older.is_monotonic_increasing
    assert len(pd.read_parquet(levers)) == len(made)
    for wrong, message in (
        ("model=bg_nbd", "model= is for purchases, not contracts"),
        ("fee=fe", "fee: expected a number or a column of customers, got 'fe'"),
        ("period=500", "days=365: expected at least a period of 500 days"),
    ):
        with pytest.raises(InputError, match=message):
            main([*words[:3], wrong])
    with pytest.raises(InputError, match="period= is for contracts; say contract= too"):
        main(["data.events=4000", "period=30"])
    assert BetaGeometric.names == ("a", "b")
