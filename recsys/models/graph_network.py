"""What graph networks share: vectors on the customer-product graph, trained for an objective."""

import hashlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import torch
from torch import Tensor

from recsys.arrays import FloatArray, IntArray
from recsys.data.audit import Derived
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.evaluation.full_ranking import Score
from recsys.graph.bipartite import normalise
from recsys.models.base import Embeddings, EventWeights, FoldIn, Validate, require_range
from recsys.models.device import Device, torch_device
from recsys.models.graph_vectors import GraphVectors
from recsys.models.recommends import Recommends
from recsys.training.bipartite_graph import BipartiteGraph
from recsys.training.loop import fit
from recsys.training.loop.checkpoint import Checkpoint
from recsys.training.objectives import Objective, Softmax
from recsys.training.propagation import Pair
from recsys.training.sampling import Positives
from recsys.training.settings import Training
from recsys.training.spectrum import singular_vectors

_CPU = torch.device("cpu")
_LENGTH = 0.1
"""Of initial vectors, an entry on average; Adam's steps are of the size of the learning rate."""


@dataclass(kw_only=True, eq=False)
class GraphNetwork(Training, Recommends, ABC):
    """Settings and protocol of a model of vectors on the graph; inherited by LightGCN and XSimGCL.

    Customers without events have the zero vector and are ranked by popularity. Somebody unseen is
    folded in by one more step of propagation from the products' layers as they stand, see
    `GraphVectors.folding`; those who trained have their own starting vector beside.

    Attributes:
        dim: length of the vectors.
        layers: of propagation.
        objective: what is trained for, see `recsys.training.objectives`.
        l2: weight of half the squared norms of a pair's vectors.
        start: "svd" begins with the singular vectors of the normalised graph, times the root of
            the singular values; "random" with normal numbers.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        device: "auto", "cpu" or "cuda"; "auto" takes the GPU where PyTorch sees one.
    """

    dim: int = 64
    layers: int = 2
    objective: Objective = field(default_factory=Softmax)
    l2: float = 0.0
    start: Literal["svd", "random"] = "svd"
    actions: Mapping[str, float] | None = None
    device: str | Device = "auto"

    def __post_init__(self) -> None:
        super().__post_init__()
        require_range("dim", self.dim, 1, 4096)
        require_range("layers", self.layers, 0, 16)
        require_range("l2", self.l2, 0)
        if self.start not in ("svd", "random"):
            raise InputError(f"model.start: expected svd or random, got {self.start!r}")
        if isinstance(self.device, str):
            self.device = torch_device(self.device)
        self._best: int | None = None
        self.losses: Mapping[int, float] = {}

    @abstractmethod
    def network(
        self, graph: BipartiteGraph, objective: Objective, customers: Tensor, products: Tensor
    ) -> GraphVectors:
        """The network with these initial vectors."""

    @property
    def chosen(self) -> Mapping[str, Any]:
        """See `TunesItself`: where to stop."""
        return {"stop_after": self.stop_after or self._best}

    @property
    def derived(self) -> Derived:
        """See `Derives`."""
        return self.objective.derived

    @property
    def event_weights(self) -> EventWeights:
        """See `WeighsEvents`."""
        return EventWeights(actions=self.actions)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """See `Recommender`."""
        positives = Positives.of(data, self.actions)
        self._counted = positives.pairs
        self._keep(self._trained_somewhere(positives, validate))
        return self.remember(data)

    def _keep(self, network: GraphVectors) -> None:
        """What scoring and folding in need of a network."""
        self.customer_vectors, self.product_vectors = network.scored()
        self._folding = network.folding()

    def _trained_somewhere(self, positives: Positives, validate: Validate | None) -> GraphVectors:
        """On the device, or on the CPU where the GPU's memory is too small even so."""
        assert isinstance(self.device, Device)
        try:
            return self._trained(positives, self.device.kind, validate)
        except torch.OutOfMemoryError:
            sys.stderr.write("out of memory on cuda even with small batches: goes on on the CPU\n")
            self.device = Device("cpu", "the GPU's memory was too small")
            return self._trained(positives, "cpu", validate)

    def _trained(self, positives: Positives, kind: str, validate: Validate | None) -> GraphVectors:
        # The current one, as a torchrun gives each process another.
        device = torch.device(kind, torch.cuda.current_device()) if kind == "cuda" else _CPU
        self.objective.prepare(positives, device)
        graph = BipartiteGraph.from_matrix(normalise(positives.pairs, 0.5, 0.5), device)
        network = self.network(graph, self.objective, *self._start(graph))

        def after(epoch: int) -> float:
            assert validate is not None
            return validate.after(epoch, _by_inner_product(*network.scored()))

        stop = self.stop_after
        if validate is None and stop is None:
            self.stop_after = self._best
        try:
            found = fit(
                network,
                self,
                device=device,
                validate=after if validate is not None else None,
                checkpoint=self._checkpoint(positives, validate),
            )
        finally:
            self.stop_after = stop
        if validate is not None:
            self._best = found.epochs
            self.losses = found.losses
        return network

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """See `Recommender`."""
        return _by_inner_product(self.customer_vectors, self.product_vectors)(customers)

    def embeddings(self) -> Embeddings:
        """See `EmbeddingRecommender`; the last column is that of `Objective.bias`."""
        return Embeddings(
            customers=self.customer_vectors,
            products=self.product_vectors,
            default_customer=self._nobody(),
        )

    def _nobody(self) -> FloatArray:
        """The vector of a customer of whom nothing is known: biases alone."""
        nobody = np.zeros(self.customer_vectors.shape[1], np.float32)
        nobody[self.dim :] = 1
        return nobody

    def fold_in(self) -> FoldIn | None:
        """See `EmbeddingRecommender`; exact where no layer 0 is scored, else a forecast of it."""
        degrees = self._counted.sum(axis=0, dtype=np.float64)
        return FoldIn(
            history=normalise(self._counted, 0.5, 0.5),
            products=self._folding,
            scale=(np.where(degrees > 0, degrees, np.inf) ** -0.5).astype(np.float32),
            exponent=0.5,
            unit=self.objective.cosine,
        )

    def _start(self, graph: BipartiteGraph) -> Pair:
        """Initial vectors; zero for who has no event, so that nothing random is ranked by."""
        generator = torch.Generator().manual_seed(self.seed)
        halves = graph.to_customers, graph.to_products
        found = [
            _LENGTH * torch.randn(half.shape[0], self.dim, generator=generator) for half in halves
        ]
        found = [vectors.to(graph.to_customers.values.device) for vectors in found]
        if self.start == "svd":
            rank = min(self.dim, *graph.to_customers.shape)
            singular, values = singular_vectors(graph, rank, generator)
            mean = torch.linalg.vector_norm(singular[0] * values.sqrt(), dim=1).mean()
            scale = _LENGTH * np.sqrt(self.dim) / mean
            for vectors, of_side in zip(found, singular, strict=True):
                vectors[:, :rank] = of_side * values.sqrt() * scale
        for vectors, half in zip(found, halves, strict=True):
            vectors[half.offsets.diff() == 0] = 0
        return found[0], found[1]

    def _checkpoint(self, positives: Positives, validate: Validate | None) -> Checkpoint | None:
        if self.checkpoint is None:
            return None
        pairs = positives.pairs
        digest = hashlib.sha256()
        for array in (pairs.indptr, pairs.indices, pairs.data):
            digest.update(np.ascontiguousarray(array).tobytes())
        data = {"shape": list(pairs.shape), "pairs": pairs.nnz, "digest": digest.hexdigest()[:16]}
        identity = {"model": self._identity(), "data": data}
        if validate is None:
            return Checkpoint(Path(self.checkpoint) / "refit.pt", identity)
        # Where to stop was chosen by what was asked.
        identity["valid"] = {"asked": getattr(validate, "identity", None)}
        return Checkpoint(Path(self.checkpoint) / "fit.pt", identity)

    def _identity(self) -> dict[str, Any]:
        """The settings that decide which weights come out, plain."""
        passing = ("device", "checkpoint", "checkpoint_seconds")
        kept = {
            one.name: getattr(self, one.name) for one in fields(self) if one.name not in passing
        }
        kept["actions"] = dict(self.actions) if self.actions is not None else None
        kept["objective"] = type(self.objective).__name__
        for name, value in self.objective.settings.items():
            kept[f"objective.{name}"] = value
        return {"class": type(self).__name__, **kept}


def _by_inner_product(customer_vectors: FloatArray, product_vectors: FloatArray) -> Score:
    def score(customers: IntArray) -> FloatArray:
        found: FloatArray = customer_vectors[customers] @ product_vectors.T
        return found

    return score
