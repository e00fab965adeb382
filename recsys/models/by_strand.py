"""`ByStrand`: a vector for each open strand of a customer, of which the best counts.

The vectors are those of another model whose vectors are made from events, such as ALS. It is fitted
as ever. Of a customer with open strands (`recsys.journeys.purposes`) every open strand s then
becomes a row, folded in from all his events, where an event counts

    (floor + r(its own strand) + boost [it is of s] r(s)) times what it counts in the model

and r is the probability that a strand goes on after the silence so far. Events of strands that have
ended count `floor`; those of the strand of the row count most. A product's score is the greatest
over the rows. Customers without an open strand keep their vector.
"""

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.graph.bipartite import interaction_matrix
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.strands import Strands
from recsys.models.base import (
    EmbeddingRecommender,
    Embeddings,
    EventWeights,
    FoldIn,
    StrandVectors,
    Validate,
    WeighsEvents,
    require_range,
)
from recsys.models.fresh_history import vectors_of_history, weights_of
from recsys.models.recommends import Recommends
from recsys.models.strand_rows import data_by_row, open_strands
from recsys.ops.csr import expand_ranges


class _Setting(NamedTuple):
    floor: float
    boost: float


_OFF = _Setting(1.0, 0.0)
_CANDIDATES = (_Setting(0.1, 0.0), _Setting(0.1, 1.0), _Setting(0.3, 1.0), _Setting(0.1, 3.0))
_BATCH = 512


class ByStrand(Recommends):
    """Scores by the best of several vectors of a customer, one an open strand.

    With `floor` and `boost` left open, `fit` with `validate` chooses among four pairs and no
    strands at all, in which case it is the other model.

    Args:
        base: a model whose vectors are made from events, which says how events count.
        column: of products that has the purposes; None finds them in the graph.
        floor: what an event of a strand that has ended counts; None to choose.
        boost: by how much an event counts more in the row of its strand; None to choose.
        open_from: least probability of going on for a strand to count as open.
        most: rows of a customer; the strands that most probably go on.
        seed: of the purposes.

    Raises:
        InputError: an argument is out of range, or the base cannot be folded in.
    """

    def __init__(
        self,
        *,
        base: Any,
        column: str | None = columns.CATEGORY,
        floor: float | None = None,
        boost: float | None = None,
        open_from: float = 0.05,
        most: int = 4,
        seed: int = 0,
    ) -> None:
        if (floor is None) != (boost is None):
            raise InputError("model.floor and model.boost: expected both, or null for both")
        if floor is not None and boost is not None:
            require_range("floor", floor, 0, 100)
            require_range("boost", boost, 0, 100)
        require_range("open_from", open_from, 0, 1, open_low=True)
        require_range("most", most, 1, 100)
        if not isinstance(base, EmbeddingRecommender) or not isinstance(base, WeighsEvents):
            raise InputError(
                f"model.base: expected a model whose vectors are made from events, such as als, "
                f"got {type(base).__name__}"
            )
        self.base: EmbeddingRecommender = base
        self._weighs: WeighsEvents = base
        self._given = None if floor is None or boost is None else _Setting(floor, boost)
        self.setting = self._given or _Setting(0.1, 1.0)
        self.purposes = PurposeModel(column=column, seed=seed)
        self.open_from, self.most = open_from, most
        self._strands: StrandVectors | None = None

    @property
    def chosen(self) -> Mapping[str, Any]:
        """`floor` and `boost` in use, given or chosen on valid; 1 and 0 for no strands."""
        return {"floor": self.setting.floor, "boost": self.setting.boost}

    @property
    def columns_used(self) -> Mapping[str, Mapping[str, str]]:
        """The column of products that has the purposes."""
        column = self.purposes.tree.column
        return (
            {}
            if column is None
            else {"products": {column: f"{len(self.purposes.tree.names)} values"}}
        )

    @property
    def event_weights(self) -> EventWeights:
        """How the events in the history of the base count."""
        return self._weighs.event_weights

    @property
    def strand_vectors(self) -> StrandVectors | None:
        """Vectors of the open strands; None where strands are off or none is open."""
        return self._strands

    def fit(self, data: Dataset, validate: Validate | None = None) -> Self:
        """Fits the base and the purposes, and chooses how strands count by `validate`.

        Raises:
            InputError: the base has no rule for folding in, or the data have no purposes.
        """
        self.base.fit(data, validate)
        rule = self.base.fold_in()
        if rule is None:
            raise InputError(
                f"model.base: {type(self.base).__name__} makes no vectors from events, so a strand "
                "has none; take als"
            )
        # Kept, because the embeddings of a base may be a copy at each call.
        self._products = self.base.embeddings().products
        strands = self.purposes.fit(data).assign(data)
        if validate is None or self._given is not None:
            self._strands = self._vectors(self.setting, data, strands, rule)
        else:
            self._choose(data, strands, rule, validate)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Scores [Q, P] float32 of customers [Q]: the greatest over a customer's vectors."""
        scores = self.base.score(customers, touchpoints)
        if self._strands is None:
            return scores
        products = self._products.T
        for start in range(0, len(customers), _BATCH):
            rows = slice(start, start + _BATCH)
            self._raise_to_strands(scores[rows], customers[rows], products)
        return scores

    def embeddings(self) -> Embeddings:
        """The vectors of the base; `strand_vectors` has those of customers with open strands."""
        return self.base.embeddings()

    def fold_in(self) -> FoldIn | None:
        """How events become a vector: that of the base."""
        return self.base.fold_in()

    def _choose(self, data: Dataset, strands: Strands, rule: FoldIn, validate: Validate) -> None:
        """Sets the setting, and the vectors, that are best on valid."""
        best: tuple[_Setting, StrandVectors | None] = (_OFF, None)
        highest = -np.inf
        for setting in (_OFF, *_CANDIDATES):
            self._strands = self._vectors(setting, data, strands, rule)
            quality = validate(self.score)
            if quality > highest:
                best, highest = (setting, self._strands), quality
        self.setting, self._strands = best

    def _vectors(
        self, setting: _Setting, data: Dataset, strands: Strands, rule: FoldIn
    ) -> StrandVectors | None:
        if setting == _OFF:
            return None
        goes_on = self.purposes.renewal.comes_back(strands.last_depth, strands.silence)
        rows = open_strands(strands, goes_on, self.open_from, self.most)
        if not len(rows):
            return None
        counts = interaction_matrix(
            data_by_row(data, strands, rows, goes_on, *setting),
            actions=self.event_weights.actions,
            half_life=self.event_weights.half_life,
        )
        counted = np.flatnonzero(np.diff(counts.indptr))
        if not len(counted):
            return None
        rows, counts = rows[counted], counts[counted]
        owners = strands.customer[rows]
        rest = self.base.embeddings().customers[owners, rule.products.shape[1] :]
        made = vectors_of_history(rule, counts)
        return StrandVectors(
            customers=owners,
            vectors=np.hstack([made, rest]).astype(np.float32),
            history=weights_of(rule, counts),
            degrees=counts.sum(axis=1, dtype=np.float64).astype(np.float32),
        )

    def _raise_to_strands(
        self, scores: FloatArray, customers: IntArray, products: FloatArray
    ) -> None:
        """Sets scores [n, P] of customers [n] with strands to the greatest over these."""
        assert self._strands is not None
        first = np.searchsorted(self._strands.customers, customers)
        last = np.searchsorted(self._strands.customers, customers, side="right")
        has = np.flatnonzero(last > first)
        if len(has):
            query, rows = expand_ranges(first[has], last[has])
            found = self._strands.vectors[rows] @ products
            starts = np.flatnonzero(np.diff(query, prepend=-1))
            scores[has] = np.maximum.reduceat(found, starts, axis=0)
