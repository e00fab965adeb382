"""Draws a flow: nodes, bands, and what stands at them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recsys.ops.shown_text import for_picture
from recsys.reports.drawing import GREY, INK
from recsys.reports.journey_map.layout import Band, Node, Ribbon, layout

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.patches import PathPatch

_WIDTH = 0.035
_BEND = 0.5


@dataclass(frozen=True, kw_only=True)
class Flow:
    """What a flow shows.

    Attributes:
        ribbons: links with widths and colours.
        touchpoints: from top to bottom.
        colours: of nodes.
        labels: at nodes, those that have one.
        heads: above the three columns.
        between: above the two gaps.
        head_colours: of heads; ink where there are none.
        between_colours: of texts above gaps.
    """

    ribbons: Sequence[Ribbon]
    touchpoints: Sequence[str]
    colours: Mapping[Node, str]
    labels: Mapping[Node, str] = field(default_factory=dict)
    heads: Sequence[str] = ()
    between: Sequence[str] = ()
    head_colours: Sequence[str] = (INK, INK, INK)
    between_colours: Sequence[str] = (GREY, GREY)


def draw_flow(axes: "Axes", flow: Flow, *, size: float, name_length: int = 40) -> None:
    """Draws a flow on axes, whose frame it takes away.

    Args:
        axes: of a figure.
        flow: what is drawn.
        size: of the letters, in points.
        name_length: longest label, in characters.
    """
    from matplotlib import patheffects
    from matplotlib.patches import Rectangle

    placed = layout(flow.ribbons, flow.touchpoints)
    axes.set_axis_off()
    right = 2.0 + (0.55 if flow.labels else _WIDTH)
    axes.set(xlim=(-_WIDTH, right), ylim=(placed.height * 1.01, -0.01))
    for band in placed.bands:
        axes.add_patch(_patch(band))
    halo = [patheffects.withStroke(linewidth=2.2, foreground="white", alpha=0.85)]
    for node, (top, height) in placed.nodes.items():
        colour = flow.colours.get(node)
        if colour is not None:
            axes.add_patch(
                Rectangle((node[0] - _WIDTH, top), _WIDTH, height, color=colour, lw=0, zorder=3)
            )
        if node in flow.labels:
            label = for_picture(flow.labels[node], name_length)
            axes.text(node[0] + 0.03, top + height / 2, label, fontsize=size, color=INK,
                      va="center", path_effects=halo, zorder=4)  # fmt: skip
    _heads(axes, flow, size, placed.height)


def _heads(axes: "Axes", flow: Flow, size: float, height: float) -> None:
    """Stages above their columns, times above the gaps between these."""
    above = -0.02 * height
    for column, (head, colour) in enumerate(zip(flow.heads, flow.head_colours, strict=False)):
        axes.text(column - _WIDTH, above, head, fontsize=size + 1, weight="bold", color=colour,
                  va="bottom", linespacing=1.15)  # fmt: skip
    for gap, (text, colour) in enumerate(zip(flow.between, flow.between_colours, strict=False)):
        axes.text(gap + 0.78, above, text, fontsize=size, color=colour, va="bottom", ha="center")


def _patch(band: Band) -> "PathPatch":
    from matplotlib.patches import PathPatch
    from matplotlib.path import Path

    start, end = band.column, band.column + 1 - _WIDTH
    middle = start + _BEND * (end - start)
    low, high = band.source + band.width, band.target + band.width
    corners = [
        (start, band.source), (middle, band.source), (middle, band.target), (end, band.target),
        (end, high), (middle, high), (middle, low), (start, low), (start, band.source),
    ]  # fmt: skip
    curve, line = Path.CURVE4, Path.LINETO
    codes = [Path.MOVETO, curve, curve, curve, line, curve, curve, curve, Path.CLOSEPOLY]
    return PathPatch(Path(corners, codes), color=band.colour, alpha=0.45, lw=0)
