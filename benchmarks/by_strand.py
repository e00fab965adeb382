"""Two strands, two vectors: what the best of a customer's vectors adds to one vector."""

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from benchmarks.suite import ends, require_at_least
from recsys.data.dataset import Dataset
from recsys.data.queries import Window
from recsys.data.source import Source
from recsys.data.split import GivenSplit, TimeSplit
from recsys.errors import InputError
from recsys.evaluation.evaluate_model import evaluate
from recsys.evaluation.paired import paired_difference
from recsys.models.als import ALS
from recsys.models.by_strand import ByStrand

_METRICS = ("recall@10", "ndcg@10")


class ByStrandSuite:
    """Paired differences to the same ALS with one vector a customer.

    Args:
        data: a source with cut-offs, or with a published split.
        window: "valid" or "test".
        column: of products that has the purposes; None finds them in the graph.
        floor: as for `ByStrand`.
        boost: as for `ByStrand`.
        als: settings of ALS.
        resamples: bootstrap resamples of customers.
    """

    def __init__(
        self,
        *,
        data: Source,
        window: Literal["valid", "test"],
        column: str | None,
        floor: float,
        boost: float,
        als: Mapping[str, Any],
        resamples: int = 1_000,
    ) -> None:
        require_at_least(10, resamples=resamples)
        if window not in ("valid", "test"):
            raise InputError(f"suite.window: expected valid or test, got '{window}'")
        self.source, self.window, self.resamples = data, window, resamples
        self.model = ByStrand(base=ALS(**als), column=column, floor=floor, boost=boost)

    def figures(self) -> Mapping[str, float]:
        """Keys METRIC, METRIC_gain, and METRIC_gain_two of customers with two open strands."""
        window = self._window(Dataset.from_source(self.source))
        model = self.model.fit(window.past)
        one = evaluate(model.base, window).per_query.values
        several = evaluate(model, window).per_query.values
        customers = window.queries.customers
        strands = model.strand_vectors
        rows = np.zeros(0, np.int64) if strands is None else strands.customers
        count = np.bincount(rows, minlength=len(window.past.customers))[customers]
        made = {"queries": float(len(customers)), "queries_two": float((count >= 2).sum())}
        for metric in _METRICS:
            made[metric] = float(np.nanmean(one[metric]))
            for name, mask in (("gain", count >= 0), ("gain_two", count >= 2)):
                if mask.any():
                    gain = paired_difference(
                        several[metric][mask], one[metric][mask], customers[mask],
                        resamples=self.resamples,
                    )  # fmt: skip
                    made |= ends(f"{metric}_{name}", gain)
        return made

    def _window(self, data: Dataset) -> Window:
        splitter = GivenSplit() if self.source.cutoffs is None else TimeSplit()
        split = splitter.split(data)
        window: Window = getattr(split, self.window)
        return window
