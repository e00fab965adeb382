"""What the pictures of all reports share: colours, marks of verdicts, empty figures, SVG."""

from io import StringIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BLUE, ORANGE, GREEN, SKY, INK, GREY, GRID = (
    "#0072B2", "#D55E00", "#009E73", "#56B4E9", "#222222", "#767676", "#DDDDDD",
)  # fmt: skip
"""The palette of Okabe and Ito, which readers with any colour vision can tell apart, and greys."""

VERDICTS = {"win": ("^", BLUE), "tie": ("o", GREY), "loss": ("v", ORANGE)}
"""Verdict -> marker and colour; the marker alone is enough."""


def empty_figure(height: float) -> "Figure":
    """A figure as wide as a page.

    Args:
        height: in inches.
    """
    # Matplotlib is imported late because that takes a second. Without pyplot there is no global
    # state and no backend to choose.
    from matplotlib.figure import Figure

    return Figure(figsize=(9.5, height), layout="constrained")


def svg(figure: "Figure") -> str:
    """A figure as SVG; equal figures give equal text."""
    from matplotlib import rc_context

    text = StringIO()
    with rc_context({"svg.hashsalt": "recsys"}):
        figure.savefig(text, format="svg", metadata={"Date": None}, facecolor="white")
    return text.getvalue()
