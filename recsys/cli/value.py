"""Forecasts what each customer will buy and spend, and shows how good such forecasts were.

recsys value data=files data.root=FOLDER days=365 out=value.parquet page=value.html
recsys value data=files data.root=FOLDER holdout=273
recsys value data=files data.root=FOLDER at=2025-10-01 levers=levers.parquet strength=0.5

Purchases by BG/NBD or Pareto/NBD, whichever is the more likely; spending by Gamma-Gamma, where
events have a value. The file has one row a customer, whose columns may join the table of customers.
Levers are factors for `recsys decide levers=FILE`: what a customer is expected to be worth over the
mean, to the power of `strength`.
Keys of data= are those of recsys train.
"""

from collections.abc import Sequence

from recsys.cli.composed_source import composed_source
from recsys.cli.customer_files import known_before, table_content
from recsys.cli.run_keys import STORE, store_of
from recsys.cli.source_words import DATA_KEYS, is_of_data
from recsys.cli.words import Key, key_values, named_file, number_within, truth
from recsys.customers.levers import lever_table, worth_factors
from recsys.customers.lifetime_value.bands import BAND_SHARES, band_of, shares_of
from recsys.customers.lifetime_value.forecast import MODELS, forecast
from recsys.customers.lifetime_value.holdout import hold_out
from recsys.customers.lifetime_value.observe import observe
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.lifetime_value.page import PAGE, value_page, value_text
from recsys.reports.lifetime_value.report import (
    ValueReport,
    customer_table,
    figures,
    summary,
    title,
)
from recsys.tracking.data_sets import DataSet
from recsys.tracking.report import Report, log_standalone

KEYS = {
    **DATA_KEYS,
    "days": Key("how far ahead", default="365"),
    "actions": Key("that are purchases", "ACTION,...", default=columns.DEFAULT_ACTION),
    "model": Key("of the number of purchases", f"auto|{'|'.join(MODELS)}", default="auto"),
    "discount": Key("what a value loses in a year, as 0.1", default="0"),
    "bands": Key(
        "shares of customers in the bands high and medium", default=",".join(map(str, BAND_SHARES))
    ),
    "holdout": Key("days at the end that are forecast from what came before", "NUMBER"),
    "at": Key("only what was known before this moment (default: the end of the data)", "DATE"),
    "levers": Key("file of factors for recsys decide (.parquet or .csv)", "FILE"),
    "strength": Key("of the levers: 1 in proportion to worth, 0 without effect", default="1"),
    "out": Key("file with a row a customer (.parquet or .csv)", "FILE"),
    "page": Key("write a page as well", "FILE.html"),
    "log": Key("true keeps page and figures in MLflow", default="false"),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Prints a forecast, writes its file and page, and keeps it in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the data are not usable, or a file cannot be written.
    """
    given = key_values([word for word in words if not is_of_data(word)], KEYS, __doc__ or "")
    out = named_file(given, "out", (".parquet", ".csv"))
    page = named_file(given, "page", (".html",))
    levers = named_file(given, "levers", (".parquet", ".csv"))
    strength = number_within("strength", given["strength"], 0.0, 10.0)
    days = number_within("days", given["days"], 1.0, 36_500.0)
    discount = number_within("discount", given["discount"], 0.0, 1.0)
    held = number_within("holdout", given["holdout"], 1.0, 36_500.0) if "holdout" in given else None
    shares, kept = shares_of(given["bands"]), truth("log", given["log"])
    actions = _actions(given["actions"])
    data = Dataset.from_source(composed_source([word for word in words if is_of_data(word)]))
    data = known_before(given, data)
    seen = observe(data, actions)
    assert data.as_of_seconds is not None
    made = forecast(seen, days, model=given["model"], discount=discount)
    report = ValueReport(
        data=data.name,
        as_of=data.as_of_seconds,
        ids=data.customers.ids[seen.customers],
        forecast=made,
        bands=band_of((made.value or made.purchases).mean, shares),
        holdout=None if held is None else hold_out(data, held, actions, given["model"]),
    )
    say(*value_text(report))
    if out is not None:
        write_whole(out, table_content(customer_table(report), out.suffix), "out")
        say("", f"Customers: {out}")
    if levers is not None:
        factors = worth_factors(report.worth.mean, strength)
        table = lever_table(report.ids, factors, report.as_of)
        write_whole(levers, table_content(table, levers.suffix), "levers")
        say("", f"Levers: {levers}")
    if page is not None:
        write_whole(page, value_page(report), "page")
        say("", f"Page: {page}")
    if kept:
        params = {key: given[key] for key in ("days", "actions", "model", "discount", "bands")}
        run_id = log_standalone(
            Report(
                kind="lifetime_value",
                name=f"lifetime_value {data.name}",
                note=f"{title(report)}\n\n{summary(report)}",
                params=params | ({"holdout": given["holdout"]} if held else {}),
                metrics=figures(report),
                tags={"data": data.name, "fingerprint": data.fingerprint},
                data_sets=[
                    DataSet(name=data.name, fingerprint=data.fingerprint, context="training")
                ],
                files={PAGE: value_page(report).encode()},
            ),
            store_of(given),
        )
        say("", f"MLflow: lifetime_value run {run_id}")


def _actions(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in columns.ACTIONS]
    if unknown:
        raise InputError(
            f"actions: expected some of {', '.join(columns.ACTIONS)}, got '{unknown[0]}'"
        )
    return names
