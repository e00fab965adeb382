"""Twenty segments and twenty signals of random events: seconds and memory."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from time import perf_counter, process_time

import numpy as np
import pandas as pd

from benchmarks.suite import require_at_least
from recsys.customers.segments.library import SegmentLibrary, read_segments
from recsys.customers.segments.members import members_at
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.library import SignalLibrary, read_signals
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, Interactions
from recsys.data.vocabulary import Vocabulary
from recsys.experiments.cost import peak_memory_mb

_START = 1_735_689_600_000_000
_PRODUCTS, _DAYS = 5_000, 400


class SegmentsSuite:
    """Counts segments at a cut-off, then detects signals, of which a quarter are by product.

    Args:
        events: how many, of 400 days.
        customers: who have them.
        seed: of the events.
    """

    def __init__(self, *, events: int, customers: int, seed: int = 0) -> None:
        require_at_least(1, events=events, customers=customers)
        self.events, self.customers, self.seed = events, customers, seed

    def figures(self) -> Mapping[str, float]:
        """Keys segments_seconds, signals_seconds, the same of CPU, and peak_mb."""
        data = random_events(self.events, self.customers, self.seed)
        made = {"segments": float(len(twenty_segments().segments)),
                "signals": float(len(twenty_signals().signals))}  # fmt: skip
        assert data.as_of is not None
        wall, cpu = perf_counter(), process_time()
        members_at(twenty_segments(), data, data.as_of)
        made |= {"segments_seconds": perf_counter() - wall,
                 "segments_cpu_seconds": process_time() - cpu}  # fmt: skip
        wall, cpu = perf_counter(), process_time()
        signals_at(twenty_signals(), data, data.as_of)
        made |= {"signals_seconds": perf_counter() - wall,
                 "signals_cpu_seconds": process_time() - cpu}  # fmt: skip
        return made | {"peak_mb": peak_memory_mb()}


def twenty_segments() -> SegmentLibrary:
    """Segments of four kinds over five windows, with different aggregates each."""
    lines = []
    for at, (start, end) in enumerate(((0, 7), (8, 30), (31, 60), (61, 90), (91, 365))):
        lines += [
            f"bought_{at}: bought({start}, {end}) > 1",
            f"spent_{at}: spent({start}, {end}) BETWEEN 50 AND 150 AND silent({start + 1})",
            f"category_{at}: count(DISTINCT category) FILTER (days_ago BETWEEN {start} AND {end})"
            " > 2",
            f"app_{at}: count(*) FILTER (touchpoint = 'app' AND days_ago <= {end}) > 1 AND "
            f"max(value) FILTER (days_ago >= {start}) > 20",
        ]
    return read_segments(_written("segments", lines))


def twenty_signals() -> SignalLibrary:
    """Fifteen signals of customers and five of customers and products."""
    lines = []
    for days in (3, 7, 14, 30, 60):
        lines += [
            f"contact_{days}: days_since('contact') <= {days}",
            f"falls_{days}: 2 * count(*) FILTER (days_ago < {days}) < count(*) FILTER (days_ago "
            f"BETWEEN {days} AND {2 * days})",
            f"back_{days}: did('view', 0, {days}) > 0 AND did('view', {days + 1}, {3 * days}) = 0",
            f"views_{days}: {{per: product, when: \"did('view', 0, {days}) >= 2\"}}",
        ]
    return read_signals(_written("signals", lines))


def _written(kind: str, lines: list[str]) -> Path:
    path = Path(tempfile.mkdtemp()) / f"{kind}.yaml"
    path.write_text("\n".join([f"{kind}:", *(f"  {line}" for line in lines)]))
    return path


def random_events(count: int, customers: int, seed: int) -> Dataset:
    """Events in order of time; no file is read.

    Args:
        count: how many.
        customers: row numbers that occur.
        seed: of the draws.
    """
    rng = np.random.default_rng(seed)
    when = np.sort(rng.integers(0, _DAYS * DAY, count)) + _START
    ids = np.arange(_PRODUCTS)
    return Dataset(
        name="random",
        fingerprint="",
        customers=Vocabulary("customer", np.arange(customers)),
        products=Vocabulary("product", ids),
        touchpoints=Vocabulary("touchpoint", np.array(["app", "branch", "email", "web"], object)),
        interactions=Interactions(
            customers=rng.integers(0, customers, count, np.int32),
            products=rng.integers(-1, _PRODUCTS, count, np.int32),
            touchpoints=rng.integers(0, 4, count, np.int32),
            actions=rng.integers(0, len(columns.ACTIONS), count, np.int8),
            when=when,
            values=rng.gamma(2, 30, count).astype(np.float32),
        ),
        side_tables={"products": pd.DataFrame({columns.PRODUCT: ids, columns.CATEGORY: ids % 20})},
        clock="timestamp",
        as_of=int(when[-1]) + 1,
    )
