"""Signals as timed edges of the graph: dated, obeyed by cut-offs, audited, and learnt from."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from event_tables import END, events

from recsys.customers.with_segments import WithSegments
from recsys.data.dataset import Dataset
from recsys.data.frames import Frames
from recsys.data.queries import Split
from recsys.data.snapshots import Snapshot
from recsys.data.split import TimeSplit
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.graph.relations import OF_SIGNALS, SHOWN, Signals, relation_matrices
from recsys.graph.touchpoints import touchpoint_graph
from recsys.models.touchpoint_gnn import TouchpointGNN

ROWS = [
    ("ann", "p", "purchase", 200, 10.0), ("ann", "q", "purchase", 40, 10.0),
    ("bob", "p", "purchase", 150, 10.0), ("bob", "q", "purchase", 8, 10.0),
    ("cem", "q", "purchase", 100, 10.0), ("cem", "p", "purchase", 20, 10.0),
    ("ann", "p", "purchase", 5, 10.0),
]  # fmt: skip
CUTOFFS = {
    name: END - pd.Timedelta(days=days) for name, days in (("valid_from", 60), ("test_from", 10))
}
SIGNALS = """signals:
  here: "count(*) FILTER (days_ago < 45) > 0"
  again: {per: product, when: "bought(30, 400) > 0"}
"""


class FromTheFuture(WithSegments):
    """Finds signals in all that ever happened, whatever the moment."""

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        honest = super().snapshot(data, moment)
        return honest._replace(signals=super().snapshot(data, data.as_of).signals)


class Undated(TimeSplit):
    """Hands over the signals of all times."""

    def divide(self, data: Dataset, source: object) -> Split:
        split = super().divide(data, source)
        past = split.valid.past
        side = {**past.side_tables, "signals": data.side_tables["signals"]}
        leaky = replace(past, side_tables=side)
        return replace(split, valid=replace(split.valid, past=leaky))


def source(
    tmp_path: Path, kind: type[WithSegments] = WithSegments, rows: list = ROWS, text: str = SIGNALS
) -> WithSegments:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    frames = Frames(
        tables=Tables(interactions=events(rows)), targets=("purchase",), filter_seen=False,
        name="shop",
    )  # fmt: skip
    return kind(source=frames, segments=None, signals=str(path), signals_as="edges", every=50)


def test_edges_are_dated_and_a_cut_off_leaves_out_later_ones(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path))
    assert "customers" not in data.side_tables
    split = TimeSplit(**CUTOFFS).split(data)
    counts = []
    for past in (split.valid.past, split.test.past, data):
        graph = touchpoint_graph(past)
        edges = graph["customer", "shows", "signal"]
        assert graph["signal"].names == ["again", "here"]
        assert int(edges.time.max()) < past.as_of
        assert int(graph["customer", "again", "product"].time.max()) < past.as_of
        counts.append(edges.edge_index.shape[1])
    assert counts == sorted(set(counts))


def test_a_leak_planted_through_edges_is_caught(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path, FromTheFuture))
    message = r"leakage audit, snapshots of valid: signals: customer \w+, signal '\w+' of 20"
    with pytest.raises(InputError, match=message):
        TimeSplit(**CUTOFFS).split(data)
    with pytest.raises(InputError, match="which precedes the cut-off, got one that does not"):
        Undated(**CUTOFFS).split(Dataset.from_source(source(tmp_path)))


def test_a_signal_is_a_relation_and_one_of_a_product_joins_it(tmp_path: Path) -> None:
    data = Dataset.from_source(source(tmp_path))
    found = relation_matrices(data, Signals(shown=2.0))
    shown = found[OF_SIGNALS][SHOWN]
    assert shown.shape == (3, 2)
    table = data.side_tables["signals"]
    here = table[table["signal"] == "here"]["customer_id"].value_counts()
    ann = data.customers.row("ann")
    # Each customer has this one signal, so its edges give 1 / sqrt(all edges / own edges).
    assert shown[ann, 1] == pytest.approx(2 * np.sqrt(here["ann"] / here.sum()), rel=1e-6)
    again = found["customers", "products"][SHOWN]
    assert again[ann, data.products.row("p")] > 0
    assert OF_SIGNALS not in relation_matrices(data, Signals())


def test_customers_who_showed_the_same_signal_are_offered_the_same(tmp_path: Path) -> None:
    rows = []
    for number in range(40):
        side = number % 2
        rows.append((f"c{number}", None, ("contact", "reject")[side], 30 + number % 5, 0.0))
        if number < 30:
            rows += [(f"c{number}", f"p{side}{i}", "purchase", 20 - i, 1.0) for i in range(3)]
    text = """signals:
      called: "did('contact', 0, 60) > 0"
      refused: "did('reject', 0, 60) > 0"
    """
    data = Dataset.from_source(source(tmp_path, rows=rows, text=text))
    of_side = np.array([str(name)[1] for name in data.products.ids]) == "1"
    # They bought nothing: only the signal tells them apart.
    strangers = data.customers.rows(np.array([f"c{number}" for number in range(30, 40)], object))
    settings = {"dim": 8, "epochs": 30, "patience": None, "features": False,
                "actions": {"purchase": 1}}  # fmt: skip
    with_edges = TouchpointGNN(**settings, signals=1.0).fit(data).score(strangers)
    gap = with_edges[:, of_side].mean(axis=1) - with_edges[:, ~of_side].mean(axis=1)
    assert ((gap > 0) == (np.arange(30, 40) % 2 == 1)).all()
    without = TouchpointGNN(**settings).fit(data).score(strangers)
    assert np.ptp(without, axis=0).max() < 1e-6


def test_edges_need_signals_and_a_known_word(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"model\.signals: data=shop has no signals"):
        TouchpointGNN(signals=1.0).fit(Dataset.from_frames(events(ROWS), name="shop"))
    with pytest.raises(InputError, match=r"data\.signals_as: expected columns, edges or both"):
        WithSegments(source=source(tmp_path), signals="default", signals_as="arrows")
