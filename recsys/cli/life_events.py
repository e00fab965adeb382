"""Predicts the next life event of customers and its time, and shows how well.

recsys life_events data=files data.root=FOLDER page=life_events.html out=life_events.parquet
recsys life_events data.version=2 data.events=50000 days=30 test=true

Past life events are those of a column of customers (label=NAME), in a row dated by when each was
recorded. The window that is scored is valid; test=true reads test instead. Keys of data= are those
of recsys train.
"""

from collections.abc import Mapping, Sequence
from typing import cast

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
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.journeys.life_events.evaluate import evaluate_life_events, require_days
from recsys.journeys.life_events.hazards import METHODS, Method
from recsys.journeys.life_events.learn import WEEKS, learn_life_events
from recsys.journeys.life_events.life_columns import life_columns
from recsys.journeys.life_events.observe import LABEL, labelled_customers
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.life_events.page import PAGE, life_page, life_text
from recsys.reports.life_events.report import LifeReport, figures, summary, title
from recsys.tracking.report import Report

KEYS = {
    **DATA_KEYS,
    "label": Key("column of customers with the latest life event", "NAME", default=LABEL),
    "days": Key("within which a life event counts", default="30"),
    "weeks": Key("how far a forecast reaches, 1 to 52", default=str(WEEKS)),
    "method": Key(f"of the hazards: {', '.join(METHODS)}", default=METHODS[0]),
    "test": Key("true scores test instead of valid", default="false"),
    "at": Key("cut-off of out=; by default the end of the data", "DATE"),
    **OUT,
    **WITH_PAGE,
    **LOG,
}


def main(words: Sequence[str]) -> None:
    """Prints how well life events are predicted, writes files, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the data are not usable, or a file cannot be written.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out, page = named_file(given, "out", TABLES), named_file(given, "page", (".html",))
    days, weeks = whole_number("days", given["days"]), whole_number("weeks", given["weeks"])
    require_days(days, weeks)
    if given["method"] not in METHODS:
        raise InputError(f"method: expected {', '.join(METHODS)}, got '{given['method'][:80]}'")
    test = truth("test", given["test"])
    require_log(given)
    source = composed_source(data_words(words))
    data = Dataset.from_source(source)
    data, moment = linked_at(given, data)
    labelled_customers(data, given["label"])
    report = _report(data, given, days, weeks, scored_window(source.cutoffs, data, test), test)
    content = None if out is None else _content(data, given, moment, days, weeks, out.suffix)
    say(*life_text(report))
    if out is not None and content is not None:
        write_whole(out, content, "customers")
        say("", f"Customers: {out}")
    write_page(page, lambda: life_page(report))
    log_if_wanted(
        given,
        lambda: Report(
            kind="life_events",
            name=f"life events {data.name}",
            note=f"{title(report)}\n\n{summary(report)}",
            params={key: given[key] for key in ("label", "days", "weeks", "method", "test")},
            metrics=figures(report),
            files={PAGE: life_page(report).encode()},
        ),
        data,
    )


def _report(
    data: Dataset, given: Mapping[str, str], days: int, weeks: int, window: tuple[int, int],
    test: bool,
) -> LifeReport:  # fmt: skip
    start, end = window
    label = given["label"]
    model = learn_life_events(
        data.before(start), start, label=label, weeks=weeks,
        method=cast(Method, given["method"]),
    )  # fmt: skip
    scores = evaluate_life_events(data.before(end), model, start, end, days=days, label=label)
    return LifeReport(
        data=data.name,
        label=label,
        method=given["method"],
        window="test" if test else "valid",
        start=start,
        end=end,
        scores=scores,
    )


def _content(
    data: Dataset, given: Mapping[str, str], moment: int, days: int, weeks: int, suffix: str
) -> bytes:
    """The file of `out=`, made before anything is written."""
    before = data.before(moment)
    model = learn_life_events(
        before, moment, label=given["label"], weeks=weeks, method=cast(Method, given["method"])
    )
    return table_content(life_columns(before, moment, model, given["label"], days), suffix)
