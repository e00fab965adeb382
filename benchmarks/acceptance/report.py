"""What a suite of acceptance writes: figures, a table and curves in the run's folder."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmarks.acceptance.plot import reliability_plot
from benchmarks.acceptance.reading import (
    BOOSTING,
    COMPARED,
    AcceptanceReading,
    Equal,
    chosen,
    figures,
    group_errors,
    pairs,
)
from benchmarks.suite import run_folder
from recsys.evaluation.forecasts import STATISTICS
from recsys.ops.whole_file import whole_file, write_whole


class Report:
    """Collects readings.

    Args:
        title: of the table and the picture.
        rivals: rates that both models are compared with.
        equal: what the bins of the calibration error have equal.
        resamples: of customers.
    """

    def __init__(self, title: str, rivals: Sequence[str], equal: Equal, resamples: int) -> None:
        self.title, self.rivals = title, tuple(rivals)
        self.equal, self.resamples = equal, resamples
        self.figures: dict[str, float] = {}
        self.lines = [f"# {title}", ""]
        self.curves: list[tuple[AcceptanceReading, str]] = []

    def add(
        self, valid: AcceptanceReading, test: AcceptanceReading, *others: AcceptanceReading
    ) -> None:
        """Measures the readings of one task; valid chooses the model that is shown by group.

        Keys as in `benchmarks.acceptance.reading.figures` and `group_errors`, and
        TEST_boosting_chosen, 1 or 0.
        """
        how: dict[str, Any] = {"equal": self.equal, "resamples": self.resamples}
        model = chosen(valid, **how)
        for reading in (valid, *others, test):
            numbers = figures(reading, self.rivals, **how)
            self.figures |= numbers
            self.lines += _table(reading, numbers, self.rivals, model)
        self.figures |= group_errors(test, model, **how)
        self.figures[f"{test.name}_boosting_chosen"] = int(model == BOOSTING)
        self.curves.append((test, model))

    def written(self) -> Mapping[str, float]:
        """Writes table.md and reliability.png into the run's folder; returns the figures."""
        folder = run_folder()
        write_whole(folder / "table.md", "\n".join(self.lines))
        picture = reliability_plot(self.title, self.curves, self.equal, self.resamples)
        with whole_file(folder / "reliability.png") as file:
            picture.savefig(file, dpi=120, facecolor="white")
        return self.figures


def _table(
    reading: AcceptanceReading, numbers: Mapping[str, float], rivals: tuple[str, ...], model: str
) -> list[str]:
    """Markdown: a row a model, then a row a difference."""
    accepted = numbers[f"{reading.name}_accepted"]
    lines = [
        f"**{reading.name.replace('_', ' ')}**: {len(reading.outcome):,} sends, {accepted:,} "
        f"accepted; chosen on valid: {model}", "",
        f"| | {' | '.join(STATISTICS)} |", "|---" * (len(STATISTICS) + 1) + "|",
    ]  # fmt: skip
    rows = [(name, name, STATISTICS) for name in reading.probabilities]
    rows += [(f"{a} - {b}", f"{a}_minus_{b}", COMPARED) for a, b in pairs(rivals)]
    for label, key, statistics in rows:
        cells = [
            _cell(numbers, f"{reading.name}_{key}_{name}") if name in statistics else ""
            for name in STATISTICS
        ]
        lines.append(f"| {label} | {' | '.join(cells)} |")
    return [*lines, ""]


def _cell(numbers: Mapping[str, float], key: str) -> str:
    return f"{numbers[key]:.4f} [{numbers[key + '_low']:.4f}, {numbers[key + '_high']:.4f}]"
