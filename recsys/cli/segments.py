"""Counts micro-segments: how large, of what value, how stable; and who is in which.

recsys segments data=files data.root=FOLDER segments=default page=segments.html
recsys segments data=files data.root=FOLDER segments=mine.yaml out=members.parquet at=2026-01-01

A segment is a line of SQL over the events of a customer before a cut-off, as
lapsing: "bought(31, 60) > 0 AND spent(31, 60) BETWEEN 50 AND 150 AND silent(31)"
The columns of out= may join the table of customers. Keys of data= are those of recsys train.
"""

from collections.abc import Sequence

from recsys.cli.composed_source import composed_source
from recsys.cli.customer_files import (
    AT,
    OUT,
    TABLES,
    WITH_PAGE,
    linked_at,
    write_page,
    write_table,
)
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, named_file, number_within
from recsys.customers.segments.library import read_segments
from recsys.customers.segments.members import members_at
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.ops.terminal import say
from recsys.reports.segments.report import (
    PAGE,
    SegmentReport,
    member_table,
    segment_figures,
    segment_page,
    segment_text,
    summary,
    title,
)
from recsys.tracking.report import Report

KEYS = {
    **DATA_KEYS,
    "segments": Key("a shipped file of conf/segments, or FILE.yaml", default="default"),
    **AT,
    "since": Key("days before it, to which drift and stability compare", default="30"),
    **OUT,
    **WITH_PAGE,
    **LOG,
}


def main(words: Sequence[str]) -> None:
    """Prints segments, writes their members and a page, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word, a segment or the data are not usable, or a file cannot be written.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out = named_file(given, "out", TABLES)
    page = named_file(given, "page", (".html",))
    since = number_within("since", given["since"], 1.0, 36_500.0)
    require_log(given)
    library = read_segments(given["segments"])
    data = Dataset.from_source(composed_source(data_words(words)))
    data, moment = linked_at(given, data)
    report = SegmentReport.of(
        data.name,
        library.name,
        now=members_at(library, data, moment),
        before=members_at(library, data, moment - int(since * DAY)),
    )
    say(*segment_text(report))
    write_table(out, lambda: member_table(report), "out", "Customers")
    write_page(page, lambda: segment_page(report))
    log_if_wanted(
        given,
        lambda: Report(
            kind="segments",
            name=f"segments {library.name} {data.name}",
            note=f"{title(report)}\n\n{summary(report)}",
            params={"segments": library.name, "version": library.version, "since": given["since"]},
            metrics=segment_figures(report),
            files={PAGE: segment_page(report).encode()},
        ),
        data,
    )
