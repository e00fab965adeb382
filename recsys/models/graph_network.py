"""The base class of graph networks: settings, training, scoring, folding in, checkpoints."""

import hashlib
import sys
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

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
from recsys.training.processes import ALONE, Processes
from recsys.training.propagation import Pair
from recsys.training.sampling import Positives
from recsys.training.settings import Training
from recsys.training.shards.choice import is_sharded
from recsys.training.shards.graph import shared_graph
from recsys.training.spectrum import singular_vectors

_CPU = torch.device("cpu")
_LENGTH = 0.1
"""Root mean square of the entries of initial vectors; a step of Adam is of a similar size."""


@dataclass(kw_only=True, eq=False)
class GraphNetwork(Training, Recommends, ABC):
    """Settings and training of a network of vectors on the graph, as LightGCN and XSimGCL.

    A subclass implements `network`, and says with `can_shard` whether that works on the rows of a
    process as on all. Fitted with shards, the first process has all vectors, the others none.
    Customers without events have the zero vector and are ranked by
    popularity. A new customer is folded in by one more step of propagation from the products'
    layers, see `GraphVectors.folding`.

    Attributes:
        dim: length of the vectors.
        layers: number of layers of propagation.
        objective: the loss, one of `recsys.training.objectives`.
        l2: weight of half the squared norms of a pair's vectors.
        start: initial vectors: "svd" for the singular vectors of the normalised graph times the
            root of the singular values, "random" for normal numbers.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        device: "auto", "cpu" or "cuda"; "auto" takes the GPU if PyTorch sees one.

    Raises:
        InputError: a setting is out of range, device="cuda" without a GPU, or `shard` is true and
            the network cannot.
    """

    can_shard: ClassVar[bool] = False

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
        if self.shard is True and not self.can_shard:
            raise InputError(
                f"model.shard=true: {type(self).__name__} holds all vectors in each process; set "
                "model.shard=false"
            )
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
        """Builds the network.

        Args:
            graph: the normalised customer-product graph on the device.
            objective: prepared for the device.
            customers: [C, dim] float32 initial vectors.
            products: [P, dim] float32 initial vectors.
        """

    @property
    def chosen(self) -> Mapping[str, Any]:
        """The number of epochs that was best on valid, as `stop_after`."""
        return {"stop_after": self.stop_after or self._best}

    @property
    def derived(self) -> Derived:
        """The counts that the objective took from the events, for the audit."""
        return self.objective.derived

    @property
    def event_weights(self) -> EventWeights:
        """How the events in the history count; a graph network has no decay."""
        return EventWeights(actions=self.actions)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Trains on the events of `data`, and stops after the epoch that is best on `validate`."""
        positives = Positives.of(data, self.actions)
        self._counted = positives.pairs
        self._keep(self._train_with_fallback(positives, validate))
        return self.remember(data)

    def _keep(self, network: GraphVectors) -> None:
        """Keeps the arrays that scoring and folding in need."""
        self.customer_vectors, self.product_vectors = network.scored()
        self._folding = network.folding()

    def _train_with_fallback(self, positives: Positives, validate: Validate | None) -> GraphVectors:
        """Trains on the device, or on the CPU if the GPU's memory is too small."""
        assert isinstance(self.device, Device)
        try:
            return self._train(positives, self.device.kind, validate)
        except torch.OutOfMemoryError:
            sys.stderr.write("device=cuda: out of memory even with small batches; using the CPU\n")
            self.device = Device("cpu", "the GPU's memory was too small")
            return self._train(positives, "cpu", validate)

    def _train(self, positives: Positives, kind: str, validate: Validate | None) -> GraphVectors:
        # The current GPU, because torchrun gives each process another one.
        device = torch.device(kind, torch.cuda.current_device()) if kind == "cuda" else _CPU
        self.objective.prepare(positives, device)
        holders = self._holders(positives, device)
        matrix = normalise(positives.pairs, 0.5, 0.5)
        graph = shared_graph(matrix, device, holders)
        network = self.network(graph, self.objective, *self._start(graph))

        def after(epoch: int) -> float | None:
            assert validate is not None
            scored = network.scored()
            return validate.after(epoch, _by_inner_product(*scored)) if holders.first else None

        stop = self.stop_after
        if validate is None and stop is None:
            self.stop_after = self._best
        try:
            result = fit(
                network,
                self,
                device=device,
                validate=after if validate is not None else None,
                checkpoint=self._checkpoint(positives, validate, holders),
            )
        finally:
            self.stop_after = stop
        if validate is not None:
            self._best = result.epochs
            self.losses = result.losses
        return network

    def _holders(self, positives: Positives, device: torch.device) -> Processes:
        """The processes that hold a part of the vectors each; alone where each holds all."""
        wanted, together = self.shard if self.can_shard else False, Processes.here()
        rows = sum(positives.pairs.shape)
        return together if is_sharded(wanted, rows, self.dim, device, together) else ALONE

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]; the touchpoint makes no difference."""
        return _by_inner_product(self.customer_vectors, self.product_vectors)(customers)

    def embeddings(self) -> Embeddings:
        """The fitted vectors; the last column holds the bias of the objective."""
        return Embeddings(
            customers=self.customer_vectors,
            products=self.product_vectors,
            default_customer=self._default_customer(),
        )

    def _default_customer(self) -> FloatArray:
        """The vector of an unknown customer, who has the biases alone."""
        vector = np.zeros(self.customer_vectors.shape[1], np.float32)
        vector[self.dim :] = 1
        return vector

    def fold_in(self) -> FoldIn | None:
        """How events become a customer vector; exact unless layer 0 has a weight."""
        degrees = self._counted.sum(axis=0, dtype=np.float64)
        return FoldIn(
            history=normalise(self._counted, 0.5, 0.5),
            products=self._folding,
            scale=(np.where(degrees > 0, degrees, np.inf) ** -0.5).astype(np.float32),
            exponent=0.5,
            unit=self.objective.cosine,
        )

    def _start(self, graph: BipartiteGraph) -> Pair:
        """Initial vectors; zero without events, so that no ranking is random."""
        generator = torch.Generator().manual_seed(self.seed)
        halves = graph.to_customers, graph.to_products

        def drawn(rows: int) -> Tensor:
            return _LENGTH * torch.randn(rows, self.dim, generator=generator)

        sides = [shard.drawn(drawn) for shard in (graph.customers, graph.products)]
        sides = [vectors.to(graph.to_customers.values.device) for vectors in sides]
        if self.start == "svd":
            rank = min(self.dim, graph.customers.size, graph.products.size)
            singular, values = singular_vectors(graph, rank, generator)
            lengths = torch.linalg.vector_norm(singular[0] * values.sqrt(), dim=1)
            mean = graph.processes.total(lengths.sum()) / graph.customers.size
            scale = _LENGTH * np.sqrt(self.dim) / mean
            for vectors, of_side in zip(sides, singular, strict=True):
                vectors[:, :rank] = of_side * values.sqrt() * scale
        for vectors, half in zip(sides, halves, strict=True):
            vectors[half.lengths == 0] = 0
        return sides[0], sides[1]

    def _checkpoint(
        self, positives: Positives, validate: Validate | None, holders: Processes
    ) -> Checkpoint | None:
        if self.checkpoint is None:
            return None
        pairs = positives.pairs
        digest = hashlib.sha256()
        for array in (pairs.indptr, pairs.indices, pairs.data):
            digest.update(np.ascontiguousarray(array).tobytes())
        data = {"shape": list(pairs.shape), "pairs": pairs.nnz, "digest": digest.hexdigest()[:16]}
        identity = {"model": self._identity(), "data": data}
        if validate is None:
            return Checkpoint(Path(self.checkpoint) / "refit.pt", identity, holders)
        # The best epoch depends on the validation queries.
        identity["valid"] = {"asked": getattr(validate, "identity", None)}
        return Checkpoint(Path(self.checkpoint) / "fit.pt", identity, holders)

    def _identity(self) -> dict[str, Any]:
        """The settings that decide the fitted weights, as plain values."""
        indifferent = ("device", "checkpoint", "checkpoint_seconds", "shard")
        names = [field.name for field in fields(self) if field.name not in indifferent]
        settings = {name: getattr(self, name) for name in names}
        settings["actions"] = dict(self.actions) if self.actions is not None else None
        settings["objective"] = type(self.objective).__name__
        for name, value in self.objective.settings.items():
            settings[f"objective.{name}"] = value
        return {"class": type(self).__name__, **settings}


def _by_inner_product(customer_vectors: FloatArray, product_vectors: FloatArray) -> Score:
    def score(customers: IntArray) -> FloatArray:
        scores: FloatArray = customer_vectors[customers] @ product_vectors.T
        return scores

    return score
