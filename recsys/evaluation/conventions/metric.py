"""A metric of another library as one that `evaluate.metrics` can hold."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError
from recsys.evaluation.conventions.lists import Lists
from recsys.evaluation.conventions.table import CONVENTIONS, LIBRARIES, Convention, Library


@dataclass(frozen=True)
class ConventionMetric:
    """A metric of hits by a library's definition, one number a query.

    Its name has the library in front, as "rectools.ndcg", so that numbers by other definitions are
    never taken for ours or compared with them.

    Attributes:
        library: a name of `CONVENTIONS`.
        metric: our name of the metric, as "ndcg".
    """

    library: Library
    metric: str

    @property
    def __name__(self) -> str:
        """The name of the metric without its k."""
        return f"{self.library}.{self.metric}"

    @property
    def convention(self) -> Convention:
        """How the library measures."""
        return CONVENTIONS[self.library]

    @property
    def is_of_sums(self) -> bool:
        """Whether it is a ratio of sums over all queries: each slice needs values of its own."""
        return self.metric in self.convention.of_sums

    def __call__(
        self,
        hit: BoolArray,
        relevant: IntArray,
        k: int,
        lists: IntArray,
        times: IntArray | None = None,
        events: IntArray | None = None,
    ) -> FloatArray:
        """[Q] float64; nan for a query that the library leaves out.

        Args:
            hit: [Q, any] whether the product at each position is relevant, best first.
            relevant: [Q] number of relevant products, at least 1.
            k: length at which the list is cut.
            lists: [Q, any] row numbers of the listed products, best first, -1 for none.
            times: [Q, any] events in test of the product at each position, 0 where not relevant;
                None where no product was bought twice.
            events: [Q] number of events in test; None where no product was bought twice.
        """
        values = self.convention.metrics[self.metric](
            Lists(
                hit=hit[:, :k],
                relevant=relevant,
                k=k,
                products=lists[:, :k],
                times=np.asarray(hit if times is None else times, np.int64)[:, :k],
                events=relevant if events is None else events,
            )
        )
        if self.convention.drops_empty_lists:
            return np.where((lists >= 0).any(axis=1), values, np.nan)
        return values


def by_convention(library: Library, metrics: Sequence[object]) -> tuple[ConventionMetric, ...]:
    """The metrics of a run by a library's definitions.

    Args:
        library: a name of `CONVENTIONS`.
        metrics: names of metrics, or what this function returned for the same library.

    Raises:
        InputError: there is no such library, or it lacks one of the metrics; names those it has.
    """
    if library not in LIBRARIES:
        raise InputError(
            f"evaluate.convention: expected one of {', '.join(LIBRARIES)} or null, got {library!r}"
        )
    known = CONVENTIONS[library].metrics
    names = [
        metric.metric
        if isinstance(metric, ConventionMetric) and metric.library == library
        else metric
        for metric in metrics
    ]
    lacking = [name for name in names if not isinstance(name, str) or name not in known]
    if lacking or not names:
        shown = [getattr(name, "__name__", name) for name in lacking]
        raise InputError(
            f"evaluate.metrics: expected some of {', '.join(known)}, which {library} has at a "
            f"length of the list, got {', '.join(map(str, shown)) or 'none'}; set "
            f"evaluate.metrics=[{','.join(known)}] or evaluate.convention=null"
        )
    return tuple(ConventionMetric(library, str(name)) for name in names)
