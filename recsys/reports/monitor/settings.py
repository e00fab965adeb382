"""What a watch over served answers is set to, and how its false alarms are shared out."""

from dataclasses import dataclass

from recsys.errors import InputError

BUDGET = {
    "acceptance": 0.5,
    "acceptance of a group": 0.15,
    "control group": 0.1,
    "calibration": 0.1,
    "lift of signals": 0.05,
    "unknown customers": 0.025,
    "fallbacks": 0.025,
    "coverage": 0.025,
    "drift of inputs": 0.025,
}
"""Monitor -> its part of `MonitorSettings.alpha`. Acceptance gets most: it is what the rest is for.
The part of a monitor that has nothing to test is not given to others."""

DRIFTED = 0.25
"""Population stability below which a shift is too small to matter, however sure it is."""


@dataclass(frozen=True, kw_only=True)
class MonitorSettings:
    """How a log is watched.

    Attributes:
        days: length of a period.
        periods: most former periods that the newest one is compared with.
        alpha: probability of a false alarm of all monitors together, in a period.
        looks: how many times a period is looked at: 7 for a daily look at the last 7 days. Each
            look gets this part of alpha (Bonferroni's bound).
        level: of the intervals in tables.
        segment: column of `customers` that groups them; None for none.
        control: policy whose decisions are the control group; None for none.
        resamples: of intervals over customers.
        seed: of the resampling.

    Raises:
        InputError: a number is out of its range.
    """

    days: float = 7.0
    periods: int = 26
    alpha: float = 0.02
    looks: int = 1
    level: float = 0.95
    segment: str | None = None
    control: str | None = None
    resamples: int = 1000
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuses numbers that no watch can have."""
        for name, low, high in (("days", 0, 366), ("alpha", 0, 0.5), ("level", 0.5, 1)):
            value = getattr(self, name)
            if not low < value < high:
                raise InputError(
                    f"{name}: expected a number above {low:g} and below {high:g}, got {value:g}"
                )
        if self.periods < 4:
            raise InputError(f"periods: expected at least 4 former periods, got {self.periods}")

    def share(self, monitor: str) -> float:
        """Probability of a false alarm that a monitor of `BUDGET` may spend in a look."""
        return self.alpha * BUDGET[monitor] / self.looks
