"""Tells what sessions are for and who will leave, and shows how well.

recsys moments data=files data.root=FOLDER label=outcome page=moments.html out=moments.parquet
recsys moments data=files data.root=FOLDER levers=levers.parquet retention=O0012,O0040

A session is to know, to buy or to get something done. Labels of past sessions are those of a column
context_NAME of interactions (label=NAME), or what a session led to (label=outcome). The window
that is scored is valid; test=true reads test instead. Keys of data= are those of recsys train.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.cli.composed_source import composed_source
from recsys.cli.customer_files import (
    OUT,
    TABLES,
    WITH_PAGE,
    linked_at,
    table_content,
    write_page,
)
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.scored_window import scored_window
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, named_file, truth, whole_number
from recsys.customers.levers import lever_table
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.errors import InputError
from recsys.journeys.leaving.holdout import hold_out_leaving
from recsys.journeys.leaving.learn import learn_leaving
from recsys.journeys.leaving.retention import retention_factors
from recsys.journeys.micro_moments.evaluate import evaluate_moments
from recsys.journeys.micro_moments.learn import learn
from recsys.journeys.micro_moments.observe import OUTCOME, observe
from recsys.journeys.moment_columns import LEAVING, moment_columns
from recsys.journeys.moment_events import moment_events
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.policy.rules.offers import offers_of
from recsys.reports.micro_moments.page import PAGE, moment_page, moment_text
from recsys.reports.micro_moments.report import MomentReport, figures, summary, title
from recsys.tracking.report import Report

NONE = "none"

KEYS = {
    **DATA_KEYS,
    "label": Key("of past sessions: a column context_NAME, or outcome", "NAME", default=OUTCOME),
    "days": Key("who does nothing for so long leaves; none leaves that out", default="60"),
    "test": Key("true scores test instead of valid", default="false"),
    "at": Key("cut-off of the files; by default the end of the data", "DATE"),
    **OUT,
    "events": Key("file of told moments as interactions (.parquet or .csv)", "FILE"),
    "levers": Key("file that raises retention= for who will leave (.parquet or .csv)", "FILE"),
    "retention": Key("offers that keep customers", "ID,..."),
    **WITH_PAGE,
    **LOG,
}


@dataclass(frozen=True)
class _Files:
    out: Path | None
    events: Path | None
    levers: Path | None

    @classmethod
    def of(cls, given: Mapping[str, str]) -> "_Files":
        files = cls(*(named_file(given, key, TABLES) for key in ("out", "events", "levers")))
        if (files.levers is None) != ("retention" not in given):
            missing = "retention" if files.levers is not None else "levers"
            raise InputError(f"{missing}: expected levers= and retention= together, got one")
        if files.levers is not None and given["days"] == NONE:
            raise InputError("days: expected a number of days, which levers= needs, got 'none'")
        return files


def main(words: Sequence[str]) -> None:
    """Prints how well moments are told, writes files and a page, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the data are not usable, or a file cannot be written.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    files, page = _Files.of(given), named_file(given, "page", (".html",))
    days = None if given["days"] == NONE else whole_number("days", given["days"])
    test = truth("test", given["test"])
    require_log(given)
    source = composed_source(data_words(words))
    data = Dataset.from_source(source)
    data, moment = linked_at(given, data)
    retention = _offers(given, data)
    report = _report(data, given["label"], days, scored_window(source.cutoffs, data, test), test)
    say(*moment_text(report))
    for name, path, content in _contents(data, given, files, moment, days, report, retention):
        write_whole(path, content, "out" if name == "customers" else name)
        say("", f"{name.capitalize()}: {path}")
    write_page(page, lambda: moment_page(report))
    log_if_wanted(
        given,
        lambda: Report(
            kind="moments",
            name=f"moments {data.name}",
            note=f"{title(report)}\n\n{summary(report)}",
            params={key: given[key] for key in ("label", "days", "test")},
            metrics=figures(report),
            files={PAGE: moment_page(report).encode()},
        ),
        data,
    )


def _report(
    data: Dataset, label: str, days: int | None, window: tuple[int, int], test: bool
) -> MomentReport:
    start, end = window
    known = data.before(end)
    model = learn(observe(data.before(start), label))
    stages = evaluate_moments(observe(known, label), model, start // SECOND, end // SECOND)
    if not stages:
        raise InputError("label: expected labelled sessions in the window that is scored, got none")
    return MomentReport(
        data=data.name,
        label=label,
        window="test" if test else "valid",
        start=start,
        end=end,
        stages=stages,
        leaving=None if days is None else hold_out_leaving(known, start, days),
    )


def _contents(
    data: Dataset,
    given: Mapping[str, str],
    files: _Files,
    moment: int,
    days: int | None,
    report: MomentReport,
    retention: Sequence[str],
) -> list[tuple[str, Path, bytes]]:
    """Name, path and content of each file that is wanted; all are made before one is written."""
    made = []
    if files.out is not None or files.levers is not None:
        before = data.before(moment)
        model = learn(observe(before, given["label"]))
        leaving = None if days is None else learn_leaving(before, moment, days)
        table = moment_columns(before, moment, model, leaving)
        if files.out is not None:
            made.append(("customers", files.out, table_content(table, files.out.suffix)))
        if files.levers is not None:
            levers = _levers(table, retention, -(-moment // SECOND))
            made.append(("levers", files.levers, table_content(levers, files.levers.suffix)))
    if files.events is not None:
        rows = moment_events(data.before(moment), given["label"], [report.start])
        made.append(("events", files.events, table_content(rows, files.events.suffix)))
    return made


def _levers(table: pd.DataFrame, offers: Sequence[str], as_of: int) -> pd.DataFrame:
    """A row for each customer with a factor above 1 and each offer."""
    factors = retention_factors(table[LEAVING].to_numpy())
    raised = np.flatnonzero(factors > 1)
    return lever_table(
        np.repeat(table[columns.CUSTOMER].to_numpy()[raised], len(offers)),
        np.repeat(factors[raised], len(offers)),
        as_of,
        np.tile(np.asarray(offers, dtype=object), len(raised)),
    )


def _offers(given: Mapping[str, str], data: Dataset) -> list[str]:
    """The offers of `retention=`, which must be offers of the data."""
    named = given["retention"].split(",") if "retention" in given else []
    known = set(offers_of(data).ids.astype(str)) if named else set()
    for name in named:
        if name not in known:
            raise InputError(f"retention: expected offers of the data, got '{name[:80]}'")
    return named
