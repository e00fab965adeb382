"""Where the nodes and bands of a flow lie: a Sankey diagram of three columns."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from recsys.journeys.journey_map.paths import OPEN, SILENCE, STAGES, START

SKIP = "skip"
"""Stands in the middle column for what goes from the first straight to the last."""
Node = tuple[int, str, str]
"""Column, stage or end or `SKIP`, and the touchpoint of a stage."""
_GAP = 0.035


@dataclass(frozen=True)
class Ribbon:
    """A link of a map with its width.

    Attributes:
        step: stage and touchpoint of the source and of the target.
        weight: its width; those of all strands begin at the start and sum to 1.
        colour: of its band.
    """

    step: tuple[str, str, str, str]
    weight: float
    colour: str


@dataclass(frozen=True)
class Band:
    """A band between two nodes: its upper ends and its width, on a scale downwards.

    Attributes:
        column: of the source; the target lies in the next one.
        source: upper end at the source.
        target: upper end at the target.
        width: of the band.
        colour: of the band.
    """

    column: int
    source: float
    target: float
    width: float
    colour: str


@dataclass(frozen=True)
class Layout:
    """Nodes with their upper end and height, and the bands between them.

    Attributes:
        nodes: node -> (upper end, height).
        bands: between nodes.
        height: of the tallest column.
    """

    nodes: dict[Node, tuple[float, float]]
    bands: list[Band]
    height: float


@dataclass(frozen=True)
class _Part:
    source: Node | None
    target: Node
    weight: float
    colour: str


def layout(ribbons: Sequence[Ribbon], touchpoints: Sequence[str]) -> Layout:
    """Places the nodes of a map in columns, in order of touchpoints, and the ends below them.

    Args:
        ribbons: all links of a map.
        touchpoints: from top to bottom.
    """
    rows = {name: row for row, name in enumerate(touchpoints)}
    last = len(rows)
    ends = {SKIP: -1, OPEN: last, SILENCE: last + 1}

    def order(node: Node) -> int:
        return ends[node[1]] if node[1] in ends else rows[node[2]]

    parts = [part for ribbon in ribbons if ribbon.weight > 0 for part in _parts(ribbon)]
    into: dict[Node, float] = defaultdict(float)
    out: dict[Node, float] = defaultdict(float)
    for part in parts:
        into[part.target] += part.weight
        if part.source is not None:
            out[part.source] += part.weight
    nodes: dict[Node, tuple[float, float]] = {}
    filled = [0.0] * len(STAGES)
    for node in sorted({*into, *out}, key=lambda node: (node[0], order(node))):
        size = max(into[node], out[node])
        nodes[node] = (filled[node[0]], size)
        filled[node[0]] += size + _GAP
    return Layout(nodes, _bands(parts, nodes, order), max(filled) - _GAP)


def _bands(
    parts: Sequence[_Part], nodes: dict[Node, tuple[float, float]], order: Callable[[Node], int]
) -> list[Band]:
    """Stacks bands at both of their ends; what begins at a node comes first there."""
    begins = sorted(parts, key=lambda part: -1 if part.source is None else order(part.source))
    arrived: dict[Node, float] = defaultdict(float)
    targets = []
    for part in begins:
        targets.append(nodes[part.target][0] + arrived[part.target])
        arrived[part.target] += part.weight
    placed = sorted(zip(begins, targets, strict=True), key=lambda pair: order(pair[0].target))
    left: dict[Node, float] = defaultdict(float)
    bands = []
    for part, target in placed:
        if part.source is not None:
            source = nodes[part.source][0] + left[part.source]
            left[part.source] += part.weight
            bands.append(Band(part.source[0], source, target, part.weight, part.colour))
    return bands


def stage_node(stage: str, touchpoint: str) -> Node:
    """A stage at a touchpoint."""
    return (STAGES.index(stage), stage, touchpoint)


def end_node(stage: str, end: str) -> Node:
    """What ends after a stage: it stands in the next column."""
    return (STAGES.index(stage) + 1, end, "")


SKIP_NODE: Node = (1, SKIP, "")


def passed(step: tuple[str, str, str, str]) -> list[Node]:
    """The nodes that a link leads to: one, or the middle one and the last one."""
    stage, _, after, there = step
    if after in (SILENCE, OPEN):
        return [end_node(stage, after)]
    target = stage_node(after, there)
    if stage != START and target[0] > STAGES.index(stage) + 1:
        return [SKIP_NODE, target]
    return [target]


def _parts(ribbon: Ribbon) -> list[_Part]:
    stage, touchpoint, _, _ = ribbon.step
    source = None if stage == START else stage_node(stage, touchpoint)
    parts = []
    for target in passed(ribbon.step):
        parts.append(_Part(source, target, ribbon.weight, ribbon.colour))
        source = target
    return parts
