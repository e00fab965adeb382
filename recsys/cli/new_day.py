"""Takes new parts of the events into a store, and says what they bring: events, ids, the graph.

recsys new_day data=files data.root=FOLDER data.store=FOLDER

Only parts that are new or changed are read. Later commands with the same data.store= start from it.
Ends with code 2, and with the store as it was, if the tables cannot be loaded.
"""

from collections.abc import Iterator, Mapping, Sequence
from statistics import median

from recsys.cli.composed_source import composed_source
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import key_values
from recsys.data import columns
from recsys.data.cells import listed
from recsys.data.interactions import timestamp
from recsys.data.part_store.stored_events import Statistics, StoredEvents
from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.graph.stored_graph import StoredGraph, stored_graph
from recsys.ops.terminal import say

KEYS = {**DATA_KEYS}

_USUAL_DAYS, _NAMED_DAYS = 28, 7


def main(words: Sequence[str]) -> None:
    """Brings the store and its graph up to date and prints what is new.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, or a table cannot be used.
    """
    key_values(own_words(words), KEYS, __doc__ or "")
    source = composed_source(data_words(words))
    if not isinstance(source, Files) or source.store is None:
        raise InputError("data: expected data=files with data.store=FOLDER, which keeps its parts")
    say(*_lines(stored_graph(source)))


def _lines(graph: StoredGraph) -> Iterator[str]:
    events, statistics = graph.events, graph.events.statistics
    yield from _news(events)
    yield (
        f"all: {statistics.events:,} events of {statistics.customers:,} customer ids with "
        f"{statistics.products:,} products{_span(statistics)}"
    )
    for name in (columns.ACTION, columns.TOUCHPOINT):
        if counts := statistics.counts.get(name):
            yield f"  {name}: {_shares(counts, statistics.events)}"
    yield (
        f"graph: {len(graph.customers):,} customers x {len(graph.products):,} products, "
        f"{graph.matrix.nnz:,} pairs with a weight"
    )


def _news(events: StoredEvents) -> Iterator[str]:
    changes = events.changes
    fresh = {*changes.added, *changes.changed}
    if not fresh:
        yield "new: no part"
        return
    about = [part.about for part in events.parts if part.about.name in fresh]
    new_ids = ", ".join(
        f"{events.new_values.get(name, 0):,} new {what}"
        for name, what in ((columns.CUSTOMER, "customer ids"), (columns.PRODUCT, "products"))
    )
    yield (
        f"new: {sum(part.rows for part in about):,} events in {listed(sorted(fresh), 3)}; {new_ids}"
    )
    days = events.statistics.counts.get("day", {})
    for day in sorted({day for part in about for day in part.counts.get("day", {})})[-_NAMED_DAYS:]:
        before = [count for other, count in days.items() if other < day][-_USUAL_DAYS:]
        usual = f" (median of the {len(before)} days before: {median(before):,.0f})"
        yield f"  {day}: {days[day]:,} events{usual if before else ''}"


def _span(statistics: Statistics) -> str:
    if statistics.first is None or statistics.last is None:
        return ""
    if "day" not in statistics.counts:
        return f", positions {statistics.first:,} to {statistics.last:,}"
    return f", {timestamp(statistics.first):%Y-%m-%d} to {timestamp(statistics.last):%Y-%m-%d}"


def _shares(counts: Mapping[str, int], events: int) -> str:
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return listed(f"{name} {100 * count / events:.1f} %" for name, count in ordered)
