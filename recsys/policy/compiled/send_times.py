"""When each customer of a tile may be contacted within a horizon, by part of their day."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from recsys.arrays import BoolArray, IntArray
from recsys.policy.compiled import checks, touchpoint_masks
from recsys.policy.compiled.times import DAY, DAYPART, DAYPARTS, OPEN_END

if TYPE_CHECKING:
    from recsys.policy.compiled.rules import CompiledRules


def first_moments(rules: CompiledRules, rows: IntArray, start: int, horizon: int) -> IntArray:
    """[B, T, 4] int64 as `CompiledRules.send_times`.

    Quiet hours and parts of the day depend on the zone only, so each zone is cut into spans in
    which neither changes; limits and pauses then only move the first moment within a span.
    """
    rows = checks.customer_rows(rows, rules.shape[0])
    checks.whole("horizon", horizon, 1, 366 * DAY)
    last = checks.at(start + horizon - 1, len(rows))
    free_from = touchpoint_masks.blocked_until(rules, rows, last)
    free_from[~touchpoint_masks.consent(rules, rows)] = OPEN_END
    times = np.full((len(rows), rules.shape[2], len(DAYPARTS)), OPEN_END)
    zones = rules.zones.of_rows(rows)
    for zone in np.unique(zones):
        living = np.flatnonzero(zones == zone)
        free, living_times = free_from[living], times[living]
        for begin, end, part, is_open in _spans(rules, int(zone), start, start + horizon):
            moments = np.maximum(free, begin)
            moments[(moments >= end) | ~is_open] = OPEN_END
            np.minimum(living_times[:, :, part], moments, out=living_times[:, :, part])
        times[living] = living_times
    return times


def _spans(
    rules: CompiledRules, zone: int, start: int, end: int
) -> Iterator[tuple[int, int, int, BoolArray]]:
    """Begin, end, part of the day and open touchpoints [T] of each span of [start, end)."""
    zones = rules.zones
    table = slice(int(zones.starts[zone]), int(zones.starts[zone + 1]))
    changes = zones.transitions[table]
    inside = changes[(changes > start) & (changes < end)]
    edges = np.concatenate([[start], inside, [end]]).astype(np.int64)
    for low, high in pairwise(edges.tolist()):
        offset = int(zones.offset(np.array([zone]), np.array([low]))[0])
        cuts = _cuts(rules, low + offset, high + offset)
        is_open = np.ones((len(cuts) - 1, rules.shape[2]), dtype=bool)
        for hours in rules.quiet_hours:
            is_open &= hours.leaves_open(cuts[:-1])
        parts = cuts[:-1] % DAY // DAYPART
        for i, part in enumerate(parts):
            yield int(cuts[i]) - offset, int(cuts[i + 1]) - offset, int(part), is_open[i]


def _cuts(rules: CompiledRules, low: int, high: int) -> IntArray:
    """Local seconds from `low` to `high`, both included, at which a part or quiet hours change."""
    seconds = {part * DAYPART for part in range(len(DAYPARTS))}
    for hours in rules.quiet_hours:
        seconds |= {hours.start, hours.end % DAY}
    days = np.arange(low // DAY, high // DAY + 1) * DAY
    cuts = (days[:, None] + np.array(sorted(seconds))).ravel()
    return np.concatenate([[low], cuts[(cuts > low) & (cuts < high)], [high]])
