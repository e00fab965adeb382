"""A forecast of customers as tables for the terminal, a page, a file of customers and MLflow."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IdArray
from recsys.customers.lifetime_value.bands import Band, banded
from recsys.customers.lifetime_value.estimate import Estimate
from recsys.customers.lifetime_value.forecast import Forecast
from recsys.customers.lifetime_value.holdout import Holdout
from recsys.customers.lifetime_value.newton import FARTHEST, Fit
from recsys.data import columns
from recsys.reports.rendering import Cells, PageTable, verdict_cell

_WIDEST = 1e3
"""Upper end over value from which a parameter counts as not determined."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueReport:
    """What is shown of a forecast.

    Attributes:
        data: name of the data.
        as_of: UTC seconds of the end of observation.
        ids: [n] of the customers.
        forecast: of them.
        bands: [n] the band of each.
        holdout: how good such forecasts were; None if it was not asked for.
    """

    data: str
    as_of: int
    ids: IdArray
    forecast: Forecast
    bands: Sequence[str]
    holdout: Holdout | None

    @property
    def worth(self) -> Estimate:
        """Spending, or the number of purchases where they have no values."""
        return self.forecast.value or self.forecast.purchases

    @property
    def unit(self) -> str:
        """What `worth` counts."""
        return "purchases" if self.forecast.value is None else "value"

    @property
    def groups(self) -> list[Band]:
        """Number and worth of each band."""
        return banded(self.worth, self.bands)


def customer_table(report: ValueReport) -> pd.DataFrame:
    """One row a customer: who will buy, how often, for how much, and the band.

    Its columns may become features of the table of customers.
    """
    made = report.forecast
    table = {
        columns.CUSTOMER: report.ids,
        "probability_active": made.active,
        **ends_of("expected_purchases", made.purchases),
    }
    if made.value is not None:
        table |= ends_of("expected_value", made.value)
    return pd.DataFrame(table | {"value_band": list(report.bands)})


def ends_of(name: str, estimate: Estimate) -> dict[str, FloatArray]:
    """Columns of an estimate with its interval."""
    return {name: estimate.mean, f"{name}_low": estimate.low, f"{name}_high": estimate.high}


def title(report: ValueReport) -> str:
    """A line that says what the report is about."""
    return f"Lifetime value of {report.data}, {report.forecast.days:g} days ahead"


def summary(report: ValueReport) -> str:
    """The result in one sentence."""
    top = report.groups[0]
    end = datetime.fromtimestamp(report.as_of, UTC)
    return (
        f"Of {len(report.ids):,} customers who bought before {end:%Y-%m-%d}, "
        f"{top.customers / len(report.ids):.0%} are expected to bring {top.share:.0%} of the "
        f"{report.unit} of the next {report.forecast.days:g} days."
    )


def band_table(report: ValueReport) -> PageTable:
    """Bands with the worth of a customer and its interval."""
    rows = band_rows(report.worth, report.bands)
    head = ["band", "customers", f"{report.unit} a customer", f"share of all {report.unit}"]
    return PageTable("Customers by what they are expected to be worth", head, rows)


def band_rows(worth: Estimate, bands: Sequence[str]) -> list[Cells]:
    """Name, customers, worth of one with its interval, and share of each band."""
    return [
        [band.name, f"{band.customers:,}", with_ends(band.mean, band.low, band.high),
         f"{band.share:.1%}"]
        for band in banded(worth, bands)
    ]  # fmt: skip


def parameter_table(report: ValueReport) -> PageTable:
    """The fitted parameters with 95 % intervals."""
    made = report.forecast
    rows: list[Cells] = []
    for part, fit in made.fits.items():
        name = "gamma_gamma" if part == "spending" else made.name
        rows += parameter_rows(name, made.names[part], fit)
    if made.covariates is not None:
        model = made.covariates
        gain = 2 * (model.gain_ or 0.0)
        rows.append(
            ["covariates: likelihood ratio",
             f"{gain:,.1f} on {model.freedom} degrees of freedom, p = {model.p_value:.3g}"]
        )  # fmt: skip
    return PageTable("Parameters", ["model: parameter", "value"], rows)


def parameter_rows(model: str, names: Sequence[str], fit: Fit) -> list[Cells]:
    """A row a parameter, with its interval."""
    rows: list[Cells] = []
    for at, (value, low, high) in enumerate(zip(*_intervals(fit), strict=True)):
        shown = with_ends(value, low, high)
        at_end = fit.at_end[at] or abs(np.log(value)) > 0.999 * FARTHEST
        if at_end or low > 0.99999 * value or high > _WIDEST * value:
            shown = f"{value:,.4g}, not determined: customers do not differ in it"
        rows.append([f"{model}: {names[at]}", shown])
    return rows


def _intervals(fit: Fit) -> tuple[Sequence[float], Sequence[float], Sequence[float]]:
    with np.errstate(over="ignore"):
        spread = np.exp(1.959964 * np.sqrt(np.maximum(np.diag(fit.covariance), 0)))
    values = fit.parameters
    return values.tolist(), (values / spread).tolist(), (values * spread).tolist()


def holdout_table(holdout: Holdout) -> PageTable:
    """Errors of the models and their rivals, with paired verdicts."""
    rows: list[Cells] = []
    for name in holdout.forecasts:
        cells = [
            f"{holdout.root_mean_square(name):.4f}",
            f"{holdout.absolute_error(name):.4f}",
            f"{holdout.total_ratio(name):.3f}",
        ]
        if name == holdout.chosen:
            rows.append([name, *cells, "chosen before"])
            continue
        gain = holdout.gain(name)
        detail = f"{gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
        rows.append([name, *cells, verdict_cell(gain.verdict, detail)])
    head = [
        "forecast", "root mean square error", "mean absolute error", "expected / actual",
        f"{holdout.chosen} against it",
    ]  # fmt: skip
    caption = f"The last {holdout.days:g} days, forecast from what came before"
    return PageTable(caption, head, rows)


def figures(report: ValueReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    made = report.forecast
    numbers = {
        "customers": float(len(report.ids)),
        "expected_purchases": float(made.purchases.mean.sum()),
        **{f"log_likelihood_{name}": value for name, value in made.likelihoods.items()},
    }
    if made.value is not None:
        numbers["expected_value"] = float(made.value.mean.sum())
    if report.holdout is not None:
        for name in report.holdout.forecasts:
            key = name.replace(" ", "_")
            numbers[f"rmse_{key}"] = report.holdout.root_mean_square(name)
            numbers[f"mae_{key}"] = report.holdout.absolute_error(name)
    return {name: value for name, value in numbers.items() if np.isfinite(value)}


def with_ends(mean: float, low: float, high: float) -> str:
    """A mean with its interval."""
    return f"{mean:,.4g} [{low:,.4g}, {high:,.4g}]"
