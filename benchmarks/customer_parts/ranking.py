"""Products ranked by the touchpoint network, with and without a part."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.customer_parts.rows import Row, kept
from benchmarks.suite import root_of_suite
from recsys.customers.with_segments import WithSegments
from recsys.data.source import Source
from recsys.data.split import TimeSplit
from recsys.evaluation.per_query import evaluate
from recsys.experiments.config import build_part
from recsys.experiments.run import prepare
from recsys.models.touchpoint_gnn import TouchpointGNN

SEGMENTS, EDGES, WITHOUT = "segments_as_features", "signals_as_edges", "without"
LIBRARIES = Path(__file__).parents[1] / "conf" / "customers"


def library(name: str) -> str:
    """A shipped file of segments or signals, or one of the benchmarks."""
    return str(LIBRARIES / name) if name.endswith(".yaml") else name


def library_text(name: str) -> str:
    """What is in the file of a library, or the name of a shipped one."""
    path = library(name)
    return Path(path).read_text() if path.endswith(".yaml") else path


class Ranking:
    """One data set, ranked with and without each part.

    Args:
        name: of the data set.
        about: source, settings of `TouchpointGNN`, every, segments and signals.
        metric: as "ndcg@10".
        folder: where finished rows are kept.
        allow: packages besides recsys that the source may come from.
    """

    def __init__(
        self, name: str, about: Mapping[str, Any], metric: str, folder: Path, allow: Any
    ) -> None:
        self.name, self.about, self.metric, self.folder = name, about, metric, folder
        self._allow = allow
        self._prepared: dict[str, Any] = {}

    @cached_property
    def source(self) -> Source:
        """Of the tables, without segments and signals."""
        with root_of_suite():
            made: Source = build_part(
                self.about["source"], f"suite.data.{self.name}.source", self._allow
            )
        return made

    def row(self, part: str, choice: Mapping[str, Any], window: str) -> Row:
        """Values a query of a window; fitted only if it is not kept.

        Args:
            part: `SEGMENTS`, `EDGES` or `WITHOUT`.
            choice: settings of the network that the part needs.
            window: "valid" or "test".
        """
        settings = {**self.about["settings"], **choice}
        key = {SEGMENTS: "segments", EDGES: "signals"}.get(part)
        made_of = {
            "source": self.source.version, "settings": settings, "part": part,
            "metric": self.metric, "every": self.about["every"],
            "library": None if key is None else library_text(self.about[key]),
        }  # fmt: skip
        name = "-".join([self.name, part, *(f"{key}{value}" for key, value in choice.items())])
        return kept(
            self.folder / f"{name}-{window}", made_of, lambda: self._fit(part, settings, window)
        )

    def _fit(self, part: str, settings: Mapping[str, Any], window: str) -> Row:
        split, audit = self._split(part)
        chosen = split.valid if window == "valid" else split.test
        audit.window(window)
        # The number of epochs is fixed: no row may profit from stopping at the best score.
        model = TouchpointGNN(**settings, patience=None).fit(chosen.past)
        metric, _, k = self.metric.partition("@")
        results = evaluate(model.score, chosen.queries, [int(k)], progress=False, metrics=[metric])
        return {
            "values": results.values[self.metric],
            "customers": np.asarray(results.customers, np.int64),
        }

    def _split(self, part: str) -> Any:
        if part not in self._prepared:
            source = self.source
            if part == SEGMENTS:
                source = WithSegments(
                    source=source, segments=library(self.about["segments"]),
                    every=self.about["every"],
                )  # fmt: skip
            elif part == EDGES:
                source = WithSegments(
                    source=source, segments=None, signals=library(self.about["signals"]),
                    signals_as="edges", every=self.about["every"],
                )  # fmt: skip
            _, split, audit = prepare(source, TimeSplit())
            self._prepared[part] = (split, audit)
        return self._prepared[part]
