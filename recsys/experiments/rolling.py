"""The earlier windows of a run with several: fits, evaluates and keeps them one by one."""

import hashlib
import json
from collections.abc import Sequence
from copy import deepcopy
from dataclasses import asdict
from io import BytesIO
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.data.audit import Audit, Check
from recsys.data.interactions import written
from recsys.data.queries import Split, Window
from recsys.evaluation.evaluate import Measured, intervals_of, measure, values_of
from recsys.evaluation.per_query import PerQuery
from recsys.evaluation.windows import WindowResult
from recsys.experiments.config import Settings
from recsys.experiments.cost import Stopwatch
from recsys.experiments.validator import Validator
from recsys.models.base import Recommender, Resumable, derived_of
from recsys.ops.whole_file import write_whole

_AGE, _CUSTOMER, _HISTORY = "age", "customer", "history"


def earlier_windows(
    settings: Settings, split: Split, audit: Audit, folder: Path | None, watch: Stopwatch
) -> list[WindowResult]:
    """Fits and evaluates the model before each window of `split.earlier`, the oldest first.

    Windows that an interrupted run of the same settings and data has finished are read from the
    folder.

    Args:
        settings: of the run; its own model is not fitted.
        split: with the windows.
        audit: gets the checks of every window.
        folder: where finished windows are kept; None keeps none.
        watch: of the run.

    Raises:
        InputError: a model cannot be fitted, leaks, or the folder cannot be written.
    """
    results = []
    for number, window in enumerate(split.earlier):
        kept = None if folder is None else _Kept(folder, number)
        result = None if kept is None else kept.read(settings, window, audit)
        if result is None:
            result, checks = _measured(settings, split, number, window, audit, folder, watch)
            if kept is not None:
                kept.write(result, checks)
        results.append(result)
    return results


def fit_earlier(settings: Settings, split: Split, folder: Path) -> None:
    """The fits of `earlier_windows` alone, for all but the first of several processes."""
    # Listed first: the other process writes while this one fits.
    to_do = [n for n in range(len(split.earlier)) if not _Kept(folder, n).is_complete]
    for number in to_do:
        window = split.earlier[number]
        _model(settings, folder, number).fit(
            window.past, Validator(window.queries, settings.evaluate)
        )


def folder_of(checkpoints: Path, settings: Settings, fingerprint: str, split: Split) -> Path:
    """Where the windows of these settings on these data are kept, below the checkpoints."""
    parts = {key: settings.config.get(key) for key in ("model", "evaluate", "identity", "seed")}
    about = json.dumps([fingerprint, split.description, split.ages, parts], default=str)
    return checkpoints / f"windows_{hashlib.sha256(about.encode()).hexdigest()[:16]}"


def result_of(window: Window, own: Measured, aged: dict[int, PerQuery]) -> WindowResult:
    """A window and what was measured in it."""
    return WindowResult(
        start=_written(window, window.start),
        end=_written(window, window.end),
        events=len(window.past.interactions),
        per_query=own.per_query,
        intervals=own.intervals,
        aged=aged,
    )


def name_of(window: Window) -> str:
    """What an earlier window is called in the audit."""
    return f"window from {_written(window, window.start)}"


def _measured(
    settings: Settings,
    split: Split,
    number: int,
    window: Window,
    audit: Audit,
    folder: Path | None,
    watch: Stopwatch,
) -> tuple[WindowResult, Sequence[Check]]:
    model = _model(settings, folder, number)
    with watch.stage("fit"):
        model.fit(window.past, Validator(window.queries, settings.evaluate))
    with watch.stage("evaluate"):
        before = len(audit.checks)
        audit.fit(name_of(window), derived_of(model), window)
        own = measure(model.score, window, settings.evaluate)
        aged = {
            age: values_of(model.score, other, settings.evaluate)
            for age, other in enumerate(split.windows_from(number + 1, split.ages), start=1)
        }
    return result_of(window, own, aged), audit.checks[before:]


def _model(settings: Settings, folder: Path | None, number: int) -> Recommender:
    """A model of its own for a window, with checkpoints of its own."""
    model = deepcopy(settings.model)
    if isinstance(model, Resumable) and (model.checkpoint or folder):
        model.checkpoint = str(Path(model.checkpoint or str(folder)) / f"window_{number}_fit")
    return model


class _Kept:
    """The files of a finished window; the second is written last and completes it."""

    def __init__(self, folder: Path, number: int) -> None:
        self.table, self.about = (folder / f"window_{number}.{end}" for end in ("parquet", "json"))

    @property
    def is_complete(self) -> bool:
        return self.about.exists() and self.table.exists()

    def read(self, settings: Settings, window: Window, audit: Audit) -> WindowResult | None:
        """The result; None where it is not there. The audit gets its checks."""
        if not self.is_complete:
            return None
        table = pd.read_parquet(self.table)
        audit.restore([Check(**check) for check in json.loads(self.about.read_text())])
        of_age = {int(age): _per_query(table[table[_AGE] == age]) for age in np.unique(table[_AGE])}
        per_query = of_age.pop(0)
        own = Measured(per_query=per_query, intervals=intervals_of(per_query, settings.evaluate))
        return result_of(window, own, of_age)

    def write(self, result: WindowResult, checks: Sequence[Check]) -> None:
        parts = {0: result.per_query, **result.aged}
        tables = [
            pd.DataFrame(
                {_AGE: age, _CUSTOMER: part.customers, _HISTORY: part.history, **part.values}
            )
            for age, part in parts.items()
        ]
        content = BytesIO()
        pd.concat(tables).to_parquet(content, index=False)
        write_whole(self.table, content.getvalue())
        write_whole(self.about, json.dumps([asdict(check) for check in checks]))


def _per_query(table: pd.DataFrame) -> PerQuery:
    named = {_AGE, _CUSTOMER, _HISTORY}
    return PerQuery(
        customers=table[_CUSTOMER].to_numpy(np.int32),
        history=table[_HISTORY].to_numpy(np.int64),
        values={str(name): table[name].to_numpy() for name in table if name not in named},
    )


def _written(window: Window, moment: int | None) -> str | int:
    assert moment is not None
    return written(moment, window.past.clock)
