"""The curve of the simulated market as a picture."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from recsys.ops.whole_file import whole_file

# The palette of Okabe and Ito, which readers with any colour vision can tell apart.
_LINES = {
    "ndcg": {
        "touchpoint_gnn": ("touchpoint GNN", "#D55E00", "o"),
        "graph_filter": ("graph filter", "#0072B2", "s"),
    },
    "touchpoint": {
        "touchpoint_gnn": ("touchpoint GNN", "#D55E00", "o"),
        "counting": ("counting where customer and product went", "#009E73", "^"),
    },
}
_TITLES = {"ndcg": "Offers: NDCG@10", "touchpoint": "Touchpoint of a purchase: first guess"}


def curve(numbers: Mapping[str, float], sizes: Sequence[int], path: Path) -> None:
    """Shares of the oracle over the number of events, with intervals; PNG.

    Args:
        numbers: figures of `MarketCurveSuite`.
        sizes: events.
        path: of the picture.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=(10, 4.2), layout="constrained")
    for axes, (part, lines) in zip(figure.subplots(1, 2, sharey=True), _LINES.items(), strict=True):
        for model, (label, colour, marker) in lines.items():
            ends = [
                [
                    100 * numbers[f"{part}_{model}{end}_{size}"] / numbers[f"{part}_oracle_{size}"]
                    for size in sizes
                ]
                for end in ("", "_low", "_high")
            ]
            axes.fill_between(sizes, ends[1], ends[2], color=colour, alpha=0.2, lw=0)
            axes.plot(sizes, ends[0], color=colour, marker=marker, label=label)
        axes.axhline(100, color="#222222", lw=1, ls=":")
        axes.set(
            title=_TITLES[part],
            xscale="log",
            xlabel="events in the market (log scale)",
            ylim=(0, 105),
        )
        axes.set_xticks(sizes, [f"{size:,}" for size in sizes])
        axes.minorticks_off()
        axes.grid(axis="y", color="#dddddd")
        axes.spines[["top", "right"]].set_visible(False)
        axes.legend(frameon=False, loc="lower right")
    figure.axes[0].set_ylabel("% of what the oracle reaches")
    figure.supxlabel(
        "Bands: 95 % over customers. The oracle also knows which purposes will go on.", fontsize=9
    )
    with whole_file(path) as file:
        figure.savefig(file, dpi=120, facecolor="white")
