"""The rows of `suite=scale`: kept line by line, then their growth, figures and table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import numpy as np

from benchmarks.scale_steps import STEPS
from benchmarks.suite import machine
from recsys.ops.whole_file import write_whole

_DECADE = 10
_SHORTEST = 1.0
"""Seconds; shorter steps are mostly what does not depend on the size."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """What one step took at one size.

    Attributes:
        size: name of the size, as events_10m.
        million: events.
        step: one of `benchmarks.scale_steps.STEPS`.
        seconds, cpu_seconds: wall and CPU, of all threads.
        peak_mb: highest resident memory during the step, MiB.
        counted: what else was counted, as the customers that were evaluated.
    """

    size: str
    million: float
    step: str
    seconds: float
    cpu_seconds: float
    peak_mb: float
    counted: Mapping[str, float]

    @classmethod
    def of(cls, size: str, million: float, measured: Mapping[str, Any]) -> Self:
        """The row of a line of `benchmarks.scale_steps`."""
        own = {name: measured[name] for name in ("step", "seconds", "cpu_seconds", "peak_mb")}
        counted = {name: value for name, value in measured.items() if name not in own}
        return cls(size=size, million=million, counted=counted, **own)

    @property
    def is_wide(self) -> bool:
        """Whether it has more products than its number of events usually has."""
        return self.size != f"events_{self.million:g}m"


def keep(path: Path, row: Row) -> None:
    """Adds a row to the file, which a kill leaves with the former rows or with this one too."""
    lines = [json.dumps(asdict(kept)) for kept in [*rows_of(path), row]]
    write_whole(path, "\n".join(lines) + "\n")


def rows_of(path: Path) -> list[Row]:
    """The rows of the file; none where there is no file."""
    lines = path.read_text().splitlines() if path.exists() else []
    return [Row(**json.loads(line)) for line in lines]


def growth(rows: Sequence[Row], step: str, clock: str = "cpu_seconds") -> float | None:
    """The exponent b of seconds = a x events^b, by least squares of their logarithms.

    Of the largest size and those down to a tenth of it, so that what a step takes at any size
    does not flatten it; rows of less than a second and the size with more products are left out.

    Args:
        rows: of all sizes and steps.
        step: one of them.
        clock: "cpu_seconds", which other work on the machine hardly changes, or "seconds".

    Returns:
        None where fewer than two sizes are left.
    """
    usual = [row for row in rows if row.step == step and not row.is_wide]
    largest = max((row.million for row in usual), default=0)
    used = {
        row.million: getattr(row, clock)
        for row in usual
        if row.million * _DECADE >= largest and getattr(row, clock) >= _SHORTEST
    }
    if len(used) < 2:
        return None
    return float(np.polyfit(np.log([*used]), np.log([*used.values()]), 1)[0])


def figures(rows: Sequence[Row]) -> dict[str, float]:
    """What the rows show of growth and of the largest size.

    - `growth_exponent_STEP`, of CPU seconds, and the worst of them as `growth_exponent`;
      `growth_exponent_of_wall_seconds` is the worst of wall seconds;
    - `peak_memory_mb_100m`, the highest peak of all steps at the largest size (its name says which
      size was the largest);
    - `load_events_per_second`, wall, of load + check + merge at the largest size.
    """
    exponents = {step: growth(rows, step) for step in STEPS}
    known = {step: value for step, value in exponents.items() if value is not None}
    numbers = {f"growth_exponent_{step}": value for step, value in known.items()}
    if known:
        numbers["growth_exponent"] = max(known.values())
    of_wall = [value for step in STEPS if (value := growth(rows, step, "seconds")) is not None]
    if of_wall:
        numbers["growth_exponent_of_wall_seconds"] = max(of_wall)
    usual = [row for row in rows if not row.is_wide]
    if not usual:
        return numbers
    largest = max(row.million for row in usual)
    of_largest = [row for row in usual if row.million == largest]
    numbers[f"peak_memory_mb_{largest:g}m"] = max(row.peak_mb for row in of_largest)
    for row in of_largest:
        if row.step == "load":
            numbers["load_events_per_second"] = row.million * 1e6 / row.seconds
    return numbers


def table(rows: Sequence[Row], compared: Mapping[str, float]) -> str:
    """The rows of every size, a table each, then the growth of each step and the comparison."""
    parts = [f"Measured on {machine()}."]
    sizes = sorted({(row.is_wide, row.million, row.size) for row in rows})
    for _, _, size in sizes:
        parts.append(_of_size(size, [row for row in rows if row.size == size]))
    exponents = [(step, growth(rows, step)) for step in STEPS]
    lines = [f"| {step} | {value:.2f} |" for step, value in exponents if value is not None]
    if lines:
        head = ["| step | CPU seconds grow as events to the power of |", "|---|---|"]
        parts.append("\n".join([*head, *lines]))
    if compared:
        parts.append(
            f"Checking, coding, splitting and auditing: {compared['load_seconds_compared']:.1f} "
            f"CPU seconds, version 0.1.0 {compared['load_seconds_of_0_1_0']:.1f}: "
            f"{compared['load_speedup_over_0_1_0']:.1f} times faster "
            f"({compared['load_speedup_with_reading']:.1f} with reading), in "
            f"{compared['load_memory_over_0_1_0']:.2f} of its memory."
        )
    return "\n\n".join(parts) + "\n"


def _of_size(size: str, rows: Sequence[Row]) -> str:
    head = ["| step | seconds | CPU seconds | peak MB | counted |", "|---|---|---|---|---|"]
    lines = [f"**{size}**", "", *head]
    for row in sorted(rows, key=lambda row: STEPS.index(row.step)):
        # Whole numbers in full, as 33,333 customers; others as shares.
        counted = ", ".join(
            f"{name} {value:,}" if isinstance(value, int) else f"{name} {value:.3f}"
            for name, value in row.counted.items()
        )
        cells = (f"{row.seconds:.1f}", f"{row.cpu_seconds:.1f}", f"{row.peak_mb:,.0f}", counted)
        lines.append(f"| {row.step} | {' | '.join(cells)} |")
    return "\n".join(lines)
