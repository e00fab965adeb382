"""What `recsys value` leaves: lines, a file of customers, levers, a page, a run of MLflow."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import pandas as pd

from recsys.arrays import FloatArray, IdArray
from recsys.cli.customer_files import TABLES, write_page, write_table
from recsys.cli.run_keys import about, require_log, store_of
from recsys.cli.words import named_file, number_within, truth
from recsys.customers.levers import lever_table, worth_factors
from recsys.data.dataset import Dataset
from recsys.ops.terminal import say
from recsys.tracking.report import Report, log_standalone

_PAGES = (".html",)


@dataclass(frozen=True, kw_only=True, eq=False)
class ValueOutput:
    """A forecast, ready to be shown.

    Attributes:
        title: a line that says what it is about.
        summary: the result in a sentence.
        lines: for the terminal.
        table: [n] rows of customers.
        page: makes the page; name: of its file.
        ids: [n] customers.
        worth: [n] what they are expected to be worth.
        as_of: UTC seconds of the cut-off.
        figures: name -> number.
    """

    title: str
    summary: str
    lines: Iterable[str]
    table: pd.DataFrame
    page: Callable[[], str]
    name: str
    ids: IdArray
    worth: FloatArray
    as_of: int
    figures: Mapping[str, float]


def require_writable(given: Mapping[str, str]) -> None:
    """Raises `InputError` where a file, the strength or `log=` is not usable."""
    for key, endings in (("out", TABLES), ("levers", TABLES), ("page", _PAGES)):
        named_file(given, key, endings)
    number_within("strength", given["strength"], 0.0, 10.0)
    require_log(given)


def write_value(
    given: Mapping[str, str], output: ValueOutput, data: Dataset, params: Mapping[str, str]
) -> None:
    """Prints the lines and writes what the keys ask for.

    Args:
        given: the keys, after `require_writable`.
        output: the forecast.
        data: that it is of.
        params: of the run in MLflow.

    Raises:
        InputError: a file cannot be written.
    """
    say(*output.lines)
    out, page = named_file(given, "out", TABLES), named_file(given, "page", _PAGES)
    levers = named_file(given, "levers", TABLES)
    write_table(out, lambda: output.table, "out", "Customers")
    write_table(levers, lambda: _levers(output, float(given["strength"])), "levers", "Levers")
    write_page(page, output.page)
    if truth("log", given["log"]):
        run_id = log_standalone(about(data, _run(output, data, params)), store_of(given))
        say("", f"MLflow: lifetime_value run {run_id}")


def _levers(output: ValueOutput, strength: float) -> pd.DataFrame:
    return lever_table(output.ids, worth_factors(output.worth, strength), output.as_of)


def _run(output: ValueOutput, data: Dataset, params: Mapping[str, str]) -> Report:
    return Report(
        kind="lifetime_value",
        name=f"lifetime_value {data.name}",
        note=f"{output.title}\n\n{output.summary}",
        params=dict(params),
        metrics=dict(output.figures),
        files={output.name: output.page().encode()},
    )
