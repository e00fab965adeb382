"""The picture of a funnel: what is left after each rule, and what each rule costs."""

from typing import TYPE_CHECKING

from recsys.ops.shown_text import for_picture
from recsys.policy.funnel import Funnel
from recsys.reports.drawing import BLUE, GREY, INK, ORANGE, SKY, empty_figure, framed, png, svg
from recsys.reports.funnel.table import funnel_table, percent
from recsys.reports.funnel.words import places, title
from recsys.tracking.plots import names_as_they_are

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_LABEL = 32
"""Longest name of a rule, in characters."""


@names_as_they_are
def overview(funnel: Funnel) -> bytes:
    """The picture as PNG, under its title."""
    figure = _drawn(funnel)
    lines = (title(funnel), f"Touchpoints: {places(funnel)}")
    text = "\n".join(for_picture(line, 90) for line in lines)
    figure.suptitle(text, x=0.01, ha="left", weight="bold", fontsize=12)
    return png(figure)


@names_as_they_are
def picture(funnel: Funnel) -> str:
    """The picture as SVG."""
    return svg(_drawn(funnel))


def _drawn(funnel: Funnel) -> "Figure":
    names = funnel.counts.names
    figure = empty_figure(1.5 + 0.32 * (len(names) + 1))
    has_costs = funnel.costs is not None
    axes = figure.subplots(
        1, 2 if has_costs else 1, squeeze=False, width_ratios=[3, 2][: 1 + has_costs]
    )[0]
    labels = ["no rule", *names]
    for axis in axes:
        axis.set_ylim(len(labels) - 0.4, -0.6)
        framed(axis, "x")
        axis.tick_params(axis="y", length=0)
    axes[0].set_yticks(range(len(labels)), [for_picture(label, _LABEL) for label in labels])
    _left(axes[0], funnel)
    figure.legend(loc="outside lower left", ncols=3, frameon=False, fontsize=9)
    if has_costs:
        axes[1].set_yticks(range(len(labels)), [])
        _costs(axes[1], funnel)
    return figure


def _left(axes: "Axes", funnel: Funnel) -> None:
    """What is left after each rule, beside it what the rule took; a mark for the rule alone."""
    whole = max(1, funnel.counts.before.triples)
    axes.barh(0, 100, color=BLUE, height=0.62, label="left after this rule and those above")
    axes.text(102, 0, "100%", va="center", fontsize=9, color=INK)
    table = funnel_table(funnel)
    for height, row in enumerate(table.to_dict("records"), start=1):
        left, taken = (100 * row[f"triples_{kind}"] / whole for kind in ("left", "in_order"))
        first = height == 1
        axes.barh(height, left, color=BLUE, height=0.62)
        axes.barh(height, taken, left=left, color=SKY, height=0.62,
                  label="taken away by this rule" if first else None)  # fmt: skip
        axes.plot(100 - 100 * row["triples_alone"] / whole, height, "|", color=INK, ms=13, mew=2,
                  label="left by this rule alone" if first else None)  # fmt: skip
        share = percent(row["triples_left"], funnel.counts.before.triples)
        axes.text(102, height, share, va="center", fontsize=9, color=INK)
    axes.set_xlim(0, 115)
    axes.set_title("Offers to customers at these touchpoints, % of all", loc="left", fontsize=10)


def _costs(axes: "Axes", funnel: Funnel) -> None:
    """What each rule costs a customer, with its interval."""
    assert funnel.costs is not None
    for height, name in enumerate(funnel.counts.names, start=1):
        cost = funnel.costs.rules[name]
        axes.barh(height, cost.mean, color=ORANGE, height=0.62)
        axes.plot([cost.low, cost.high], [height, height], color=INK, lw=1.8)
        axes.text(cost.high, height, f"  {cost.mean:.3g}", va="center", fontsize=9,
                  color=INK if cost.mean else GREY)  # fmt: skip
    most = max((cost.high for cost in funnel.costs.rules.values()), default=0.0)
    axes.set_xlim(0, 1.25 * most or 1)
    count = f"{funnel.costs.customers:,} customers"
    axes.set_title(f"Costs a customer in expected value\n({count}, 95% intervals)", loc="left",
                   fontsize=10)  # fmt: skip
