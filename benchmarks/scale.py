"""From a million events to a hundred million: seconds and memory of each step, and their growth."""

import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks import scale_report, scale_steps
from benchmarks.loading import require_checkout, stages_of
from benchmarks.programs import CHECKOUT, environment
from benchmarks.scale_events import FIRST_DAY, TEST_DAY, VALID_DAY, ScaleEvents
from benchmarks.scale_report import Row
from benchmarks.scale_steps import STEPS
from benchmarks.suite import require_at_least, run_folder
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_MILLION = 1_000_000
_ROWS, _COMPARED = "steps.jsonl", "loading.json"
_STAGES = ("check", "build", "split", "audit")
"""Of `benchmarks.loading_stages`, which are compared: merging and reading stay apart."""


@dataclass(frozen=True)
class Size:
    """Events of one run, in million, and products; None for the usual number of products."""

    million: float
    products: int | None = None

    @property
    def name(self) -> str:
        """Of its folder, as events_10m or events_30m_100k."""
        wide = "" if self.products is None else f"_{self.products / 1000:g}k"
        return f"events_{self.million:g}m{wide}"

    @property
    def tables(self) -> ScaleEvents:
        """What writes its tables."""
        return ScaleEvents(events=round(self.million * _MILLION), products=self.products)


class ScaleSuite:
    """Measures the steps of `benchmarks.scale_steps`, a process a size.

    A row is kept in `steps.jsonl` of the run's folder as soon as its step ends, and no row is
    measured twice: a run that was killed goes on, and sizes may be measured one by one. Every run
    reports all rows of its folder.

    Args:
        sizes: million events each; [] for none.
        steps: to measure, of `benchmarks.scale_steps.STEPS`; None for all.
        folder: of the tables, `events_1m` and so on, written where they are missing; None for one
            within the run's.
        largest_network: million events up to which `touchpoint_gnn` is measured.
        wide_size: million events that are also measured with `wide_products`; None for none.
        wide_products: products of that size.
        baseline: folder of another checkout of this project, as `git worktree add` makes one,
            beside whose loading this one's is measured; None for none.
        compared_size: million events of that comparison.
        repeats: processes a checkout in that comparison, in turn A B A B; medians are reported.

    Raises:
        InputError: a setting is out of range, or a step unknown.
    """

    def __init__(
        self,
        *,
        sizes: Sequence[float] = (1, 3, 10, 30, 100),
        steps: Sequence[str] | None = None,
        folder: str | None = None,
        largest_network: float = 10,
        wide_size: float | None = 30,
        wide_products: int = 100_000,
        baseline: str | None = None,
        compared_size: float = 10,
        repeats: int = 1,
    ) -> None:
        require_at_least(1, repeats=repeats)
        for step in steps or ():
            if step not in STEPS:
                raise InputError(f"suite.steps: expected some of {', '.join(STEPS)}, got '{step}'")
        self.steps = [step for step in STEPS if steps is None or step in steps]
        self.sizes = [Size(million) for million in sizes]
        if wide_size is not None:
            self.sizes.append(Size(wide_size, wide_products))
        for size in self.sizes:
            # Refuses sizes that are too small before anything is measured.
            _ = size.tables
        self.folder, self.largest_network = folder, largest_network
        self.baseline = None if baseline is None else require_checkout(baseline)
        self.compared_size, self.repeats = Size(compared_size), repeats

    def figures(self) -> Mapping[str, float]:
        """See `benchmarks.scale_report.figures`; with a baseline also the two ratios of loading.

        `load_speedup_over_0_1_0` is the baseline's CPU seconds for checking, coding, splitting and
        the audit of both windows over these, `load_speedup_with_reading` the same with reading,
        and `load_memory_over_0_1_0` the share of its peak memory. Merging is left out. Writes
        `table.md` with the rows of every size.
        """
        folder = run_folder()
        kept = folder / _ROWS
        for size in self.sizes:
            done = {row.step for row in scale_report.rows_of(kept) if row.size == size.name}
            missing = [step for step in self._steps_of(size) if step not in done]
            if missing:
                self._measure(size, missing, kept)
        compared = self._compared(folder) if self.baseline else {}
        rows = scale_report.rows_of(kept)
        write_whole(folder / "table.md", scale_report.table(rows, compared))
        return {**scale_report.figures(rows), **compared}

    def _steps_of(self, size: Size) -> list[str]:
        small = size.million <= self.largest_network
        return [step for step in self.steps if small or step != "touchpoint_gnn"]

    def _written(self, size: Size) -> Path:
        """The folder of the tables of a size, which is complete."""
        folder = (run_folder() if self.folder is None else Path(self.folder)) / size.name
        size.tables.write(folder)
        return folder

    def _measure(self, size: Size, steps: Sequence[str], kept: Path) -> None:
        command = [sys.executable, scale_steps.__file__, str(self._written(size)), *steps]
        with subprocess.Popen(command, env=environment(), stdout=subprocess.PIPE, text=True) as run:
            assert run.stdout is not None
            for line in run.stdout:
                scale_report.keep(kept, Row.of(size.name, size.million, json.loads(line)))
        if run.returncode:
            raise InputError(
                f"the steps of {size.name} ended with code {run.returncode}; start the same "
                f"command again to go on with the rows that {kept} lacks"
            )

    def _compared(self, folder: Path) -> dict[str, float]:
        path = folder / _COMPARED
        if path.exists():
            figures: dict[str, float] = json.loads(path.read_text())
            return figures
        assert self.baseline is not None
        tables = _unlinked(self._written(self.compared_size), folder / "unlinked")
        cutoffs = str(FIRST_DAY + VALID_DAY), str(FIRST_DAY + TEST_DAY)
        checkouts = [CHECKOUT, self.baseline]
        ours, theirs = stages_of(checkouts, tables, *cutoffs, repeats=self.repeats)
        seconds, of_baseline = (
            sum(stages[f"{name}_seconds"] for name in _STAGES) for stages in (ours, theirs)
        )
        reading, of_its_reading = (stages["read_seconds"] for stages in (ours, theirs))
        figures = {
            "load_seconds_compared": seconds,
            "load_seconds_of_0_1_0": of_baseline,
            "load_speedup_over_0_1_0": of_baseline / seconds,
            "load_speedup_with_reading": (of_its_reading + of_baseline) / (reading + seconds),
            "load_memory_over_0_1_0": ours["peak_mb"] / theirs["peak_mb"],
        }
        write_whole(path, json.dumps(figures, indent=2) + "\n")
        return figures


def _unlinked(tables: Path, folder: Path) -> Path:
    """The tables without identities, whose merge takes hours in version 0.1.0."""
    folder.mkdir(exist_ok=True)
    for path in tables.iterdir():
        target = folder / path.name
        if path.stem != "identities" and not target.exists():
            target.symlink_to(path.resolve())
    return folder
