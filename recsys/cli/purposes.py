"""Finds what customers are after: purposes, the strands of each customer, and which are open.

recsys purposes data=files data.root=FOLDER page=purposes.html out=strands.parquet
recsys purposes data=files data.root=FOLDER customer=ID artifact=FOLDER
recsys purposes data=files data.root=FOLDER column=null events=events.parquet

A strand is what a customer did for one purpose, until silence or a purchase ended it. Purposes are
the values of a column of products, or with column=null communities of the graph of products.
Keys of data= are those of recsys train.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from recsys.cli.composed_source import composed_source
from recsys.cli.customer_files import TABLES, WITH_PAGE, known_before, write_page, write_table
from recsys.cli.purpose_keys import PURPOSE_KEYS, column_of
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, named_file, number_within
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.experiments.retrain.stored_answers import artifact_scores
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.next_offers import next_offers
from recsys.journeys.purposes.tables import OPEN, event_table
from recsys.ops.terminal import say
from recsys.reports.purposes.contents import PurposeReport
from recsys.reports.purposes.page_tables import customer_text
from recsys.reports.purposes.report import (
    PAGE,
    purpose_figures,
    purpose_page,
    purpose_text,
    summary,
    title,
)
from recsys.serving import Artifact, load
from recsys.tracking.report import Report

KEYS = {
    **DATA_KEYS,
    **PURPOSE_KEYS,
    "customer": Key("print the strands of one customer instead", "ID"),
    "artifact": Key("whose scores choose the offer for each strand", "FOLDER"),
    "out": Key("file with a row a strand (.parquet or .csv)", "FILE"),
    "events": Key("file with a row an event, its strand and probability", "FILE"),
    **WITH_PAGE,
    "seed": Key("of the graph's communities", default="0"),
    **LOG,
}  # fmt: skip


def main(words: Sequence[str]) -> None:
    """Prints purposes, writes strands, events and a page, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the data are not usable, or a file cannot be written.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out, events = (named_file(given, key, TABLES) for key in ("out", "events"))
    page = named_file(given, "page", (".html",))
    open_from = number_within("open", given["open"], 0.0, 1.0)
    seed = int(number_within("seed", given["seed"], 0, 2**32 - 1))
    require_log(given)
    source = composed_source(data_words(words))
    data = known_before(given, Dataset.from_source(source))
    customer = _customer(given["customer"], data) if "customer" in given else None
    model = PurposeModel(column=column_of(given), seed=seed).fit(data)
    report = PurposeReport.of(data, model, open_from)
    if "artifact" in given:
        _add_offers(report, _artifact(Path(given["artifact"]), data))
    if customer is None:
        say(*purpose_text(report))
    else:
        _require_strands(customer, report)
        say(*customer_text(report, customer))
    write_table(out, lambda: report.table, "out", "Strands")
    write_table(events, lambda: event_table(model, report.strands, data), "events", "Events")
    write_page(page, lambda: purpose_page(report))
    log_if_wanted(
        given,
        lambda: Report(
            kind="purposes",
            name=f"purposes {data.name}",
            note=f"{title(report)}\n\n{summary(report)}",
            params={"column": given["column"], "open": given["open"], "seed": given["seed"]},
            metrics=purpose_figures(report),
            files={PAGE: purpose_page(report).encode()},
        ),
        data,
    )


def _customer(text: str, data: Dataset) -> object:
    """The id of a customer as in the tables.

    Raises:
        InputError: the data do not know it.
    """
    known = np.flatnonzero(data.customers.ids.astype(str) == text)
    if not len(known):
        raise InputError(
            f"customer: expected one of the {len(data.customers):,} customers of {data.name}, got "
            f"'{text}'"
        )
    found: object = data.customers.ids[known[0]]
    return found


def _require_strands(customer: object, report: PurposeReport) -> None:
    if not (report.table[columns.CUSTOMER] == customer).any():
        raise InputError(
            f"customer: '{customer}' has no event with a product and one of the actions "
            f"{', '.join(report.strands.actions)} up to the cut-off"
        )


def _artifact(folder: Path, data: Dataset) -> Artifact:
    """Raises `InputError` where the artifact cannot be read, or has none of the products."""
    artifact = load(folder)
    if (artifact.products.first_rows(data.products.ids) < 0).all():
        raise InputError(
            f"artifact={folder}: expected products of {data.name}, got none of them; use an "
            "artifact of the same data"
        )
    return artifact


def _add_offers(report: PurposeReport, artifact: Artifact) -> None:
    """Columns offer and offer_score: what the artifact ranks first for the purpose of a strand.

    A strand that is not open gets none.
    """
    data, strands = report.data, report.strands
    rows = np.flatnonzero(report.table[OPEN] >= report.open_from)
    products, found = next_offers(
        artifact_scores(artifact, data), strands.customer[rows], strands.purpose[rows],
        report.model.tree.purpose, data.eligible(data.as_of, None),
    )  # fmt: skip
    offers, scores = np.full(len(strands), "", dtype=object), np.full(len(strands), np.nan)
    some = products >= 0
    offers[rows[some]] = data.products.ids[products[some]].astype(str)
    scores[rows] = found
    report.table["offer"] = offers
    report.table["offer_score"] = scores
