"""How long contracts will go on, what that is worth, and how good such a forecast was."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from pandas.api.types import is_numeric_dtype

from recsys.arrays import FloatArray
from recsys.customers.lifetime_value.beta_geometric import BetaGeometric
from recsys.customers.lifetime_value.contracts import Contracts, contracts_of
from recsys.customers.lifetime_value.estimate import Estimate, with_interval
from recsys.customers.lifetime_value.newton import Fit
from recsys.customers.lifetime_value.observe import DAY
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.errors import InputError
from recsys.evaluation.paired import Difference, paired_difference

CONSTANT = "constant rate"
"""The rival: all contracts end at one rate, whatever they have lasted."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ContractForecast:
    """What is expected of n running contracts.

    Attributes:
        contracts: all, ended ones too.
        model: fitted to them.
        further: periods that are forecast.
        stay: [n] probability to last one more period.
        periods: [n] expected number of renewals, each discounted.
        value: [n] the same times what a period brings.
    """

    contracts: Contracts
    model: BetaGeometric
    further: int
    stay: Estimate
    periods: Estimate
    value: Estimate

    @property
    def fit(self) -> Fit:
        """The parameters a and b, and how certain they are."""
        assert self.model.fit_ is not None
        return self.model.fit_


def contract_forecast(
    contracts: Contracts,
    further: int,
    *,
    fees: FloatArray | None = None,
    discount: float = 0.0,
    level: float = 0.95,
) -> ContractForecast:
    """Fits the beta-geometric law, and forecasts each running contract.

    Args:
        contracts: as of a cut-off.
        further: periods ahead, 1 or more.
        fees: [n] what a period of each running contract brings; None for 1.
        discount: what a period takes off the worth of the next.
        level: of the intervals, which are of the expectations.

    Raises:
        InputError: no contract ended, none runs, or the likelihood has no maximum.
    """
    running = contracts.running
    if not len(running):
        raise InputError("contract: expected contracts that still run, got none")
    model = _fitted(contracts)
    assert model.fit_ is not None
    lasted = contracts.periods[running]
    worth = np.ones(len(running)) if fees is None else fees
    periods = with_interval(
        lambda own: model.expected_periods(lasted, discount, further, own), (model.fit_,), level
    )
    return ContractForecast(
        contracts=contracts,
        model=model,
        further=further,
        stay=with_interval(
            lambda own: model.probability_to_stay(lasted, 1, own), (model.fit_,), level
        ),
        periods=periods,
        value=Estimate(
            mean=periods.mean * worth, low=periods.low * worth, high=periods.high * worth
        ),
    )


@dataclass(frozen=True, kw_only=True, eq=False)
class ContractHoldout:
    """Contracts that ran before the last periods of the data, and which of them lasted.

    Attributes:
        further: number of those periods.
        contracts: as of their beginning.
        stayed: [n] 1 where a running one lasted to the end.
        forecasts: "beta_geometric" and `CONSTANT` -> [n] probability.
    """

    further: int
    contracts: Contracts
    stayed: FloatArray
    forecasts: Mapping[str, FloatArray]

    def brier(self, name: str) -> float:
        """Mean squared error of the probabilities."""
        return float(np.square(self.stayed - self.forecasts[name]).mean())

    @property
    def gain(self) -> Difference:
        """Squared error of the constant rate less that of the model, paired by customer."""
        rival, own = (np.square(self.stayed - each) for each in
                      (self.forecasts[CONSTANT], self.forecasts["beta_geometric"]))  # fmt: skip
        return paired_difference(rival, own, self.contracts.customers[self.contracts.running])


def hold_out_contracts(
    data: Dataset, names: tuple[str, str], days: float, further: int
) -> ContractHoldout:
    """Forecasts which contracts outlast the last periods, from what was known before them.

    Args:
        data: whose columns `names` are dates.
        names: of the columns when contracts began and ended.
        days: length of a period.
        further: number of periods that are held out.

    Raises:
        InputError: nothing is known before them, or the columns are no dates.
    """
    events = data.interactions
    if events.when is None or data.as_of is None:
        raise InputError("holdout: expected interactions with a timestamp")
    now = contracts_of(data, names, days)
    if is_numeric_dtype(data.side_tables["customers"][names[0]]):
        raise InputError(
            f"holdout: expected dates in '{names[0]}', got numbers, which do not say when a "
            "contract ended; leave holdout= out"
        )
    cutoff = data.as_of - int(further * days * DAY)
    before = contracts_of(data.before(cutoff), names, days)
    running = before.running
    alive = np.zeros(len(data.customers))
    alive[now.customers[now.running]] = 1.0
    if not len(running) or not before.has_ended.any():
        raise InputError(
            "holdout: expected contracts that run and that ended before "
            f"{timestamp(cutoff):%Y-%m-%d}, got none; hold out fewer days"
        )
    counted, lasted = before.counted, before.periods[running]
    rate = before.has_ended.sum() / before.periods[counted].sum()
    return ContractHoldout(
        further=further,
        contracts=before,
        stayed=alive[before.customers[running]],
        forecasts={
            "beta_geometric": _fitted(before).probability_to_stay(lasted, further),
            CONSTANT: np.full(len(running), (1 - rate) ** further),
        },
    )


def _fitted(contracts: Contracts) -> BetaGeometric:
    counted = contracts.counted
    return BetaGeometric().fit(contracts.periods[counted], contracts.has_ended[counted])
