"""Who views and who completes the offers of Starbucks, with and without segments and signals.

Both are counted just before the wave of each send, as features of the send's customer; a signal of
a customer and an offer describes the sends of this offer alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.acceptance.reading import Task, read
from benchmarks.acceptance.starbucks import TEST, VALID, labelled, offer_task
from benchmarks.customer_parts.ranking import SEGMENTS, WITHOUT, library, library_text
from benchmarks.customer_parts.rows import Row, kept
from benchmarks.suite import root_of_suite
from recsys.arrays import FloatArray
from recsys.customers.segments.library import read_segments
from recsys.customers.segments.members import members_at
from recsys.customers.signals.detect import signals_at
from recsys.customers.signals.library import read_signals
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.data.sources.starbucks import Starbucks
from recsys.models.acceptance import Acceptance, Boosting, Features, Sends, concatenate

SIGNALS = "signals_as_features"


class StarbucksAcceptance:
    """Probabilities of the sends of a window.

    Args:
        about: root, boosting (its arguments), segments and signals.
        folder: where finished rows are kept.
    """

    def __init__(self, about: Mapping[str, Any], folder: Path) -> None:
        self.about, self.folder = about, folder
        self._tasks: dict[tuple[str, str], Task] = {}

    @cached_property
    def _loaded(self) -> tuple[Dataset, pd.DataFrame]:
        """The data, and their labelled sends."""
        with root_of_suite():
            source = Starbucks(root=self.about["root"])
        return labelled(source)

    def row(self, outcome: str, part: str, window: str) -> Row:
        """probability, outcome and customers of the sends; fitted only if it is not kept.

        Args:
            outcome: of `OUTCOMES`.
            part: `SEGMENTS`, `SIGNALS` or `WITHOUT`.
            window: "valid" or "test".
        """
        path = {SEGMENTS: "segments", SIGNALS: "signals"}.get(part)
        text = None if path is None else library_text(self.about[path])
        made_of = {"boosting": dict(self.about["boosting"]), "library": text, "outcome": outcome}
        folder = self.folder / f"starbucks_{outcome}-{part}-{window}"
        return kept(folder, made_of, lambda: self._read(outcome, part, window))

    def _read(self, outcome: str, part: str, window: str) -> Row:
        task = self._task(outcome, part)
        model = Acceptance(Boosting(**self.about["boosting"]))
        inside = task.sends.when == (VALID if window == "valid" else TEST)
        reading = read(task, window, inside, {"boosting": model})
        return {
            "probability": reading.probabilities["boosting"],
            "outcome": reading.outcome,
            "customers": reading.customers,
        }

    def _task(self, outcome: str, part: str) -> Task:
        if (outcome, part) not in self._tasks:
            task = offer_task(*self._loaded, outcome)
            if part != WITHOUT:
                more = self._features(task.sends, part)
                task = replace(
                    task,
                    features=concatenate(task.features, more),
                    planned_features=concatenate(task.planned_features, more),
                )
            self._tasks[outcome, part] = task
        return self._tasks[outcome, part]

    def _features(self, sends: Sends, part: str) -> Features:
        columns: dict[str, FloatArray] = {}
        data, _ = self._loaded
        for moment in np.unique(sends.when):
            # Sends of a wave are events of its moment, which it must not know.
            now, before = sends.when == moment, int(moment) - SECOND
            found = (
                _of_segments(data, library(self.about["segments"]), before, sends, now)
                if part == SEGMENTS
                else _of_signals(data, library(self.about["signals"]), before, sends, now)
            )
            for name, values in found.items():
                columns.setdefault(f"customer.{name}", np.zeros(len(sends)))[now] = values
        return Features(values=np.column_stack(list(columns.values())), names=tuple(columns))


def _of_segments(
    data: Dataset, path: str, moment: int, sends: Sends, now: Any
) -> dict[str, FloatArray]:
    members = members_at(read_segments(path), data, moment)
    found = {name: inside.astype(np.float64) for name, inside in members.segments.items()}
    for name, labels in members.labels.items():
        dummies = pd.get_dummies(pd.Series(labels, dtype=object), prefix=name)
        found |= {str(column): dummies[column].to_numpy(np.float64) for column in dummies}
    return {name: _by_row(data, members.customers, values)[sends.customers[now]]
            for name, values in found.items()}  # fmt: skip


def _of_signals(
    data: Dataset, path: str, moment: int, sends: Sends, now: Any
) -> dict[str, FloatArray]:
    detected = signals_at(read_signals(path), data, moment)
    customers, offers = sends.customers[now], sends.offers[now]
    keys = customers * len(data.products) + offers
    found = {}
    for number, name in enumerate(detected.names):
        rows = detected.signals == number
        is_of_offer = bool((detected.products[rows] >= 0).any())
        shown = detected.customers[rows].astype(np.int64)
        if is_of_offer:
            shown = shown * len(data.products) + detected.products[rows]
        found[name] = np.isin(keys if is_of_offer else customers, shown).astype(float)
    return found


def _by_row(data: Dataset, rows: Any, values: Any) -> FloatArray:
    by_row = np.zeros(len(data.customers))
    by_row[rows] = values
    return by_row
