"""Runs that are kept: one `recsys train` with test each, in a folder of its own."""

import json
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.kept_rows import files_digest, note, require_same
from benchmarks.programs import CHECKOUT, printed_by
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_METRICS = "metrics.json"
_REFUSED = "refused.txt"
# Of `recsys train`.
_CHECKPOINT = "checkpoint"
_EXPERIMENT = "experiment="


@dataclass(frozen=True, kw_only=True)
class Run:
    """One fit on train, and one on train and valid, with the same settings.

    Attributes:
        number: 0 for the stored or default settings, from 1 on for drawn ones.
        settings: in words, for a table.
        metrics: its metrics.json, with test.
    """

    number: int
    settings: str
    metrics: Mapping[str, Any]

    def mean(self, window: str, metric: str) -> float:
        """A metric on "valid" or "test"."""
        return float(self.metrics[window][metric]["mean"])

    @property
    def fit_seconds(self) -> float:
        """Of the fit whose settings are known; less than a tenth of a second counts as that."""
        return max(float(self.metrics["seconds"]["refit"]), 0.1)

    @property
    def seconds(self) -> float:
        """Of load, both fits and both evaluations."""
        return sum(map(float, self.metrics["seconds"].values()))


def best(runs: Sequence[Run], window: str, metric: str) -> Run:
    """The run that is best on a window; of equal ones the first."""
    return max(runs, key=lambda run: run.mean(window, metric))


class KeptRuns:
    """Runs on one set.

    A run that was stopped starts anew, so that its seconds are those of whole fits.

    Args:
        folder: of all runs, each in a folder of its own.
        words: of `recsys train` for all of them: data, split, metric.
        data: the folder of the data; None for none.
    """

    def __init__(self, folder: Path, words: Sequence[str], data: Path | None) -> None:
        self.folder, self.words, self.data = folder, list(words), data

    def row(
        self, row: str, first: Sequence[str], drawn: Sequence[Sequence[str]], seconds: float
    ) -> tuple[list[Run], int]:
        """The first run, and further ones as long as the budget is not spent.

        The budget counts the seconds that the runs themselves say, so that a suite that was stopped
        and started again ends with the runs of one that was not.

        Args:
            row: its name, as "gowalla-als-0".
            first: words that choose the model with its stored or default settings, and the seed.
            drawn: the same words for each of its drawn settings.
            seconds: after which no further run starts.

        Returns:
            the runs, and how many of the drawn settings could not be fitted.

        Raises:
            InputError: the first run fails, or a kept one was made of something else.
        """
        runs = [self.run(row, 0, first)]
        refused = 0
        for number, words in enumerate(drawn, start=1):
            if sum(run.seconds for run in runs) >= seconds:
                break
            try:
                runs.append(self.run(row, number, words))
            except CannotFit:
                refused += 1
        return runs, refused

    def run(self, row: str, number: int, words: Sequence[str]) -> Run:
        """One run, kept or made now.

        Args:
            row: its name.
            number: of the settings, 0 for the stored or default ones.
            words: that choose the model, its settings and the seed.

        Raises:
            CannotFit: `recsys train` ended with an error; kept as well where settings were drawn.
            InputError: a kept run was made of something else.
        """
        kept = self.folder / (f"{row}-drawn-{number}" if number else row)
        made_of = self._made_of(words)
        if (kept / _METRICS).exists() or (kept / _REFUSED).exists():
            require_same(kept, made_of)
        else:
            note(kept, made_of)
            shutil.rmtree(kept / _CHECKPOINT, ignore_errors=True)
            try:
                self._train(row, words, kept)
            except InputError as error:
                if number:
                    write_whole(kept / _REFUSED, f"{error}\n")
                raise CannotFit(str(error)) from None
        if (kept / _REFUSED).exists():
            raise CannotFit((kept / _REFUSED).read_text(encoding="utf-8").strip())
        metrics = json.loads((kept / _METRICS).read_text(encoding="utf-8"))
        stored = any(word.startswith(_EXPERIMENT) for word in words)
        settings = f"drawn {number}" if number else "stored" if stored else "default"
        return Run(number=number, settings=settings, metrics=metrics)

    def _made_of(self, words: Sequence[str]) -> dict[str, Any]:
        stored = [word.removeprefix(_EXPERIMENT) for word in words if word.startswith(_EXPERIMENT)]
        return {
            "words": [*words, *self.words],
            "experiment": experiment_file(stored[0]).read_text("utf-8") if stored else None,
            "data": None if self.data is None else files_digest(self.data),
        }

    def _train(self, row: str, words: Sequence[str], kept: Path) -> None:
        where = [] if self.data is None else [f"data.root={self.data}"]
        printed_by(
            row, "-m", "recsys", "train", *words, *self.words, *where, "evaluate.test=true",
            f"hydra.run.dir={kept}", "track.experiment=records",
            MLFLOW_TRACKING_URI=f"sqlite:///{(self.folder / 'mlflow.db').resolve()}",
        )  # fmt: skip


class CannotFit(InputError):
    """`recsys train` ended with an error, as where settings do not fit the data."""


def experiment_file(name: str) -> Path:
    """Of conf/experiment, whether it exists or not."""
    return CHECKOUT / "conf" / "experiment" / f"{name}.yaml"
