"""From tables to an audited split: CPU seconds of each stage, beside another checkout's."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Protocol

from benchmarks import loading_stages
from benchmarks.programs import CHECKOUT, printed_by
from benchmarks.suite import require_at_least, run_folder
from recsys.errors import InputError

_VALID_FROM, _TEST_FROM = "2025-08-01", "2025-10-01"


class Market(Protocol):
    """A simulated market that can be written as tables."""

    def write(self, folder: Path) -> Mapping[str, int]:
        """Writes the tables into a folder and says how many rows each has."""
        ...


class LoadingSuite:
    """Reads, checks, merges, codes, splits and audits a simulated market, each in a new process.

    Args:
        market: the market; written once into the folder of the run, then read.
        repeats: processes a checkout, in turn A B A B; medians are reported.
        baseline: folder of another checkout of this project, as `git worktree add` makes one, whose
            stages are measured beside these; None measures this one alone.
    """

    def __init__(self, *, market: Market, repeats: int = 3, baseline: str | None = None) -> None:
        require_at_least(1, repeats=repeats)
        self.market, self.repeats = market, repeats
        self.baseline = None if baseline is None else require_checkout(baseline)

    def figures(self) -> Mapping[str, float]:
        """Keys STAGE_seconds and peak_mb; with a baseline also baseline_KEY and KEY_over_baseline.

        Stages are read, check, merge, build, split (both windows) and audit; CPU seconds.
        """
        market = run_folder() / "market"
        if not market.exists():
            self.market.write(market)
        checkouts = [CHECKOUT] if self.baseline is None else [CHECKOUT, self.baseline]
        middle = stages_of(checkouts, market, _VALID_FROM, _TEST_FROM, self.repeats)
        figures = dict(middle[0])
        if self.baseline is not None:
            for key, value in middle[1].items():
                figures[f"baseline_{key}"] = value
                figures[f"{key}_over_baseline"] = middle[0][key] / value
        return figures


def require_checkout(baseline: str, key: str = "suite.baseline") -> Path:
    """The folder of another checkout. Raises `InputError`, with its key, where it is none."""
    if not (Path(baseline) / "recsys").is_dir():
        raise InputError(
            f"{key}={baseline}: expected a checkout of this project, and there is no "
            "folder recsys in it"
        )
    return Path(baseline).resolve()


def stages_of(
    checkouts: Sequence[Path], tables: Path, valid_from: str, test_from: str, repeats: int
) -> list[dict[str, float]]:
    """Medians of `benchmarks.loading_stages` by each checkout, which take turns A B A B.

    Args:
        checkouts: of this project, of any version.
        tables: folder of the tables to load.
        valid_from: first day of valid.
        test_from: first day of test.
        repeats: processes a checkout.
    """
    runs = [
        [_stages(path, tables, valid_from, test_from) for path in checkouts] for _ in range(repeats)
    ]
    return [
        {key: median(run[turn][key] for run in runs) for key in runs[0][turn]}
        for turn in range(len(checkouts))
    ]


def _stages(checkout: Path, tables: Path, valid_from: str, test_from: str) -> dict[str, float]:
    words = (loading_stages.__file__, str(tables), valid_from, test_from)
    printed = printed_by(f"the stages of {checkout}", *words, checkout=checkout)
    stages: dict[str, float] = json.loads(printed)
    return stages
