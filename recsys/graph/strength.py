"""Strength of the edges that an event makes, from its weight, its duration and its age."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import time_decay

LONGEST = 8.0
"""Greatest factor by which a duration may differ from the usual one: a page that was left open
shows no interest."""


def event_weights(
    data: Dataset, half_life: float | None = None, durations: float = 0.0
) -> FloatArray:
    """[E] float32 weight x (duration / usual duration of the action)^durations x 2^(-age / h).

    Args:
        data: its events.
        half_life: h in days (positions of an order); None for no decay.
        durations: power; 0 leaves durations out. An event without one counts as usual.

    Raises:
        InputError: a half-life without a clock, or a power without a column of durations.
    """
    column = data.interactions.weights
    weights = np.ones(len(data.interactions)) if column is None else np.nan_to_num(column, nan=1.0)
    decay = 1.0 if half_life is None else time_decay(data, half_life)
    longer = relative_durations(data) ** durations if durations else 1.0
    return (weights * longer * decay).astype(np.float32)


def relative_durations(data: Dataset) -> FloatArray:
    """[E] float64 duration over the median of its action, within a factor of `LONGEST`."""
    events = data.interactions
    if events.durations is None or not (events.durations > 0).any():
        raise InputError(
            f"model.durations: data={data.name} has no interactions.duration above 0; set it to 0"
        )
    relative = np.ones(len(events))
    for action in ACTIONS:
        timed = events.has_action((action,)) & (events.durations > 0)
        if timed.any():
            relative[timed] = events.durations[timed] / np.median(events.durations[timed])
    return np.clip(relative, 1 / LONGEST, LONGEST)
