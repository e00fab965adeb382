"""The picture of the coupon replay: redeemed coupons over mailings that are kept."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from recsys.arrays import FloatArray

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The palette of Okabe and Ito, which readers with any colour vision can tell apart.
_COLOURS = ("#0072B2", "#D55E00", "#767676")


def replay_plot(shares: FloatArray, curves: Mapping[str, Sequence[float]]) -> "Figure":
    """One line a policy.

    Args:
        shares: [K] of the mailings of each campaign.
        curves: policy -> [K] share of the redeemed coupons.
    """
    # Without pyplot there is no global state and no backend to choose.
    from matplotlib.figure import Figure

    figure = Figure(figsize=(7, 4.6), layout="constrained")
    axes = figure.add_subplot()
    for (name, curve), colour in zip(curves.items(), _COLOURS, strict=True):
        axes.plot(100 * shares, [100 * value for value in curve], color=colour, lw=2, label=name)
    axes.set_xlim(0, 100)
    axes.set_ylim(0, 102)
    axes.set_xlabel("mailings of each campaign that are kept, of 100")
    axes.set_title("Redeemed coupons that are kept, of 100", loc="left", fontsize=11)
    axes.legend(frameon=False, loc="lower right")
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(color="#DDDDDD", lw=0.8)
    axes.set_axisbelow(True)
    return figure
