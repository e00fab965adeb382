"""The rows of a set as a table."""

from collections.abc import Mapping, Sequence

from benchmarks.records.runs import Run, best
from benchmarks.suite import kept_cell, recall_beside

NOTE = (
    "fit s: one fit with known settings; run s and CPU s: load, that fit, the one before it that "
    "also chooses what the model chooses on valid, and both evaluations. Intervals: 95 % over "
    "customers."
)
NOT_HONEST = (
    "Chosen on test is not honest: the best of several readings of test is too good. It stands "
    "here because most published tables choose so."
)


def table(
    name: str,
    metric: str,
    rows: Mapping[str, Sequence[Run]],
    again: Mapping[str, Run],
    refused: int = 0,
    *,
    both: bool = False,
) -> str:
    """Markdown, the best on valid first, each with its other seeds; the best on test is marked.

    A ranking by test is what most published tables show; choosing by it is not honest, so the order
    is that of valid.

    Args:
        name: of the set.
        metric: that is chosen by and shown.
        rows: label -> its runs; a label is "MODEL" or, with another seed, "MODEL, seed SEED".
        again: label with another seed -> its one run, of settings that were chosen already.
        refused: drawn settings that could not be fitted.
        both: whether each row is shown twice, as chosen on valid and as chosen on test.
    """
    recall = recall_beside(metric)
    chosen = {label: best(runs, "valid", metric) for label, runs in rows.items()} | dict(again)
    winner = max(chosen, key=lambda label: chosen[label].mean("test", metric))
    lines = [
        f"**{name}**", "",
        f"| | settings | valid {metric} | test {metric} | test {recall} | fit s | run s | CPU s | "
        "peak MB |",
        "|---|---|---|---|---|---|---|---|---|",
    ]  # fmt: skip
    for label in sorted(chosen, key=lambda label: -chosen[_model(label)].mean("valid", metric)):
        mark = " (best on test)" if label == winner else ""
        runs = rows.get(label, ())
        tried = f" ({len(runs)} tried)" if both and runs else ""
        suffix = ", chosen on valid" if tried else ""
        lines.append(_line(f"{label}{suffix}", chosen[label], metric, tried, mark))
        if tried:
            on_test = best(runs, "test", metric)
            lines.append(_line(f"{label}, chosen on test (not honest)", on_test, metric, tried))
    if refused:
        lines += ["", f"{refused} drawn settings could not be fitted; refused.txt says why."]
    return "\n".join([*lines, ""])


def _line(label: str, run: Run, metric: str, tried: str = "", mark: str = "") -> str:
    metrics = run.metrics
    cells = [
        run.settings + tried,
        kept_cell(metrics["valid"][metric]), kept_cell(metrics["test"][metric]) + mark,
        kept_cell(metrics["test"][recall_beside(metric)]), f"{run.fit_seconds:.1f}",
        f"{run.seconds:.1f}", f"{metrics['cpu_seconds']:.1f}", f"{metrics['peak_memory_mb']:,.0f}",
    ]  # fmt: skip
    return f"| {label} | {' | '.join(cells)} |"


def _model(label: str) -> str:
    return label.partition(",")[0]
