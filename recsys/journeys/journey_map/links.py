"""`Links`: every step of every strand from stage to stage, or to its end, as arrays."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.journeys.journey_map.paths import OPEN, SILENCE, STAGES, START, Paths

ENDS = (SILENCE, OPEN)


@dataclass(frozen=True, eq=False)
class Links:
    """Steps X of strands between nodes.

    A node is a stage at a touchpoint, `stage * T + touchpoint`; after these come the start of a
    strand, silence, and open.

    Attributes:
        touchpoints: T names.
        strand: [X] row numbers.
        source, target: [X] nodes.
        days: [X] days (positions) between them, NaN from the start and to an end.
    """

    touchpoints: tuple[str, ...]
    strand: IntArray
    source: IntArray
    target: IntArray
    days: FloatArray

    @property
    def start(self) -> int:
        """The node of the start, behind those of the stages."""
        return len(STAGES) * len(self.touchpoints)

    @property
    def nodes(self) -> int:
        """How many nodes there may be."""
        return self.start + 1 + len(ENDS)

    @property
    def code(self) -> IntArray:
        """[X] one number for each pair of source and target."""
        return self.source * self.nodes + self.target

    def stage(self, node: int) -> str:
        """Name of the stage of a node, or what it is instead."""
        width = len(self.touchpoints)
        return (*(name for name in STAGES for _ in range(width)), START, *ENDS)[node]

    def touchpoint(self, node: int) -> str:
        """Name of the touchpoint of a node, "" for start and ends."""
        width = len(self.touchpoints)
        return self.touchpoints[node % width] if node < self.start else ""

    def labels(self, code: int) -> tuple[str, str, str, str]:
        """Stage and touchpoint of source and target of a pair."""
        source, target = divmod(code, self.nodes)
        return (
            self.stage(source), self.touchpoint(source), self.stage(target), self.touchpoint(target)
        )  # fmt: skip


def links_of(paths: Paths) -> Links:
    """The links of paths, in order of strand and time.

    A strand begins at its first stage; where it was not bought, it ends open or in silence.
    """
    width = len(paths.touchpoints)
    first_end = len(STAGES) * width + 1
    node = paths.stage * width + paths.touchpoint
    is_first = np.diff(paths.strand, prepend=-1) != 0
    is_last = np.append(is_first[1:], True)[: len(node)]
    source = np.where(is_first, first_end - 1, np.append(-1, node[:-1])[: len(node)])
    days = np.where(is_first, np.nan, np.diff(paths.day, prepend=np.nan))
    ends = is_last & (paths.stage < len(STAGES) - 1)
    of_end = paths.strand[ends]
    return Links(
        touchpoints=paths.touchpoints,
        strand=np.concatenate([paths.strand, of_end]),
        source=np.concatenate([source, node[ends]]),
        target=np.concatenate([node, first_end + paths.is_open[of_end]]),
        days=np.concatenate([days, np.full(len(of_end), np.nan)]),
    )
