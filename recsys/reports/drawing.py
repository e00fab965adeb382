"""What the pictures of all reports share: colours, marks of verdicts, axes, SVG and PNG."""

from io import BytesIO, StringIO
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, SKY, INK, GREY, GRID = (
    "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#222222", "#767676", "#DDDDDD",
)  # fmt: skip
"""The palette of Okabe and Ito, which readers with any colour vision can tell apart, and greys."""

VERDICTS = {"win": ("^", BLUE), "tie": ("o", GREY), "loss": ("v", ORANGE)}
"""Verdict -> marker and colour; the marker alone is enough."""


Lines: TypeAlias = Literal["x", "y", "both"]
"""The axis whose ticks have grid lines."""


def empty_figure(height: float) -> "Figure":
    """A figure as wide as a page.

    Args:
        height: in inches.
    """
    # Matplotlib is imported late because that takes a second. Without pyplot there is no global
    # state and no backend to choose.
    from matplotlib.figure import Figure

    return Figure(figsize=(9.5, height), layout="constrained")


def titled(axes: "Axes", title: str, lines: Lines, **text: Any) -> None:
    """Gives axes the frame and grid of all reports, and a title.

    Args:
        axes: of a figure.
        title: above them, on the left.
        lines: as for `framed`.
        **text: properties of the title.
    """
    axes.set_title(title, loc="left", **{"fontsize": 11} | text)
    framed(axes, lines)


def framed(axes: "Axes", lines: Lines) -> None:
    """Leaves out the frame above and on the right, and puts a grid behind what is drawn.

    Args:
        axes: of a figure.
        lines: the axis whose ticks have grid lines.
    """
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis=lines, color=GRID, lw=0.8)
    axes.set_axisbelow(True)


def svg(figure: "Figure") -> str:
    """A figure as SVG; equal figures give equal text."""
    from matplotlib import rc_context

    text = StringIO()
    with rc_context({"svg.hashsalt": "recsys"}):
        figure.savefig(text, format="svg", metadata={"Date": None}, facecolor="white")
    return text.getvalue()


def png(figure: "Figure", dpi: int = 120) -> bytes:
    """A figure as PNG; equal figures give equal bytes.

    Args:
        figure: what is shown.
        dpi: pixels an inch.
    """
    content = BytesIO()
    figure.savefig(content, format="png", dpi=dpi, facecolor="white", metadata={"Software": None})
    return content.getvalue()
