"""The flow of one group: counts, shares, drop-offs, and the median time between stages."""

from itertools import pairwise

import numpy as np
import pandas as pd

from recsys.journeys.journey_map.flows import STEP, flow_table, totals
from recsys.journeys.journey_map.paths import OPEN, SILENCE, STAGES, Paths
from recsys.reports.drawing import BLUE, GREEN, ORANGE, SKY
from recsys.reports.journey_map.flow_drawing import Flow
from recsys.reports.journey_map.layout import SKIP, Node, Ribbon, passed, stage_node

_COLOURS = (BLUE, ORANGE, GREEN, SKY, "#CC79A7", "#E69F00")
_REST = "#8C8C8C"
_ENDS = {SILENCE: "#B5B5B5", OPEN: "#D9D9D9", SKIP: "#EEEEEE"}
NAMES = {SILENCE: "silence", OPEN: "still open", SKIP: "skipped"}


def single_flow(paths: Paths, unit: str, *, labelled: bool, short: bool = False) -> Flow:
    """What is drawn of the strands of one group.

    Args:
        paths: of the strands.
        unit: "days" or "positions".
        labelled: whether nodes and columns have texts.
        short: for a narrow picture: shares without counts.
    """
    table = flow_table(paths)
    colours = dict(zip(paths.touchpoints, (*_COLOURS, _REST), strict=False))
    whole = len(paths)
    ribbons = [
        Ribbon(step, strands / whole, _band_colour(step, colours))
        for step, strands in zip(
            table[STEP].itertuples(index=False, name=None), table["strands"], strict=True
        )
    ]
    sizes = node_sizes(table)
    nodes = {node: _node_colour(node[1], node[2], colours) for node in sizes}
    if not labelled:
        return Flow(ribbons=ribbons, touchpoints=paths.touchpoints, colours=nodes)
    lost = _drop_offs(table)
    return Flow(
        ribbons=ribbons,
        touchpoints=paths.touchpoints,
        colours=nodes,
        labels={
            node: _label(node, size, whole, lost.get(node), short) for node, size in sizes.items()
        },
        heads=_heads(paths, short),
        between=_between(paths, unit),
    )


def _node_colour(kind: str, touchpoint: str, colours: dict[str, str]) -> str:
    return _ENDS.get(kind) or colours[touchpoint]


def _band_colour(step: tuple[str, str, str, str], colours: dict[str, str]) -> str:
    _, touchpoint, after, there = step
    return _node_colour(after, touchpoint or there, colours)


def node_sizes(table: pd.DataFrame) -> dict[Node, float]:
    """Node of the picture -> strands that come to it."""
    sizes: dict[Node, float] = {}
    steps = table[STEP].itertuples(index=False, name=None)
    for step, strands in zip(steps, table["strands"], strict=True):
        for node in passed(step):
            sizes[node] = sizes.get(node, 0) + strands
    return sizes


def _drop_offs(table: pd.DataFrame) -> dict[Node, float]:
    """Node -> share of its strands that end in silence."""
    silent = table[table["to_stage"] == SILENCE]
    return {
        stage_node(stage, touchpoint): share
        for stage, touchpoint, share in zip(
            silent["from_stage"], silent["from_touchpoint"], silent["share"], strict=True
        )
    }


def _label(node: Node, size: float, whole: int, dropped: float | None, short: bool) -> str:
    name = NAMES.get(node[1], node[2])
    if short:
        return f"{name} {size / whole:.0%}"
    lost = "" if dropped is None else f" · {dropped:.0%} drop off"
    return f"{name} {size:,.0f} ({size / whole:.0%}){lost}"


def _heads(paths: Paths, short: bool) -> list[str]:
    """Stage, its strands, and the share of them that dropped off."""
    numbers = totals(paths)
    lost = np.bincount(paths.reached[paths.is_silent], minlength=len(STAGES))
    heads = []
    for row, stage in enumerate(STAGES):
        came = numbers[stage] * len(paths)
        count = "" if short else f"{came:,.0f} strands "
        share = f"{numbers[stage]:.0%}" if short else f"({numbers[stage]:.0%})"
        is_last = row == len(STAGES) - 1
        dropped = "" if is_last or not came else f"\n{lost[row] / came:.0%} drop off"
        heads.append(f"{stage}\n{count}{share}{dropped}")
    return heads


def _between(paths: Paths, unit: str) -> list[str]:
    numbers = totals(paths)
    times = [numbers[f"{before}_{after}_days"] for before, after in pairwise(STAGES)]
    return ["" if np.isnan(time) else f"{time:,.0f} {unit}" for time in times]
