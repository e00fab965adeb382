"""What the graph filter gives for its seconds on the published splits, beside another checkout."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Literal

import yaml

from benchmarks import trade_stages
from benchmarks.loading import require_checkout
from benchmarks.programs import CHECKOUT, printed_by
from benchmarks.suite import published, require_at_least, run_folder
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_OLD_NAMES = {"self_weight": "own"}
"""Arguments that version 0.1.0 calls something else."""
_NEW = ("whitening",)
"""Arguments that it lacks; it does as this version at 0."""


class TradeSuite:
    """Loads, fits and evaluates each set in new processes, with the settings stored for it.

    Args:
        root: folder of the folders of published splits.
        sets: names of these folders; conf/experiment/NAME_graph_filter.yaml has the settings.
        base: folder of another checkout of this project, measured in turn A B A B; None for none.
        repeats: processes a set and checkout; medians are reported.
        window: test, read by settings that were chosen before; or valid.
    """

    def __init__(
        self,
        *,
        root: str,
        sets: Sequence[str] = ("gowalla", "yelp2018"),
        base: str | None = None,
        repeats: int = 3,
        window: Literal["test", "valid"] = "test",
    ) -> None:
        require_at_least(1, repeats=repeats)
        if window not in ("test", "valid"):
            raise InputError(f"suite.window: expected test or valid, got {window!r}")
        self.folders = {name: published(str(Path(root) / name)).folder for name in sets}
        self.base = None if base is None else require_checkout(base, "suite.base")
        self.repeats, self.window = repeats, window

    def figures(self) -> Mapping[str, float]:
        """Keys SET_STAGE_seconds, SET_seconds (their sum), the same in cpu_seconds, and metrics.

        With a base also SET_base_KEY, SET_ratio and SET_cpu_ratio of the sums, and
        SET_difference, the larger one of the two metrics. Writes table.md.
        """
        checkouts = {"": CHECKOUT} if self.base is None else {"": CHECKOUT, "base_": self.base}
        figures: dict[str, float] = {}
        for name, folder in self.folders.items():
            runs = [
                {prefix: self._run(name, folder, path) for prefix, path in checkouts.items()}
                for _ in range(self.repeats)
            ]
            for prefix in checkouts:
                for key in runs[0][prefix]:
                    middle = median(run[prefix][key] for run in runs)
                    figures[f"{name}_{prefix}{key}"] = middle
            if self.base is not None:
                figures |= against_base(name, figures)
        write_whole(run_folder() / "table.md", table(figures, list(self.folders), list(checkouts)))
        return figures

    def _run(self, name: str, folder: Path, checkout: Path) -> dict[str, float]:
        text = (CHECKOUT / "conf" / "experiment" / f"{name}_graph_filter.yaml").read_text()
        settings = yaml.safe_load(text)["model"]
        if checkout != CHECKOUT and not (checkout / "recsys" / "experiments").is_dir():
            settings = of_first_version(settings)
        words = (trade_stages.__file__, str(folder), json.dumps(settings), self.window)
        printed = printed_by(f"{name} in {checkout}", *words, checkout=checkout)
        figures: dict[str, float] = json.loads(printed)
        return figures


def of_first_version(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings of a graph filter as version 0.1.0 takes them.

    Raises:
        InputError: one of them means something that it cannot do.
    """
    for name in _NEW:
        if settings.get(name):
            raise InputError(
                f"suite.base: version 0.1.0 has no {name}, and the settings have "
                f"{settings[name]}; compare with a later checkout"
            )
    return {_OLD_NAMES.get(key, key): settings[key] for key in settings if key not in _NEW}


def against_base(name: str, figures: Mapping[str, float]) -> dict[str, float]:
    """Ratios of the sums of seconds, and the largest difference of a metric, of one set."""
    metrics = ("recall@20", "ndcg@20")
    return {
        f"{name}_ratio": figures[f"{name}_seconds"] / figures[f"{name}_base_seconds"],
        f"{name}_cpu_ratio": figures[f"{name}_cpu_seconds"] / figures[f"{name}_base_cpu_seconds"],
        f"{name}_difference": max(
            abs(figures[f"{name}_{key}"] - figures[f"{name}_base_{key}"]) for key in metrics
        ),
    }


def table(figures: Mapping[str, float], sets: Sequence[str], prefixes: Sequence[str]) -> str:
    """The figures in Markdown, one row a set and checkout."""
    lines = [
        "| set | checkout | load | fit | evaluation | sum | CPU | peak MB | Recall@20 / NDCG@20 |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for name in sets:
        for prefix in prefixes:
            of = f"{name}_{prefix}"
            keys = ("load_seconds", "fit_seconds", "evaluate_seconds", "seconds", "cpu_seconds")
            cells = [f"{figures[of + key]:.2f}" for key in keys]
            cells.append(f"{figures[of + 'peak_mb']:,.0f}")
            metrics = f"{figures[of + 'recall@20']:.5f} / {figures[of + 'ndcg@20']:.5f}"
            checkout = "base" if prefix else "this"
            lines.append(f"| {name} | {checkout} | {' | '.join(cells)} | {metrics} |")
    lines += [
        f"\n{name}: {figures[f'{name}_ratio']:.2f} of the seconds of the base, "
        f"{figures[f'{name}_cpu_ratio']:.2f} of its CPU seconds, metrics within "
        f"{figures[f'{name}_difference']:.1e}."
        for name in sets
        if f"{name}_ratio" in figures
    ]
    return "\n".join(lines) + "\n"
