"""A forecast of contracts as tables, a page and lines for the terminal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from recsys.arrays import IdArray, IntArray
from recsys.customers.lifetime_value.beta_geometric import BetaGeometric
from recsys.customers.lifetime_value.contract_forecast import ContractForecast, ContractHoldout
from recsys.data import columns
from recsys.reports.drawing import BLUE, INK, empty_figure, svg, titled
from recsys.reports.lifetime_value.report import band_rows, ends_of, parameter_rows
from recsys.reports.rendering import (
    Cells,
    PagePicture,
    PageTable,
    render,
    table_lines,
    verdict_cell,
)

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PAGE = "contracts.html"
"""File name of the page."""
_SHOWN = 12
"""Periods of the retention curve that are listed."""


@dataclass(frozen=True, kw_only=True, eq=False)
class ContractReport:
    """What is shown of a forecast of contracts.

    Attributes:
        data: name of the data.
        as_of: UTC seconds of the cut-off.
        days: length of a period.
        ids: [n] customers with running contracts.
        forecast: of them.
        bands: [n] the band of each.
        holdout: how good such a forecast was; None if it was not asked for.
    """

    data: str
    as_of: int
    days: float
    ids: IdArray
    forecast: ContractForecast
    bands: Sequence[str]
    holdout: ContractHoldout | None

    @property
    def lasted(self) -> IntArray:
        """[n] periods that each running contract has lasted."""
        contracts = self.forecast.contracts
        return contracts.periods[contracts.running]


def contract_table(report: ContractReport) -> pd.DataFrame:
    """One row a customer with a running contract; its columns may become features."""
    made = report.forecast
    return pd.DataFrame({
        columns.CUSTOMER: report.ids,
        "periods": report.lasted,
        **ends_of("probability_to_stay", made.stay),
        **ends_of("expected_periods", made.periods),
        **ends_of("expected_value", made.value),
        "value_band": list(report.bands),
    })  # fmt: skip


def contract_title(report: ContractReport) -> str:
    """A line that says what the report is about."""
    return (
        f"Contracts of {report.data}, {report.forecast.further} periods of {report.days:.4g} days "
        "ahead"
    )


def contract_summary(report: ContractReport) -> str:
    """The result in one sentence."""
    made, end = report.forecast, datetime.fromtimestamp(report.as_of, UTC)
    return (
        f"Of {len(report.ids):,} contracts that run at {end:%Y-%m-%d}, "
        f"{made.stay.mean.mean():.1%} are expected to last one more period. Of the next "
        f"{made.further} renewals a contract is expected to see {made.periods.mean.mean():.1f}."
    )


def contract_page(report: ContractReport) -> str:
    """The page as an HTML document."""
    end = datetime.fromtimestamp(report.as_of, UTC)
    return render(
        PAGE,
        title=contract_title(report),
        facts={"data": report.data, "until": f"{end:%Y-%m-%d %H:%M} UTC",
               "model": "beta-geometric"},
        summary=[contract_summary(report)],
        bands=_bands(report),
        parameters=_parameters(report),
        retention=_retention(report),
        curve=PagePicture(svg(_curve(report)), "Share of contracts that last, by periods"),
        holdout=None if report.holdout is None else _held(report.holdout),
    )  # fmt: skip


def contract_text(report: ContractReport) -> Iterator[str]:
    """Lines for the terminal."""
    yield contract_title(report)
    yield contract_summary(report)
    tables = [_bands(report), _retention(report), _parameters(report)]
    if report.holdout is not None:
        tables.append(_held(report.holdout))
    for table in tables:
        yield from table_lines(table)


def contract_figures(report: ContractReport) -> dict[str, float]:
    """Name -> number, for MLflow."""
    made = report.forecast
    numbers = {
        "contracts": float(len(made.contracts.periods)),
        "running": float(len(report.ids)),
        "expected_periods": float(made.periods.mean.mean()),
        "expected_value": float(made.value.mean.sum()),
    }
    if report.holdout is not None:
        numbers |= {
            f"brier_{name.replace(' ', '_')}": report.holdout.brier(name)
            for name in report.holdout.forecasts
        }
    return numbers


def _bands(report: ContractReport) -> PageTable:
    head = ["band", "customers", "value a customer", "share of all value"]
    rows = band_rows(report.forecast.value, report.bands)
    return PageTable("Running contracts by what they are expected to be worth", head, rows)


def _parameters(report: ContractReport) -> PageTable:
    rows = parameter_rows("beta_geometric", BetaGeometric.names, report.forecast.fit)
    return PageTable("Parameters", ["model: parameter", "value"], rows)


def _retention(report: ContractReport) -> PageTable:
    """Share that lasts, observed and by the model, and the share of those left that stay."""
    observed, expected = report.forecast.contracts.survival(), _expected(report, _SHOWN)
    rows: list[Cells] = [
        [str(period), f"{observed[period]:.1%}" if period < len(observed) else "-",
         f"{expected[period]:.1%}", f"{expected[period] / expected[period - 1]:.1%}"]
        for period in range(1, _SHOWN + 1)
    ]  # fmt: skip
    head = ["period", "last so long", "by the model", "of those left, stay"]
    return PageTable("How many contracts last", head, rows)


def _held(holdout: ContractHoldout) -> PageTable:
    rows: list[Cells] = []
    for name, chances in holdout.forecasts.items():
        gain = holdout.gain
        verdict = verdict_cell(
            gain.verdict, f"{gain.mean:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]"
        )
        is_own = name == "beta_geometric"
        rows.append(
            [name, f"{holdout.brier(name):.4f}",
             f"{chances.mean():.1%} / {holdout.stayed.mean():.1%}", "" if is_own else verdict]
        )  # fmt: skip
    head = ["forecast", "mean squared error", "expected / actual to stay", "model against it"]
    caption = f"Contracts that lasted the last {holdout.further} periods"
    return PageTable(caption, head, rows)


def _expected(report: ContractReport, most: int) -> "np.ndarray":
    """[most + 1] share of new contracts that lasts so many periods."""
    model, new = report.forecast.model, np.zeros(1, np.int64)
    return np.array([model.probability_to_stay(new, period)[0] for period in range(most + 1)])


def _curve(report: ContractReport) -> "Figure":
    observed = report.forecast.contracts.survival()
    figure = empty_figure(3.2)
    axes = figure.subplots()
    most = len(observed) - 1 + report.forecast.further
    axes.plot(observed * 100, color=INK, marker="o", ms=4, lw=1.5, label="observed")
    axes.plot(_expected(report, most) * 100, color=BLUE, lw=2, label="beta-geometric")
    axes.set(xlabel="periods", ylabel="% of contracts that last", ylim=(0, 101), xlim=(0, most))
    axes.legend(frameon=False)
    titled(axes, "How many contracts last, and will", "both")
    return figure
