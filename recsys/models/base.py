"""What a model is: it fits a data set and scores products for customers."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self, runtime_checkable

import numpy as np
from scipy.sparse import csr_array

from recsys.arrays import FloatArray, IntArray
from recsys.data.audit import Derived
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.evaluation.full_ranking import Score


class Validate(Protocol):
    """Asks on valid, while a model fits."""

    def __call__(self, score: Score) -> float:
        """How good a score function is; higher is better."""
        ...

    def after(self, epoch: int, score: Score) -> float:
        """How good the model is after an epoch, noted as a point of its learning curve.

        In a study this ends a fit that falls behind, by an exception that models let through.
        """
        ...


class Recommender(Protocol):
    """Anything that can be fitted and asked; constructed from keywords (its YAML in conf/model).

    `fit` may be called again, with more data: whatever the first call chose by `validate` is kept,
    so that a refit on train + valid needs no validation data.
    """

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Learns from the events of `data`, which all precede `data.as_of`."""
        ...

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """float32 scores [Q, P] for row numbers [Q]; higher is better; a fresh array each call."""
        ...


@runtime_checkable
class TunesItself(Protocol):
    """A model that settles some of its own settings on valid."""

    @property
    def chosen(self) -> Mapping[str, Any]:
        """Constructor arguments that reproduce the choice without `validate`."""
        ...


@runtime_checkable
class Checkpointable(Protocol):
    """A model of the fit loop: it can be killed and resumed, and trained by several processes.

    Attributes:
        checkpoint: folder that a fit is kept in; None keeps nothing.
        losses: mean loss by epoch of the last fit with validation data.
    """

    checkpoint: str | None
    losses: Mapping[int, float]


@runtime_checkable
class Derives(Protocol):
    """A model that says what it took from the events, so that the audit can count it again.

    Counts of popularity, segments, negatives and calibrators belong there; a model without them
    needs no statement.
    """

    @property
    def derived(self) -> Derived:
        """Of the last fit."""
        ...


@runtime_checkable
class UsesColumns(Protocol):
    """A model that makes features of the columns of tables, and says what became of each.

    A model without such a statement learns from events alone.
    """

    @property
    def columns_used(self) -> Mapping[str, Mapping[str, str]]:
        """Table -> column -> "number", "5 values" or "left out: ..."; of the last fit."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Embeddings:
    """Vectors whose inner products are the scores.

    Attributes:
        customers: [C, d] float32.
        products: [P, d] float32.
        touchpoints: [T, d] float32, or None where a model does not know touchpoints.
        default_customer: [d] float32, the vector of a customer of whom nothing is known, which
            ranks products by popularity; None where the model does not say.
    """

    customers: FloatArray
    products: FloatArray
    touchpoints: FloatArray | None = None
    default_customer: FloatArray | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class FoldIn:
    """Plain arrays that turn events into a customer vector.

    Events of product j that count r_j together have the weight `w_j = offset + scale_j r_j
    (sum r)^-exponent`. With the rows f_j of `products` the vector is `sum_j w_j f_j`, or, where
    there is a `gram` matrix, the solution x of
    `(gram + sum_j (w_j - 1) f_j f_j') x = sum_j w_j f_j` (alternating least squares).
    `recsys.ops.fold_in` computes both.

    Attributes:
        history: [C, P] float32 CSR, the weights w of the events the model has seen.
        products: [P, m] float32; m <= d, the first m columns of a customer's vector. The others
            do not depend on events.
        gram: [m, m] float32, or None.
        offset, scale, exponent: of the weights w; scale is [P] float32, None for 1. How much an
            event counts is said by `WeighsEvents`.
        unit: whether the vector is brought to length 1 at the end.
    """

    history: csr_array
    products: FloatArray
    gram: FloatArray | None = None
    offset: float = 0.0
    scale: FloatArray | None = None
    exponent: float = 0.0
    unit: bool = False


@dataclass(frozen=True, kw_only=True)
class EventWeights:
    """How much each event of a customer counts, before a fold-in rule turns counts into weights.

    An event counts `weight x weight of its action x 2^(-age / half_life)`, where `weight` is the
    column of the interactions (1 without it). `recsys.graph.bipartite.interaction_matrix` takes the
    same two arguments and sums the counts over each customer-product pair.

    Attributes:
        actions: weight of each action, others 0; None for the default of
            `recsys.graph.action_weights`.
        half_life: days (positions of an order) after which an event counts half; None for no decay.
    """

    actions: Mapping[str, float] | None = None
    half_life: float | None = None


@runtime_checkable
class WeighsEvents(Protocol):
    """A model that says how events count, so that its artifact can take events after the export.

    Optional for a model that can be folded in. An artifact of a model without it is complete except
    that it refuses fresh events.
    """

    @property
    def event_weights(self) -> EventWeights:
        """How the events in `FoldIn.history` count, or those in `FilterRecommender.history`.

        Known before the fit: it depends on settings only.
        """
        ...


@runtime_checkable
class EmbeddingRecommender(Recommender, Protocol):
    """A model whose scores are inner products: `score == customers @ products.T`."""

    def embeddings(self) -> Embeddings:
        """The fitted vectors."""
        ...

    def fold_in(self) -> FoldIn | None:
        """How events become a customer vector; None where they do not add up to one."""
        ...


@runtime_checkable
class FilterRecommender(Recommender, Protocol):
    """A model that applies a filter to a customer's history: `score == history @ filter + bias`.

    The class declares `history` and `bias`, as properties or as annotations in its body
    (`history: csr_array`), so that export can check them before the fit that sets them.
    """

    @property
    def history(self) -> csr_array:
        """[C, P] float32 weights of the customers' events."""
        ...

    @property
    def bias(self) -> FloatArray:
        """[P] float32 added for everyone: what is left to rank by where there is no history."""
        ...

    def apply_filter(self, products: FloatArray) -> FloatArray:
        """Filter @ products, for products [P, n] float32."""
        ...

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        """filter.T @ products, for products [P, n] float32."""
        ...


def require_range(
    name: str, value: float, low: float, high: float = float("inf"), open_low: bool = False
) -> None:
    """Raises `InputError` unless low <= value <= high (low < value where `open_low`)."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    inside = is_number and (low < value if open_low else low <= value) and value <= high
    if not (inside and np.isfinite(value)):
        sign = ">" if open_low else ">="
        upper = "" if high == float("inf") else f" and <= {high:g}"
        raise InputError(f"model.{name}: expected a number {sign} {low:g}{upper}, got {value}")


def require_half_life(value: float | None) -> None:
    """Raises `InputError` unless the half-life is None (no decay) or above 0."""
    if value is not None:
        require_range("half_life", value, 0, open_low=True)
