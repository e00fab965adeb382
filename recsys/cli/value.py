"""Forecasts what each customer will buy and spend, and shows how good such forecasts were.

recsys value data=files data.root=FOLDER days=365 out=value.parquet page=value.html
recsys value data=files data.root=FOLDER holdout=273
recsys value data=files data.root=FOLDER contract=began,ended fee=price holdout=180
recsys value data=files data.root=FOLDER at=2025-10-01 levers=levers.parquet strength=0.5

Purchases by BG/NBD or Pareto/NBD, whichever is the more likely; spending by Gamma-Gamma, where
events have a value. The file has one row a customer, whose columns may join the table of customers.
Customers with a contract stay until they end it: contract= names the columns that say so.
Levers are factors for `recsys decide levers=FILE`: what a customer is expected to be worth over the
mean, to the power of `strength`.
Keys of data= are those of recsys train.
"""

from collections.abc import Iterator, Mapping, Sequence

from recsys.arrays import FloatArray
from recsys.cli.composed_source import composed_parts, composed_source
from recsys.cli.customer_files import OUT, WITH_PAGE, known_before
from recsys.cli.run_keys import STORE
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.value_contracts import OF_PURCHASES, contract_output
from recsys.cli.value_output import ValueOutput, require_writable, write_value
from recsys.cli.words import Key, key_values, number_within
from recsys.customers.lifetime_value.bands import BAND_SHARES, band_of, shares_of
from recsys.customers.lifetime_value.covariates import covariates_of
from recsys.customers.lifetime_value.forecast import MODELS, forecast
from recsys.customers.lifetime_value.graph_forecast import ProductVectors
from recsys.customers.lifetime_value.holdout import hold_out
from recsys.customers.lifetime_value.lesson import FEWEST
from recsys.customers.lifetime_value.observe import observe
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.config import build_part
from recsys.models.base import EmbeddingRecommender
from recsys.reports.lifetime_value.page import PAGE, value_page, value_text
from recsys.reports.lifetime_value.report import (
    ValueReport,
    customer_table,
    figures,
    summary,
    title,
)

KEYS = {
    **DATA_KEYS,
    "days": Key("how far ahead", default="365"),
    "actions": Key("that are purchases", "ACTION,...", default=columns.DEFAULT_ACTION),
    "model": Key("of the number of purchases", f"auto|{'|'.join(MODELS)}", default="auto"),
    "covariates": Key("columns of customers that the number may depend on", "COLUMN,..."),
    "discount": Key("what a value loses in a year, as 0.1", default="0"),
    "bands": Key(
        "shares of customers in the bands high and medium", default=",".join(map(str, BAND_SHARES))
    ),
    "contract": Key(
        "columns of customers: when a contract began and ended, or periods and whether it ended",
        "COLUMN,COLUMN",
    ),
    "period": Key("length of a period of a contract, days (default: a month)", default="30.4375"),
    "fee": Key("what a period brings: a number, or a column of customers", default="1"),
    "holdout": Key("days at the end that are forecast from what came before", "NUMBER"),
    "graph": Key("model of conf/model whose vectors forecast the holdout too, as als", "NAME"),
    "at": Key("only what was known before this moment (default: the end of the data)", "DATE"),
    "levers": Key("file of factors for recsys decide (.parquet or .csv)", "FILE"),
    "strength": Key("of the levers: 1 in proportion to worth, 0 without effect", default="1"),
    **OUT,
    **WITH_PAGE,
    "log": Key("true keeps page and figures in MLflow", default="false"),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Prints a forecast, writes its files and page, and keeps it in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the data are not usable, or a file cannot be written.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    require_writable(given)
    days = number_within("days", given["days"], 1.0, 36_500.0)
    shares_of(given["bands"])
    is_of_contracts = _is_of_contracts(given, words)
    vectors = product_vectors_of(given)
    data = Dataset.from_source(composed_source(data_words(words)))
    data = known_before(given, data)
    if is_of_contracts:
        output = contract_output(given, data, days)
    else:
        output = _of_purchases(given, data, days, vectors)
    names = ("days", "discount", "bands", "holdout")
    own = ("contract", "period", "fee") if is_of_contracts else ("actions", "model", "covariates")
    params = {name: given[name] for name in (*names, *own) if name in given}
    write_value(given, output, data, params)


def _is_of_contracts(given: Mapping[str, str], words: Sequence[str]) -> bool:
    """Whether `contract=` is given. Raises `InputError` for keys of the other kind beside it."""
    said = {word.partition("=")[0] for word in words}
    is_of_contracts = "contract" in given
    for name in said & set(OF_PURCHASES if is_of_contracts else ("period", "fee")):
        kind = "purchases, not contracts" if is_of_contracts else "contracts; say contract= too"
        raise InputError(f"{name}= is for {kind}")
    return is_of_contracts


def _of_purchases(
    given: Mapping[str, str], data: Dataset, days: float, vectors: ProductVectors | None
) -> ValueOutput:
    discount = number_within("discount", given["discount"], 0.0, 1.0)
    held = number_within("holdout", given["holdout"], 1.0, 36_500.0) if "holdout" in given else None
    actions = _actions(given["actions"])
    names = given["covariates"].split(",") if "covariates" in given else []
    seen = observe(data, actions)
    made = forecast(
        seen,
        days,
        model=given["model"],
        covariates=covariates_of(data, seen.customers, names) if names else None,
        discount=discount,
    )
    assert data.as_of_seconds is not None
    report = ValueReport(
        data=data.name,
        as_of=data.as_of_seconds,
        ids=data.customers.ids[seen.customers],
        forecast=made,
        bands=band_of((made.value or made.purchases).mean, shares_of(given["bands"])),
        holdout=None
        if held is None
        else hold_out(data, held, actions, given["model"], names, vectors),
    )
    return ValueOutput(
        title=title(report),
        summary=summary(report),
        lines=_lines(report, is_with_graph=vectors is not None),
        table=customer_table(report),
        page=lambda: value_page(report),
        name=PAGE,
        ids=report.ids,
        worth=report.worth.mean,
        as_of=report.as_of,
        figures=figures(report),
    )


def _lines(report: ValueReport, is_with_graph: bool) -> Iterator[str]:
    yield from value_text(report)
    if is_with_graph and report.holdout is not None and not report.holdout.has_graph:
        yield ""
        yield f"No forecast from the graph: it needs {FEWEST} customers and two products before"


def product_vectors_of(given: Mapping[str, str]) -> ProductVectors | None:
    """Fits the model of `graph=` and takes its vectors of products; None without one.

    Raises:
        InputError: there is no holdout to forecast, or no such model, or it has no vectors.
    """
    if "graph" not in given:
        return None
    if "holdout" not in given:
        raise InputError("graph= forecasts a holdout; say holdout=DAYS too")
    words = [f"model={given['graph']}"]
    settings = composed_parts(words, ["model"])["model"]

    def vectors(data: Dataset) -> FloatArray:
        model = build_part(settings, "model", ()).fit(data)
        if not isinstance(model, EmbeddingRecommender):
            raise InputError(f"graph={given['graph']}: expected a model with vectors, such as als")
        return model.embeddings().products

    return vectors


def _actions(text: str) -> tuple[str, ...]:
    names = tuple(text.split(","))
    unknown = [name for name in names if name not in columns.ACTIONS]
    if unknown:
        raise InputError(
            f"actions: expected some of {', '.join(columns.ACTIONS)}, got '{unknown[0]}'"
        )
    return names
