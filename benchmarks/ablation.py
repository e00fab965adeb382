"""What each signal of the touchpoint network is worth: all signals against all but one."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from benchmarks.suite import cell, ends, root_of_suite, run_folder
from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.data.source import Source
from recsys.data.split import TimeSplit
from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.paired import paired_difference
from recsys.evaluation.per_query import evaluate
from recsys.experiments.config import build_part
from recsys.experiments.run import prepare
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.ops.whole_file import write_whole
from recsys.training.objectives import Softmax

ALL = "all"
TOUCHPOINTS = "touchpoints"
"""A row that takes touchpoints out of the events; the other rows change settings."""


@dataclass(frozen=True, kw_only=True)
class AblationRow:
    """The results of one fit on valid.

    Attributes:
        data, without: the data set, and the signal left out ("all" for none).
        values: [Q] of the metric.
        customers: [Q] the customers of the queries.
    """

    data: str
    without: str
    values: FloatArray
    customers: Any


class AblationSuite:
    """Fits `TouchpointGNN` with every signal of a data set, then without each of them.

    A difference is the model without a signal minus the model with all signals: above 0 the signal
    costs quality, below 0 it earns some. The settings were chosen on the same valid window.

    Args:
        root: folder of the public data sets; null leaves out the sources that have a root.
        data: data set -> {source, settings: of the network, without: signal -> settings that leave
            it out}.
        metric: as "ndcg@10".
        allow: packages besides recsys that sources may come from.
    """

    def __init__(
        self,
        *,
        root: str | None,
        data: Mapping[str, Mapping[str, Any]],
        metric: str = "ndcg@10",
        allow: Sequence[str] = (),
    ) -> None:
        self.allow = allow
        self.metric = metric
        self.settings = {
            name: about for name, about in data.items() if root or "root" not in about["source"]
        }

    def figures(self) -> Mapping[str, float]:
        """Mean of each row and, but for the first, its paired difference from all signals.

        Writes table.md into the run's folder.
        """
        sources = {
            name: _source(name, about["source"], self.allow)
            for name, about in self.settings.items()
        }
        rows = [row for name, source in sources.items() for row in self._rows(name, source)]
        figures, table = summary(rows)
        write_whole(run_folder() / "table.md", table)
        return figures

    def _rows(self, name: str, source: Source) -> Iterator[AblationRow]:
        _, split, _ = prepare(source, TimeSplit())
        about = self.settings[name]
        for without, change in {ALL: {}, **about["without"]}.items():
            past = split.valid.past
            if without == TOUCHPOINTS:
                past = without_touchpoints(past)
            settings = {**about["settings"], **change}
            yield self._row(name, without, past, split.valid, settings)

    def _row(
        self, name: str, without: str, past: Dataset, window: Window, settings: Mapping[str, Any]
    ) -> AblationRow:
        arguments = dict(settings)
        objective = Softmax(**arguments.pop("objective"))
        # The number of epochs is fixed: no row may profit from stopping at the best valid score.
        model = TouchpointGNN(**arguments, objective=objective, patience=None)
        metric, _, k = self.metric.partition("@")
        model.fit(past)
        results = evaluate(model.score, window.queries, [int(k)], progress=False, metrics=[metric])
        return AblationRow(
            data=name,
            without=without,
            values=results.values[self.metric],
            customers=results.customers,
        )


def without_touchpoints(data: Dataset) -> Dataset:
    """The same events without their touchpoints."""
    events = data.interactions
    nowhere = np.full_like(events.touchpoints, -1)
    return replace(data, interactions=replace(events, touchpoints=nowhere))


def summary(rows: list[AblationRow]) -> tuple[dict[str, float], str]:
    """Flat figures, and the table in Markdown."""
    figures: dict[str, float] = {}
    lines = ["| data | without | mean | difference from all | verdict |", "|---|---|---|---|---|"]
    with_all = {row.data: row for row in rows if row.without == ALL}
    for row in rows:
        name = f"{row.data}_{row.without}"
        mean = bootstrap({"mean": row.values}, row.customers)["mean"]
        figures |= ends(name, mean)
        cells = [row.data, row.without, cell(mean)]
        if row.without == ALL:
            lines.append(f"| {' | '.join([*cells, '', ''])} |")
            continue
        difference = paired_difference(row.values, with_all[row.data].values, row.customers)
        figures |= ends(f"{name}_difference", difference)
        verdict = {"win": "costs", "loss": "earns", "tie": "tie"}[difference.verdict]
        lines.append(f"| {' | '.join([*cells, cell(difference, '+'), verdict])} |")
    lines += [
        "",
        "earns: worse without it; costs: better without it (95 %, paired over customers).",
    ]
    return figures, "\n".join(lines) + "\n"


def _source(name: str, part: Mapping[str, Any], allow: Sequence[str]) -> Source:
    with root_of_suite():
        source: Source = build_part(part, f"suite.data.{name}.source", allow)
        return source
