"""`learn`: fits the moments of sessions, from labelled ones."""

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.journeys.boosting import MOST_ROWS, fit_trees
from recsys.journeys.micro_moments.observe import Observed
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_features import after, before
from recsys.ops.trees import Trees

FEWEST = 50
"""Labelled sessions of each moment that a fit needs."""


def learn(seen: Observed) -> MomentModel:
    """Two models by boosting: one of sessions to come, one of sessions under way.

    The settings were chosen on the market's valid window.

    Args:
        seen: sessions; those without a label teach nothing, but are history to later ones.

    Raises:
        InputError: fewer than two moments have `FEWEST` sessions, or one has some and fewer.
    """
    counts = np.bincount(seen.labels[seen.labels >= 0], minlength=len(seen.names))
    few = [name for name, count in zip(seen.names, counts, strict=True) if 0 < count < FEWEST]
    present = np.flatnonzero(counts)
    if few or len(present) < 2:
        got = ", ".join(f"{n:,} of '{name}'" for name, n in zip(seen.names, counts, strict=True))
        raise InputError(
            f"label: expected at least {FEWEST} past sessions of each of two moments or more, got "
            f"{got or 'none'}; add labels, take an earlier date, or join rare moments"
        )
    place = np.full(len(seen.names) + 1, -1)
    place[present] = np.arange(len(present))
    labels = place[seen.labels]
    return MomentModel(
        names=tuple(seen.names[row] for row in present.tolist()),
        before=_fit(before(seen.events), labels, seen.events.when[seen.events.starts], leaves=8),
        after=_fit(after(seen.events), labels[seen.events.sessions], seen.events.when, leaves=15),
    )


def _fit(values: FloatArray, labels: IntArray, when: IntArray, leaves: int) -> Trees:
    rows = np.flatnonzero(labels >= 0)
    rows = np.sort(rows[np.argsort(-when[rows], kind="stable")[:MOST_ROWS]])
    return fit_trees(
        values[rows], labels[rows], trees=120, learning_rate=0.06, leaves=leaves, least=60
    )
