"""The protocols of models: what evaluation, export and runs need of them.

Every model is a `Recommender`: `fit` and `score`. The other protocols are optional, and each adds
something: `EmbeddingRecommender`, `FilterRecommender` or `Composed` an export, `WeighsEvents` fresh
events in the artifact, `TunesItself` settings chosen on valid, `Resumable` going on after a kill,
`Checkpointable` that and several processes, `Tells` lines of a run's summary, `KnowsDayparts` the
time of day of decisions, `HasStrands` several vectors a customer, `Derives` and `UsesColumns`
statements for the audit and the records. A class that inherits from
`recsys.models.recommends.Recommends` also has `recommend`.
"""

from collections.abc import Mapping, Sequence
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
    """Evaluates a model on the valid window while it is fitted."""

    def __call__(self, score: Score) -> float:
        """The metric of a score function, which takes row numbers [Q]; higher is better."""
        ...

    def after(self, epoch: int, score: Score) -> float:
        """The metric after an epoch, which is also recorded as a point of the learning curve.

        In a study this may raise an exception that ends an unpromising fit; models do not catch it.
        """
        ...


class Recommender(Protocol):
    """A model that can be fitted and that scores products.

    It is constructed from keywords, which in a run are the keys of its YAML in conf/model. `fit`
    may be called again with more data. It keeps the settings that the first call chose by
    `validate`, so that a refit on train + valid needs no validation data.
    """

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the model.

        Args:
            data: the events, which all precede `data.as_of`, and tables.
            validate: evaluates candidates on the valid window; None without one. A model without
                settings to choose ignores it.

        Returns:
            The model itself.
        """
        ...

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores all products; higher is better.

        Args:
            customers: [Q] customer row numbers.
            touchpoints: [Q] touchpoint row numbers, -1 for none; None for none at all. A model
                without touchpoints ignores them.

        Returns:
            [Q, P] float32, a new array at each call.
        """
        ...


@runtime_checkable
class TunesItself(Protocol):
    """A model that chooses some of its settings on valid."""

    @property
    def chosen(self) -> Mapping[str, Any]:
        """Constructor arguments that reproduce the last fit without `validate`."""
        ...


@runtime_checkable
class Resumable(Protocol):
    """A model whose fit is kept in a folder while it runs, and goes on there after a kill.

    Attributes:
        checkpoint: the folder; None keeps nothing. A run sets it where it is None.
    """

    checkpoint: str | None


@runtime_checkable
class Checkpointable(Resumable, Protocol):
    """A model trained in epochs, which can be resumed and trained by several processes.

    Attributes:
        losses: mean loss by epoch, of the last fit with validation data.
    """

    losses: Mapping[int, float]


@runtime_checkable
class Derives(Protocol):
    """A model that states what it counted in the events, so that the audit can check it for leaks.

    These are counts of popularity, segments, negatives and calibrators. A model without them does
    not need the property.
    """

    @property
    def derived(self) -> Derived:
        """The counts of the last fit."""
        ...


def derived_of(model: Recommender) -> Derived | None:
    """What a model states that it counted; None for a model that states nothing."""
    return model.derived if isinstance(model, Derives) else None


@runtime_checkable
class UsesColumns(Protocol):
    """A model that uses columns of tables as features, and states how it used each.

    A model without the property uses events alone.
    """

    @property
    def columns_used(self) -> Mapping[str, Mapping[str, str]]:
        """Table -> column -> "number", "5 values" or "left out: ...", of the last fit."""
        ...


@runtime_checkable
class Tells(Protocol):
    """A model that tells the reader of a run about its fit."""

    @property
    def notes(self) -> Sequence[str]:
        """Of the last fit with validation data, one line each."""
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class Embeddings:
    """Vectors whose inner products are the scores.

    Attributes:
        customers: [C, d] float32.
        products: [P, d] float32.
        touchpoints: [T, d] float32; None for a model without touchpoints.
        default_customer: [d] float32, the vector of an unknown customer, which usually ranks by
            popularity; None if there is none.
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
        offset: b of the weights w.
        scale: s of the weights w, [P] float32; None for 1.
        exponent: a of the weights w. `WeighsEvents` states how much an event counts.
        unit: whether the vector is divided by its length at the end.
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
class KnowsDayparts(Protocol):
    """A model that knows touchpoints at different times of the day, for decisions.

    A model without the property is served with one vector for each touchpoint.
    """

    @property
    def daypart_vectors(self) -> FloatArray | None:
        """[T, 4, d] float32 by the parts of the customer's own day, from the last fit.

        In the space of `embeddings`. None where the events have no time of day.
        """
        ...


@runtime_checkable
class EmbeddingRecommender(Recommender, Protocol):
    """A model whose scores are inner products: `score == customers @ products.T`."""

    def embeddings(self) -> Embeddings:
        """The fitted vectors."""
        ...

    def fold_in(self) -> FoldIn | None:
        """How events become a customer vector; None if a vector is not a function of events."""
        ...


@runtime_checkable
class Composed(Recommender, Protocol):
    """A model made of others, some of which may have no vectors of their own."""

    @property
    def parts(self) -> Mapping[str, Recommender]:
        """Name -> model; export needs each to have vectors, a filter or parts."""
        ...

    def approximate_embeddings(self, dim: int) -> Embeddings:
        """Vectors whose inner products come close to the scores.

        Args:
            dim: columns kept of each part with a filter, which is factorised.
        """
        ...


@dataclass(frozen=True, kw_only=True, eq=False)
class StrandVectors:
    """Vectors of customers who have one for each of several strands of intent; R rows.

    A customer who has rows here is scored by the best of them, in place of his row in
    `Embeddings.customers`; the others keep that one.

    Attributes:
        customers: [R] row numbers, ascending.
        vectors: [R, d] float32, in the space of `Embeddings`.
        history: [R, P] float32 CSR, the weights that make up each vector, as `FoldIn.history`.
        degrees: [R] float32, what the events of each row count together.
    """

    customers: IntArray
    vectors: FloatArray
    history: csr_array
    degrees: FloatArray


@runtime_checkable
class HasStrands(Protocol):
    """A model whose customers may have several vectors, of which the best counts."""

    @property
    def strand_vectors(self) -> StrandVectors | None:
        """Those of the last fit; None where every customer has one vector."""
        ...


@runtime_checkable
class FilterRecommender(Recommender, Protocol):
    """A model that applies a filter to a customer's history: `score == history @ filter + bias`.

    The class declares `history` and `bias`, as properties or as annotations in its body
    (`history: csr_array`), so that export can check them before the fit that sets them.
    """

    @property
    def history(self) -> csr_array:
        """Weights [C, P] float32 CSR of the customers' events."""
        ...

    @property
    def bias(self) -> FloatArray:
        """Scores [P] float32 that are added for every customer, and rank alone without history."""
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
    """Raises `InputError` unless low <= value <= high, or low < value <= high with `open_low`."""
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
