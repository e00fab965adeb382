"""A comparison as one HTML page that needs nothing from elsewhere and prints well."""

from recsys.experiments.pairs import LEVEL
from recsys.reports.comparison import plots
from recsys.reports.comparison.compare import RunComparison
from recsys.reports.comparison.markup import Markup, page, paragraphs, picture, section
from recsys.reports.comparison.matrices import SHOWN, pairwise_matrix, slice_table
from recsys.reports.comparison.ranking import ORACLE
from recsys.reports.comparison.tables import (
    baseline_table,
    best_table,
    board_table,
    cost_table,
    run_table,
    seed_table,
)
from recsys.reports.comparison.words import summary


def comparison_page(comparison: RunComparison) -> str:
    """The whole page as HTML.

    It has a summary, the leaderboard, all pairs, and, where the runs tell of them, slices, costs,
    learning curves and seeds; at its end how intervals and verdicts are made, and the run ids.
    """
    about = comparison.runs[0]
    parts = [
        Markup(f'<div class="summary">{paragraphs(summary(comparison))}</div>'),
        paragraphs([_about(comparison)]),
        _leaderboard(comparison),
        _pairs(comparison),
        _slices(comparison),
        _costs(comparison),
        _curves(comparison),
        _skipped(comparison),
        _method(comparison),
    ]
    return page(
        f"Comparison on {about.data}: {comparison.metric}", [part for part in parts if part]
    )


def _about(comparison: RunComparison) -> str:
    run = comparison.runs[0]
    return (
        f"Data {run.data}, fingerprint {run.fingerprint[:16]}. Split {run.split}. "
        f"{len(comparison.runs)} runs, latest of "
        f"{max(run.started for run in comparison.runs):%Y-%m-%d %H:%M} UTC; read on valid."
    )


def _leaderboard(comparison: RunComparison) -> Markup:
    alt = f"{comparison.metric} of every run with its interval, as in the table above"
    seeds = seed_table(comparison)
    return section(
        "Leaderboard",
        board_table(comparison),
        picture(plots.intervals(comparison), alt),
        *([seeds] if seeds else []),
    )


def _pairs(comparison: RunComparison) -> Markup:
    if comparison.pairs.empty:
        return Markup()
    words = (
        f"All {len(comparison.pairs)} pairs, paired by customer. ▲ the run of the row wins, "
        "▼ it loses, = a tie: the data do not tell the two apart. Verdicts hold after Holm's "
        "correction over all pairs; the leaderboard asks about the pairs with the baseline alone, "
        "so what is a win or loss there may be a tie here. Intervals are of each pair by itself."
    )
    if (comparison.board["model"] != ORACLE).sum() > SHOWN:
        words += f" Shown are the first {SHOWN} runs; pairwise.csv has all."
    return section(
        "Every run against every other",
        paragraphs([words]),
        pairwise_matrix(comparison),
        best_table(comparison),
        baseline_table(comparison),
    )


def _slices(comparison: RunComparison) -> Markup:
    found = comparison.slices
    dimensions = found.loc[found["metric"] == comparison.metric, "dimension"].unique()
    if not len(dimensions):
        return Markup()
    words = (
        "Who is served how well. The highest of a row is underlined; that is no verdict. "
        "slices.csv has every metric with its interval."
    )
    tables = (slice_table(comparison, name) for name in dimensions)
    return section("Slices", paragraphs([words]), *tables)


def _costs(comparison: RunComparison) -> Markup:
    models = comparison.board[comparison.board["model"] != ORACLE]
    known = models[["wall_seconds", "peak_memory_mb"]].notna().all().any()
    alt = f"{comparison.metric} against wall seconds and peak memory, as in the table above"
    figure = [picture(plots.costs(comparison), alt)] if known and len(models) else []
    return section("Quality against cost", cost_table(comparison), *figure)


def _curves(comparison: RunComparison) -> Markup:
    curves = comparison.curves
    pictures = [
        picture(plots.learning_curves(points, str(metric)), f"{metric} over steps of learning")
        for metric, points in curves.groupby("metric", sort=False)
    ]
    return section("Learning curves", *pictures) if pictures else Markup()


def _skipped(comparison: RunComparison) -> Markup:
    if not comparison.skipped:
        return Markup()
    lines = [f"{one.line()}." for one in comparison.skipped]
    return section("Runs passed over", paragraphs(lines))


def _method(comparison: RunComparison) -> Markup:
    words = [
        f"Intervals are {LEVEL:.0%} percentile intervals of a bootstrap that resamples customers "
        "with all their queries (Efron, 1979). Two runs are compared on the same resamples, so "
        "that what makes a customer easy for both cancels.",
        "A win is a win when the difference is not zero after Holm's (1979) correction; else it is "
        "a tie. p-values invert the intervals, with a normal tail where fewer than ten "
        "resamples lie beyond zero. Wilcoxon's signed-rank p-value, uncorrected, stands "
        "beside as a check: it weighs how many customers gain, not how much.",
        "The ranks a run may have follow from the verdicts of all pairs: it stands behind those "
        "that win over it and before those that lose to it (Mogstad et al., 2024).",
    ]
    if (comparison.board["model"] == ORACLE).any():
        words.append(
            "The oracle knows the true probabilities of simulated data. It is a ceiling: it has "
            "no rank and takes no part in the corrections."
        )
    return section("How this was made", paragraphs(words), run_table(comparison))
