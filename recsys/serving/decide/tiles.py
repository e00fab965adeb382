"""The candidates of all customers, tile by tile: masks, log-odds, and the best of the pairs."""

import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import numpy as np

from recsys.arrays import AnyArray, BoolArray, IntArray
from recsys.policy.arbitration.best import best_candidates
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.times import DAY
from recsys.serving.artifact.contents import Contents
from recsys.serving.decide.logits import Logits, close, customer_vectors
from recsys.serving.kept_parts import KeptParts
from recsys.serving.progress import bar

_TILE_CUSTOMERS, _TILE_PAIRS = 512, 2**22
"""Customers of a tile, fewer where that many rows of offers would take over 16 MiB a matrix."""
_PART = 2**16
"""Customers of a part that is kept."""


def all_candidates(
    contents: Contents,
    logits: Logits,
    rules: CompiledRules,
    start: int,
    k: int,
    touchpoints: BoolArray,
    parts: KeptParts = KeptParts(None),  # noqa: B008
) -> Candidates:
    """At most k candidates of each of C customers, exactly the best; in threads.

    Offers must stay permitted for the day from `start` on, in which `send_times` puts decisions.

    Args:
        contents: with decisions.
        logits: of the contents.
        rules: of the policy, with all contacts that are known.
        start: UTC seconds.
        k: candidates to keep, at least T.
        touchpoints: [T] bool that the plan may use.
        parts: what a killed start has finished, and where more of it is kept.

    Returns:
        [C, k]. Memory: 14 bytes a candidate, and some tiles.
    """
    count, width = len(contents.customers), len(logits.offers)
    kept = Candidates.empty(count, k)
    step = max(1, min(_TILE_CUSTOMERS, _TILE_PAIRS // width))
    # Caches are filled once, not in every thread.
    rules.send_times(np.zeros(1, np.int64), start)
    rules.offers(np.zeros(1, np.int64), start)

    start_time = time.monotonic()

    def part(begin: int) -> Mapping[str, AnyArray]:
        end = min(begin + _PART, count)
        made = Candidates.empty(end - begin, k)

        def fill(first: int) -> None:
            rows = np.arange(first, min(first + step, end))
            tile = tile_candidates(contents, logits, rules, rows, start, k, touchpoints)
            made.put(first - begin, tile)

        in_threads(fill, range(begin, end, step), count, start_time)
        return vars(made)

    for begin in range(0, count, _PART):
        kept.put(begin, Candidates(**parts.arrays(begin, partial(part, begin))))
    return kept


def tile_candidates(
    contents: Contents,
    logits: Logits,
    rules: CompiledRules,
    rows: IntArray,
    start: int,
    k: int,
    touchpoints: BoolArray,
) -> Candidates:
    """As `all_candidates`, of the customers in rows [B]."""
    part = contents.decisions
    assert part is not None
    of_offers, of_touchpoints = logits.of_customers(customer_vectors(contents, rows))
    of_offers[~rules.offers(rows, start, start + DAY - 1)] = -np.inf
    close(of_touchpoints, logits.by_daypart(rules.send_times(rows, start)))
    of_touchpoints[:, ~touchpoints] = -np.inf
    gains = part.gains(rows)
    return best_candidates(of_offers, of_touchpoints, logits.pairs, gains, part.costs, k)


def in_threads(
    work: Callable[[int], object], firsts: range, total: int, start_time: float | None = None
) -> None:
    """Calls `work` with each number, in threads, and shows how far it is.

    Args:
        work: called with each of `firsts`.
        firsts: first customers of the tiles.
        total: number of customers.
        start_time: `time.monotonic()` of the start, where others were worked on before these.
    """
    start_time = time.monotonic() if start_time is None else start_time
    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as threads:
        for first, _ in zip(firsts, threads.map(work, firsts), strict=True):
            bar(min(first + firsts.step, total), total, start_time)
