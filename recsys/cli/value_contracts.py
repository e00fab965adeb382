"""`recsys value contract=`: customers with a contract, who stay until they end it."""

from collections.abc import Mapping

import numpy as np

from recsys.arrays import FloatArray
from recsys.cli.value_output import ValueOutput
from recsys.cli.words import number_within
from recsys.customers.lifetime_value.bands import band_of, shares_of
from recsys.customers.lifetime_value.contract_forecast import (
    contract_forecast,
    hold_out_contracts,
)
from recsys.customers.lifetime_value.contracts import SLACK, Contracts, contracts_of
from recsys.customers.lifetime_value.forecast import YEAR
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.features import as_of
from recsys.reports.lifetime_value.contracts import (
    PAGE,
    ContractReport,
    contract_figures,
    contract_page,
    contract_summary,
    contract_table,
    contract_text,
    contract_title,
)

OF_PURCHASES = ("actions", "model", "covariates", "graph")
"""Keys that contracts have no use for."""


def contract_output(given: Mapping[str, str], data: Dataset, days: float) -> ValueOutput:
    """The forecast of `contract=`.

    Args:
        given: the keys.
        data: until the cut-off.
        days: how far ahead.

    Raises:
        InputError: a key, a column or the contracts are not usable.
    """
    names = tuple(given["contract"].split(","))
    if len(names) != 2:
        raise InputError(
            "contract: expected two columns of customers, as began,ended or tenure,churned, got "
            f"'{given['contract'][:60]}'"
        )
    period = number_within("period", given["period"], 1.0, 3_650.0)
    further = int(days / period + SLACK)
    if further < 1:
        raise InputError(f"days={days:g}: expected at least a period of {period:g} days")
    contracts = contracts_of(data, names, period)
    running = contracts.customers[contracts.running]
    made = contract_forecast(
        contracts,
        further,
        fees=_fees(given, data, contracts),
        discount=1 - (1 + number_within("discount", given["discount"], 0.0, 1.0))
        ** (-period / YEAR),
    )  # fmt: skip
    held = None
    if "holdout" in given:
        last = int(number_within("holdout", given["holdout"], period, 36_500.0) / period + SLACK)
        held = hold_out_contracts(data, names, period, last)
    assert data.as_of_seconds is not None
    report = ContractReport(
        data=data.name,
        as_of=data.as_of_seconds,
        days=period,
        ids=data.customers.ids[running],
        forecast=made,
        bands=band_of(made.value.mean, shares_of(given["bands"])),
        holdout=held,
    )
    return ValueOutput(
        title=contract_title(report),
        summary=contract_summary(report),
        lines=contract_text(report),
        table=contract_table(report),
        page=lambda: contract_page(report),
        name=PAGE,
        ids=report.ids,
        worth=made.value.mean,
        as_of=report.as_of,
        figures=contract_figures(report),
    )


def _fees(given: Mapping[str, str], data: Dataset, contracts: Contracts) -> FloatArray:
    """[n] what a period of each running contract brings; those without a fee have the mean."""
    text, running = given["fee"], contracts.customers[contracts.running]
    try:
        return np.full(len(running), number_within("fee", str(float(text)), 0.0, 1e12))
    except ValueError:
        pass
    table = data.side_tables["customers"]
    if text not in table:
        raise InputError(
            f"fee: expected a number or a column of customers, got '{text[:60]}'; there is "
            f"{', '.join(map(str, table))}"
        )
    known = as_of(table, columns.CUSTOMER, data.as_of_seconds)
    fees = np.full(len(data.customers), np.nan)
    rows = data.customers.rows(known[columns.CUSTOMER])
    try:
        of_rows = known[text].to_numpy(np.float64, na_value=np.nan)
    except (TypeError, ValueError):
        raise InputError(
            f"fee={text}: expected a column of numbers, got {known[text].dtype}"
        ) from None
    fees[rows[rows >= 0]] = of_rows[rows >= 0]
    own = fees[running]
    if np.isnan(own).all() or (own < 0).any():
        raise InputError(f"fee={text}: expected numbers of 0 or more for running contracts")
    return np.where(np.isnan(own), np.nanmean(own), own)
