"""Implicit alternating least squares.

Hu, Koren and Volinsky, Collaborative Filtering for Implicit Feedback Datasets (2008): minimise
`sum_cp (1 + alpha w_cp) (1[w_cp > 0] - x_c . y_p)^2 + l2 (sum |x_c|^2 + sum |y_p|^2)` over all
pairs, solved with conjugate gradients (Takacs et al., 2011): by the library `implicit` on the CPU,
by `recsys.training.alternating` on a GPU, which takes the same steps from the same vectors.

Deviations: the strengths w are the event weights times degree^-exponent on either side, scaled to
mean 1 (exponents 0 give the paper); customer vectors are solved exactly once more at the end, so
that folding a customer in from the same events gives the same vector. Customers without events,
whose vector is zero, are ranked by popularity (`recsys.models.unknown_customers`).
"""

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Self, TypeAlias

import numpy as np
from scipy.sparse import csr_array, csr_matrix
from threadpoolctl import threadpool_limits

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
from recsys.models.device import Device, least_squares_device
from recsys.models.recommends import Recommends
from recsys.models.unknown_customers import UnknownCustomers

Vectors: TypeAlias = tuple[FloatArray, FloatArray]
Validated: TypeAlias = Callable[[int, FloatArray, FloatArray], None]
"""Validates vectors of customers and products after an epoch."""


class ALS(Recommends):
    """Implicit ALS, by the library `implicit` on the CPU and by PyTorch on a GPU.

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
        seed: of the initial vectors.
        device: "auto", "cpu" or "cuda"; "auto" takes the GPU if PyTorch sees one.

    Raises:
        InputError: an argument is out of range, or device="cuda" without a GPU.
    """

    def __init__(
        self,
        *,
        dim: int = 64,
        epochs: int = 15,
        alpha: float = 10.0,
        l2: float = 1.0,
        customer_exponent: float = 0.5,
        product_exponent: float = 0.5,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
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
        self.device: Device = least_squares_device(device)

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
        by = self._by_torch if self.device.kind == "cuda" else self._by_implicit
        return by(confidence, validated)

    def _by_implicit(self, confidence: csr_array, validated: Validated | None) -> Vectors:
        from implicit.als import AlternatingLeastSquares

        def after(iteration: int, _seconds: float, _loss: float) -> None:
            if validated is not None and self.is_due(iteration + 1):
                validated(iteration + 1, model.user_factors, model.item_factors)

        # implicit runs its own threads, which threads of BLAS would only slow down.
        with threadpool_limits(1, "blas"):
            model = AlternatingLeastSquares(
                factors=self.dim,
                regularization=self.l2,
                alpha=1.0,
                iterations=self.epochs,
                random_state=self.seed,
                use_gpu=False,
                # implicit takes every core, whatever OMP_NUM_THREADS says.
                num_threads=int(os.environ.get("OMP_NUM_THREADS", "0")),
            )
            model.fit(csr_matrix(confidence), show_progress=False, callback=after)
            everyone = np.arange(confidence.shape[0])
            customers = model.recalculate_user(everyone, csr_matrix(confidence))
        return customers, model.item_factors

    def _by_torch(self, confidence: csr_array, validated: Validated | None) -> Vectors:
        import torch

        from recsys.training.alternating import alternate

        def after(epoch: int, vectors: Iterable[torch.Tensor]) -> None:
            if validated is not None and self.is_due(epoch):
                validated(epoch, *(side.cpu().numpy() for side in vectors))

        try:
            customers, products = alternate(
                confidence, dim=self.dim, epochs=self.epochs, l2=self.l2, seed=self.seed,
                device="cuda", after=after,
            )  # fmt: skip
        except torch.OutOfMemoryError:
            sys.stderr.write("device=cuda: out of memory; using the CPU\n")
            self.device = Device("cpu", "the GPU's memory was too small")
            return self._by_implicit(confidence, validated)
        return customers.cpu().numpy(), products.cpu().numpy()

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
    except (ValueError, RuntimeError) as error:
        # The solvers of LAPACK and of PyTorch that require a positive definite matrix.
        if "posv" not in str(error) and "linalg.cholesky" not in str(error):
            raise
        raise _unsolvable(l2) from None


def _require_solved(l2: float, *vectors: FloatArray) -> None:
    """Raises `InputError` for NaN, which some LAPACKs return for a singular matrix."""
    if not all(np.isfinite(array).all() for array in vectors):
        raise _unsolvable(l2)


def _unsolvable(l2: float) -> InputError:
    return InputError(f"model.l2={l2}: too small to solve for these events; raise it")
