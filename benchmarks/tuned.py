"""Every model tuned with one budget on every data set, then read on test."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from benchmarks.kept_rows import files_digest, note, require_same
from benchmarks.suite import kept_cell, recall_beside, require_at_least
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_SCRIPTS = Path(__file__).parents[1] / "scripts"
_ROOT = "data.root="


@dataclass(frozen=True)
class _Row:
    """One model on one data set.

    Attributes:
        data, model: names.
        about: overrides that both commands take.
        metric: what is chosen by and shown.
        minutes, trials: at most.
    """

    data: str
    model: str
    about: tuple[str, ...]
    metric: str
    minutes: float
    trials: int

    @property
    def name(self) -> str:
        """Of the study, and of its experiment file in conf/experiment/tuned."""
        return f"{self.data}_{self.model}"

    def made_of(self) -> dict[str, Any]:
        """What its result depends on, independent of the folder of the data."""
        folder = [word for word in self.about if word.startswith(_ROOT)]
        return {
            "overrides": [word for word in self.about if not word.startswith(_ROOT)],
            "minutes": self.minutes,
            "trials": self.trials,
            "data": files_digest(Path(folder[0].removeprefix(_ROOT))) if folder else None,
        }


class TunedSuite:
    """One study (scripts/tune.py) and one evaluation on test (scripts/train.py) for each row.

    A suite that was stopped continues when it is started again: trials are in the storage, and a
    row with a metrics.json is not fitted again. A row that was made with other data or settings is
    refused.

    Args:
        root: folder of the public data sets.
        data: name -> {folder (None for none), minutes, trials, metric, overrides}.
        models: name -> overrides of that model.
        jobs: rows at once, each on one thread.
        folder: where metrics.json of each row and table.md are kept.
        uri: MLflow store of the runs.
        storage: database of the trials.
    """

    def __init__(
        self,
        *,
        root: str,
        data: Mapping[str, Mapping[str, Any]],
        models: Mapping[str, Sequence[str]],
        jobs: int = 2,
        folder: str = "outputs/tuned",
        uri: str = "sqlite:///outputs/tuned/mlflow.db",
        storage: str = "outputs/tuned/tune.db",
    ) -> None:
        if not Path(root).is_dir():
            raise InputError(f"suite.root={root} is not a folder; set suite.root to the data sets")
        require_at_least(1, jobs=jobs)
        self.jobs, self.folder, self.uri, self.storage = jobs, Path(folder), uri, storage
        self.folders = [Path(root) / about["folder"] for about in data.values() if about["folder"]]
        self.rows = [
            _row(Path(root), name, settings, model, overrides)
            for name, settings in data.items()
            for model, overrides in models.items()
        ]

    def figures(self) -> Mapping[str, float]:
        """Runs what is missing, writes table.md and returns means and intervals on test."""
        for folder in self.folders:
            if not folder.is_dir():
                raise InputError(
                    f"suite.root={folder.parent}: expected a folder '{folder.name}' in it"
                )
        with ThreadPoolExecutor(self.jobs) as pool:
            done = pool.map(self._measured, self.rows)
            bar = tqdm(done, total=len(self.rows), desc="tuned", unit="row", disable=None)
            metrics_of = dict(zip(self.rows, bar, strict=True))
        write_whole(self.folder / "table.md", _table(metrics_of))
        return {
            f"{row.name}_{metric.replace('@', '_at_')}{end}": metrics["test"][metric][value]
            for row, metrics in metrics_of.items()
            for metric in (row.metric, recall_beside(row.metric))
            for end, value in (("", "mean"), ("_low", "low"), ("_high", "high"))
        }

    def _measured(self, row: _Row) -> dict[str, Any]:
        kept = self.folder / row.name / "metrics.json"
        if kept.exists():
            require_same(kept.parent, row.made_of())
        else:
            note(kept.parent, row.made_of())
            shared = (*row.about, "track.experiment=tuned")
            _call(
                "tune.py", *shared, f"study.minutes={row.minutes}", f"study.trials={row.trials}",
                f"study.name={row.name}", f"study.storage={self.storage}", "study.seeds=0",
                uri=self.uri,
            )  # fmt: skip
            _call(
                "train.py", *shared, f"experiment=tuned/{row.name}", "evaluate.test=true",
                f"hydra.run.dir={kept.parent}", uri=self.uri,
            )  # fmt: skip
        metrics: dict[str, Any] = json.loads(kept.read_text(encoding="utf-8"))
        return metrics


def _row(
    root: Path, data: str, settings: Mapping[str, Any], model: str, overrides: Sequence[str]
) -> _Row:
    about = [f"model={model}", *overrides, *settings["overrides"]]
    if settings["folder"]:
        about.append(f"{_ROOT}{root / settings['folder']}")
    metric = settings["metric"]
    about.append(f"evaluate.metric={metric}")
    return _Row(data, model, tuple(about), metric, settings["minutes"], settings["trials"])


def _call(script: str, *words: str, uri: str) -> None:
    """Runs a script on one thread; on failure its stderr becomes the error."""
    done = subprocess.run(
        [sys.executable, str(_SCRIPTS / script), *words],
        env={**os.environ, "OMP_NUM_THREADS": "1", "MLFLOW_TRACKING_URI": uri},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        reason = (done.stderr.strip().splitlines() or ["no reason was given"])[-1]
        raise InputError(f"{script} {' '.join(words)}: {reason.removeprefix('error: ')}")


def _table(metrics_of: Mapping[_Row, Mapping[str, Any]]) -> str:
    """Markdown: a section a data set, a row a model, best on valid first."""
    lines: list[str] = []
    for data in dict.fromkeys(row.data for row in metrics_of):
        rows = {row: metrics for row, metrics in metrics_of.items() if row.data == data}
        metric = next(iter(rows)).metric
        recall = recall_beside(metric)
        lines += [
            f"**{data}**, {next(iter(rows)).minutes:g} minutes each", "",
            f"| | valid {metric} | test {metric} | test {recall} | fit s |",
            "|---|---|---|---|---|",
        ]  # fmt: skip
        ranked = sorted(rows.items(), key=lambda item: -item[1]["valid"][metric]["mean"])
        for row, metrics in ranked:
            cells = [
                kept_cell(metrics["valid"][metric]), kept_cell(metrics["test"][metric]),
                kept_cell(metrics["test"][recall]), f"{metrics['seconds']['refit']:.1f}",
            ]  # fmt: skip
            lines.append(f"| {row.model} | {' | '.join(cells)} |")
        lines.append("")
    return "\n".join(lines)
