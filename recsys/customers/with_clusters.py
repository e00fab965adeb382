"""`WithClusters`: a source whose customers have a column of their data-driven segment, by date."""

from typing import Any, Protocol

import pandas as pd

from recsys.arrays import FloatArray
from recsys.customers.similar.clusters import find_clusters
from recsys.customers.similar.facts import customer_facts
from recsys.customers.similar.former_names import CLUSTER
from recsys.customers.similar.profile import profiles
from recsys.customers.similar.vectors import FEWEST, TooFewCustomersError, customer_vectors
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.snapshot_source import SnapshotSource
from recsys.data.snapshots import Snapshot
from recsys.data.source import Source
from recsys.errors import InputError


class _Vectors(Protocol):
    @property
    def customers(self) -> FloatArray: ...

    @property
    def products(self) -> FloatArray: ...


class HasVectors(Protocol):
    """A model with vectors; every `recsys.models.base.EmbeddingRecommender` is one."""

    def fit(self, data: Dataset) -> Any:
        """Fits the model to events."""
        ...

    def embeddings(self) -> _Vectors:
        """Vectors [C, d] of customers and [P, d] of products, of the last fit."""
        ...


class WithClusters(SnapshotSource):
    """Another source, with a column `cluster` of customers: their data-driven segment.

    At each moment the model is fitted on the events before it, its customers' vectors are clustered
    and the clusters named by their profiles, so that a segment keeps its name as long as it has
    most of the same. Customers without events have no segment.

    Args:
        source: of the tables.
        model: not fitted; whose vectors are clustered.
        clusters: their number; "auto" takes as many as are stable, which takes longer.
        every: days between the moments.

    Raises:
        InputError: the model has no vectors, or a number is out of range.
    """

    def __init__(
        self, *, source: Source, model: HasVectors, clusters: int | str = 10, every: int = 90
    ) -> None:
        super().__init__(source, every)
        if not hasattr(model, "embeddings"):
            raise InputError(
                "data.model: expected a model with vectors, such as als, got "
                f"{type(model).__name__}"
            )
        is_number = isinstance(clusters, int) and not isinstance(clusters, bool) and clusters > 1
        if not is_number and clusters != "auto":
            raise InputError(
                f"data.clusters: expected auto or a number of at least 2, got {clusters!r}"
            )
        self._model, self._number = model, clusters if isinstance(clusters, int) else None
        self._settings = {
            key: value for key, value in sorted(vars(model).items())
            if isinstance(value, int | float | str | dict | None)
        }  # fmt: skip

    @property
    def counted(self) -> str:
        """See `SnapshotSource`."""
        return f"{self._number or 'auto'} clusters of {type(self._model).__name__} {self._settings}"

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        """See `TakesSnapshots`; no rows while few customers have events."""
        past = data.before(moment)
        none = Snapshot(
            pd.DataFrame({columns.CUSTOMER: data.customers.ids[:0], CLUSTER: []}, dtype=object)
        )
        if past.is_target.sum() < FEWEST:
            return none
        self._model.fit(past)
        made = self._model.embeddings()
        try:
            vectors = customer_vectors(made.customers, made.products, past)
            clusters = find_clusters(vectors.vectors, self._number)
        except TooFewCustomersError:
            return none
        facts = customer_facts(past, vectors.customers)
        names = [each.name for each in profiles(clusters.labels, len(clusters), facts)]
        found = {
            columns.CUSTOMER: data.customers.ids[vectors.customers],
            CLUSTER: [names[label] for label in clusters.labels],
        }
        return Snapshot(pd.DataFrame(found))
