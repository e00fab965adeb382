"""A new day of events: the store of parts and its graph, beside a load of everything."""

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks import new_day_steps
from benchmarks.new_day_steps import STEPS
from benchmarks.programs import printed_by
from benchmarks.scale_events import DAYS, ScaleEvents
from benchmarks.suite import require_at_least, run_folder
from recsys.ops.whole_file import write_whole


class NewDaySuite:
    """Fills a store with 100 days of events, adds one day, and makes the same graph from scratch.

    A day has a hundredth of the events. Each step is a process. What is done is kept in the run's
    folder as `steps.json`: a run that was killed goes on, and no step is measured twice.

    Args:
        events: of the 100 days before the new one.
        folder: of the tables, written where they are missing; None for one in the run's folder.

    Raises:
        InputError: a setting is out of range.
    """

    def __init__(self, *, events: int = 100_000_000, folder: str | None = None) -> None:
        require_at_least(10_000, events=events)
        self.tables = ScaleEvents(events=events)
        self.folder = None if folder is None else Path(folder)

    def figures(self) -> Mapping[str, float]:
        """Keys STEP_seconds and STEP_peak_memory_mb of the steps, and those that an issue names.

        `seconds_new_day` lasts from the new file to the graph in memory: the day read, checked and
        coded, ids and side tables checked and merged, sums added and kept. `seconds_from_scratch`
        is a load of all files without the store and the same graph. `equal_by_id` is 1 if both
        have equal weights between equal ids.
        """
        run = run_folder()
        written, new = self.folder or run / "tables", run / "new"
        self.tables.write(written)
        # Not beside the others, which other suites read.
        self.tables.write(new, range(DAYS, DAYS + 1))
        root = _linked(written, run / "linked", self.tables)
        done = json.loads((run / "steps.json").read_text()) if (run / "steps.json").exists() else {}
        for step in STEPS:
            if step == "new_day":
                _link(self.tables.part(new, DAYS), self.tables.part(root, DAYS))
            if step not in done:
                done[step] = _measured(step, root, run)
                write_whole(run / "steps.json", json.dumps(done, indent=2) + "\n")
        figures = {
            f"{step}_{name}": float(value)
            for step, of_step in done.items()
            for name, value in of_step.items()
        }
        return {
            **figures,
            "seconds_new_day": done["new_day"]["seconds"],
            "seconds_from_scratch": done["scratch"]["seconds"],
            "equal_by_id": float(done["scratch"]["equal"]),
            "events_new_day": done["new_day"]["events"] - done["past"]["events"],
        }


def _linked(written: Path, root: Path, tables: ScaleEvents) -> Path:
    """A folder with the tables, but without the new day."""
    for path in written.glob("*.parquet"):
        _link(path, root / path.name)
    for day in range(DAYS):
        _link(tables.part(written, day), tables.part(root, day))
    return root


def _link(path: Path, link: Path) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    if not link.exists():
        link.symlink_to(path.resolve())


def _measured(step: str, root: Path, folder: Path) -> dict[str, float]:
    words = (new_day_steps.__file__, step, str(root), str(folder))
    measured: dict[str, float] = json.loads(printed_by(f"the step {step}", *words))
    return measured
