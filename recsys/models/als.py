"""Implicit alternating least squares.

Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets (2008): minimise
`sum_cp (1 + alpha w_cp) (1[w_cp > 0] - x_c . y_p)^2 + l2 (sum |x_c|^2 + sum |y_p|^2)` over all
pairs, one side after the other. A half step is solved exactly, by systems of the size of a row's
events where these are fewer than `dim` (`recsys.training.exact_least_squares`), or nearly, with
three conjugate gradients (Takacs et al., 2011): by the library `implicit` on the CPU, by
`recsys.training.alternating` on a GPU, which takes the same steps from the same vectors. Exact half
steps need fewer epochs, and no more time each where histories are shorter than `dim`; conjugate
gradients are the steps of `implicit` and of `recsys.models.spark_als`.

Deviations: the strengths w are the event weights times degree^-exponent on either side, scaled to
mean 1 (exponents 0 give the paper); customer vectors are solved once more at the end, exactly, so
that folding a customer in from the same events gives the same vector. Customers without events,
whose vector is zero, are ranked by popularity (`recsys.models.unknown_customers`).
"""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from typing import Any, Self, TypeAlias

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix, normalise
from recsys.models.base import (
    Embeddings,
    EventWeights,
    FoldIn,
    Validate,
    require_half_life,
    require_range,
)
from recsys.models.device import Device, least_squares_device, require_implicit
from recsys.models.recommends import Recommends
from recsys.models.unknown_customers import UnknownCustomers

Vectors: TypeAlias = tuple[FloatArray, FloatArray]
Validated: TypeAlias = Callable[[int, FloatArray, FloatArray], None]
"""Validates vectors of customers and products after an epoch."""

SOLVERS = ("exact", "conjugate_gradient")


class ALS(Recommends):
    """Implicit ALS, on the CPU without PyTorch, on a GPU with it.

    Args:
        dim: length of the vectors.
        epochs: number of alternations.
        alpha: how much more an observed pair counts than an unobserved pair, on average.
        l2: weight of the squared norms.
        customer_exponent: degree exponent of customers; above 0 the events of an active customer
            count less.
        product_exponent: degree exponent of products; above 0 the events of a popular product
            count less.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        solver: "exact", or "conjugate_gradient" for three of them a half step.
        seed: of the initial vectors.
        device: "auto", "cpu" or "cuda"; "auto" takes the GPU if PyTorch sees one.

    Raises:
        InputError: an argument is out of range, device="cuda" without a GPU, or the library
            `implicit` is needed and cannot be loaded.
    """

    def __init__(
        self,
        *,
        dim: int = 64,
        epochs: int = 10,
        alpha: float = 10.0,
        l2: float = 1.0,
        customer_exponent: float = 0.5,
        product_exponent: float = 0.5,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
        solver: str = "exact",
        seed: int = 0,
        device: str = "auto",
    ) -> None:
        require_range("dim", dim, 1, 4096)
        require_range("epochs", epochs, 1)
        require_range("alpha", alpha, 0, open_low=True)
        require_range("l2", l2, 0)
        require_range("customer_exponent", customer_exponent, 0, 2)
        require_range("product_exponent", product_exponent, 0, 2)
        require_half_life(half_life)
        self.dim, self.epochs, self.alpha, self.l2 = dim, epochs, alpha, l2
        self.customer_exponent, self.product_exponent = customer_exponent, product_exponent
        self.half_life, self.actions, self.seed = half_life, actions, seed
        if solver not in SOLVERS:
            raise InputError(f"model.solver: expected {' or '.join(SOLVERS)}, got '{solver}'")
        self.solver = solver
        self.device: Device = least_squares_device(device)
        if solver == "conjugate_gradient" and self.device.kind == "cpu":
            require_implicit()

    @property
    def event_weights(self) -> EventWeights:
        """How the events in the history count."""
        return EventWeights(actions=self.actions, half_life=self.half_life)

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the model to the events of `data`; `validate` only records the learning curve.

        Raises:
            InputError: `l2` is too small to solve for these events.
        """
        confidence = self.confidence(data)

        def validated(epoch: int, customers: FloatArray, products: FloatArray) -> None:
            assert validate is not None
            _require_solved(self.l2, customers, products)
            unknown = UnknownCustomers.of(data, confidence, products)
            validate.after(epoch, lambda rows: unknown.ranked(rows, customers[rows] @ products.T))

        with _solvable(self.l2):
            vectors = self.solve(confidence, None if validate is None else validated)
        _require_solved(self.l2, *vectors)
        self.customer_vectors, self.product_vectors = vectors
        self.history: csr_array = confidence
        self.unknown = UnknownCustomers.of(data, confidence, self.product_vectors)
        return self.remember(data)

    def solve(self, confidence: csr_array, validated: Validated | None) -> Vectors:
        """Vectors of customers [C, dim] and products [P, dim] for confidences [C, P]."""

        def after(epoch: int, vectors: tuple[Any, Any]) -> None:
            if validated is not None and self.is_due(epoch):
                validated(epoch, *_of_numpy(vectors))

        settings = {"dim": self.dim, "epochs": self.epochs, "l2": self.l2, "seed": self.seed}
        if self.device.kind == "cuda":
            import torch

            try:
                alternate = self._alternate_on_gpu()
                return _of_numpy(alternate(confidence, **settings, device="cuda", after=after))
            except torch.OutOfMemoryError:
                sys.stderr.write("device=cuda: out of memory; using the CPU\n")
                self.device = Device("cpu", "the GPU's memory was too small")
        return self._alternate_on_cpu()(confidence, **settings, after=after)

    def _alternate_on_cpu(self) -> Callable[..., Vectors]:
        # Imported late: each loads a library that the other does not need.
        if self.solver == "exact":
            from recsys.training.exact_alternating import alternate_exactly

            return alternate_exactly
        from recsys.training.implicit_alternating import alternate_by_implicit

        return alternate_by_implicit

    def _alternate_on_gpu(self) -> Callable[..., tuple[Any, Any]]:
        import torch

        from recsys.training.alternating import alternate
        from recsys.training.exact_alternating import alternate_exactly

        return partial(alternate_exactly, xp=torch) if self.solver == "exact" else alternate

    def is_due(self, epoch: int) -> bool:
        """Whether to validate: after 1, 2, 4, ... epochs, except the last."""
        return epoch < self.epochs and epoch.bit_count() == 1

    def confidence(self, data: Dataset) -> csr_array:
        """Confidence [C, P] float32 CSR, 1 + alpha w for the pairs with events."""
        events = interaction_matrix(data, actions=self.actions, half_life=self.half_life)
        strength = normalise(events, self.customer_exponent, self.product_exponent)
        mean = strength.data.mean() if strength.nnz else 1.0
        degrees = events.sum(axis=0, dtype=np.float64)
        share = np.where(degrees > 0, degrees, np.inf) ** -self.product_exponent
        # A product without events has strength 0.
        self.scale: FloatArray = (self.alpha / mean * share).astype(np.float32)
        strength.data = (1 + self.alpha * strength.data / mean).astype(np.float32)
        return strength

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]; the touchpoint makes no difference."""
        scores: FloatArray = self.customer_vectors[customers] @ self.product_vectors.T
        return self.unknown.ranked(customers, scores)

    def embeddings(self) -> Embeddings:
        """The fitted vectors, with one more column for customers without events."""
        return self.unknown.embeddings(self.customer_vectors, self.product_vectors)

    def fold_in(self) -> FoldIn | None:
        """How events become a customer vector: one exact least-squares solution."""
        products = self.product_vectors
        gram = products.T @ products + self.l2 * np.eye(self.dim, dtype=np.float32)
        return self.unknown.fold_in(
            FoldIn(
                history=self.history,
                products=products,
                gram=gram.astype(np.float32),
                offset=1.0,
                scale=self.scale,
                exponent=self.customer_exponent,
            )
        )


@contextmanager
def _solvable(l2: float) -> Iterator[None]:
    try:
        yield
    except np.linalg.LinAlgError:
        raise _unsolvable(l2) from None


def _require_solved(l2: float, *vectors: FloatArray) -> None:
    """Raises `InputError` for NaN, which some LAPACKs return for a singular matrix."""
    if not all(np.isfinite(array).all() for array in vectors):
        raise _unsolvable(l2)


def _of_numpy(vectors: tuple[Any, Any]) -> Vectors:
    """The same arrays, on the host and of NumPy."""
    customers, products = (
        side if isinstance(side, np.ndarray) else side.cpu().numpy() for side in vectors
    )
    return customers, products


def _unsolvable(l2: float) -> InputError:
    return InputError(f"model.l2={l2}: too small to solve for these events; raise it")
