"""A fitted model as an artifact in memory, for `recommend` of a model."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.contents import contents_of, vectors_of
from recsys.exporting.exportable import is_exportable
from recsys.exporting.library import DIM, facts_of, fitted_data
from recsys.models.base import Embeddings, Recommender
from recsys.models.popularity import fallback
from recsys.serving.query.artifact import Artifact
from recsys.serving.query.offers import Recommendation
from recsys.serving.query.query import Id

COLUMNS = (
    "customer_id", "rank", "product_id", "name", "category", "touchpoint", "score", "reasons",
    "known", "basis",
)  # fmt: skip
"""Columns of the table that `recommend_table` returns."""

_AT_ONCE = 256
"""Customers that a model without vectors scores in one call."""


def in_memory(model: Recommender) -> "Artifact | ByScores":
    """The artifact of a fitted model, or its exact scores under the same rules.

    A model that cannot be exported, because it has only scores, gets the latter.

    Raises:
        InputError: the model is not fitted.
    """
    data = fitted_data(model)
    if is_exportable(model):
        vectors, fold_in = vectors_of(model, DIM)
        contents = contents_of(model, vectors, fold_in, data, facts_of(model, data))
        return Artifact.of(contents)
    customers, products = len(data.customers), len(data.products)
    blank = Embeddings(
        customers=np.ones((customers, 1), np.float32),
        products=np.zeros((products, 1), np.float32),
        default_customer=np.ones(1, np.float32),
    )
    contents = contents_of(model, blank, None, data, facts_of(model, data))
    return ByScores(model=model, data=data, artifact=Artifact.of(contents))


def recommend_table(
    artifact: "Artifact | ByScores", customers: Any, **arguments: Any
) -> pd.DataFrame:
    """Offers for several customers: one row for each offer, with the columns `COLUMNS`.

    Args:
        artifact: recommends.
        customers: [n] ids: a list, tuple, array, Series or Index.
        arguments: as for `Artifact.recommend`.

    Raises:
        InputError: `customers` is not such a sequence, or as for `Artifact.recommend`.
    """
    ids = _listed(customers)
    if isinstance(artifact, ByScores):
        answers = artifact.recommend_each(ids, **arguments)
    else:
        answers = [artifact.recommend(customer_id, **arguments) for customer_id in ids]
    table = pd.DataFrame([row for answer in answers for row in _rows(answer)], columns=COLUMNS)
    table.attrs["short_because"] = {
        str(answer.customer_id): answer.short_because
        for answer in answers
        if answer.short_because is not None
    }
    return table


def with_vectors(artifact: "Artifact | ByScores") -> Artifact:
    """The artifact, where its model has vectors.

    Raises:
        InputError: the model has only scores.
    """
    if isinstance(artifact, ByScores):
        raise InputError(
            f"{type(artifact.model).__name__} has only scores, and customers are compared by their "
            "vectors; take a model that can be exported, such as ALS"
        )
    return artifact


def similar_table(artifact: "Artifact | ByScores", customers: Any, k: int) -> pd.DataFrame:
    """Similar customers of several: customer_id, rank, similar_id, similarity.

    Args:
        artifact: compares.
        customers: [n] ids, as for `recommend_table`.
        k: how many similar ones each.

    Raises:
        InputError: as for `recommend_table` and `Artifact.similar_customers`, or the model has only
            scores.
    """
    ids = _listed(customers)
    known = with_vectors(artifact)
    best = known.similar_customers_many(ids, k)
    every = known.contents.customers.ids
    return pd.DataFrame(
        {
            "customer_id": np.repeat(np.array(ids, dtype=object), k),
            "rank": np.tile(np.arange(1, k + 1), len(ids)),
            "similar_id": [_plain(every[int(row)]) for row in best.columns.ravel()],
            "similarity": best.scores.ravel(),
        }
    ).infer_objects()


def _listed(customers: Any) -> list[Any]:
    if not isinstance(customers, list | tuple | np.ndarray | pd.Series | pd.Index):
        raise InputError(
            f"customers: expected an id or a list of ids, got {type(customers).__name__}"
        )
    return [_plain(customer) for customer in customers]


@dataclass(frozen=True, kw_only=True, eq=False)
class ByScores:
    """Recommends by the exact scores of a model that has no vectors, under an artifact's rules.

    Vectors of products have one column that ranks them, and customers have 1 there. The scores of
    the customer of a query are put into that column; the other columns rank touchpoints.
    """

    model: Recommender
    data: Dataset
    artifact: Artifact

    def recommend(self, customer_id: Id, **arguments: Any) -> Recommendation:
        """As for `Artifact.recommend`."""
        return self.recommend_each([customer_id], **arguments)[0]

    def recommend_each(
        self, customer_ids: Sequence[Id], touchpoint: str | None = None, **arguments: Any
    ) -> list[Recommendation]:
        """What `recommend` returns for each customer; the model scores many of them at once."""
        names = list(self.artifact.contents.touchpoints.names)
        row = names.index(touchpoint) if touchpoint in names else None
        answers: list[Recommendation] = []
        for start in range(0, len(customer_ids), _AT_ONCE):
            ids = customer_ids[start : start + _AT_ONCE]
            for customer_id, scores in zip(ids, self._scores(ids, row), strict=True):
                scored = self._ranked_by(scores, at_touchpoint=row is not None)
                answers.append(scored.recommend(customer_id, touchpoint=touchpoint, **arguments))
        return answers

    def _ranked_by(self, scores: FloatArray, at_touchpoint: bool) -> Artifact:
        """The artifact with scores [P] of a customer; some are those at a touchpoint already."""
        contents = self.artifact.contents
        vectors = contents.products.vectors.copy()
        vectors[:, 0] = scores
        if at_touchpoint:
            vectors[:, 1:] = 0
        table = replace(contents.products, vectors=vectors)
        return replace(self.artifact, contents=replace(contents, products=table))

    def _scores(self, customer_ids: Sequence[Id], touchpoint: int | None) -> FloatArray:
        """[n, P] scores, of unknown customers by popularity."""
        rows = self.artifact.customers.first_rows(customer_ids)
        known = rows >= 0
        scores = np.tile(fallback(self.data), (len(known), 1))
        if known.any():
            at = None if touchpoint is None else np.full(known.sum(), touchpoint)
            scores[known] = self.model.score(rows[known], at)
        return scores


def _rows(answer: Recommendation) -> list[Mapping[str, Any]]:
    return [
        {
            "customer_id": answer.customer_id,
            "rank": rank,
            "product_id": offer.product_id,
            "name": offer.name,
            "category": offer.category,
            "touchpoint": offer.touchpoint,
            "score": offer.score,
            "reasons": "; ".join(map(str, offer.reasons)),
            "known": answer.known,
            "basis": answer.basis,
        }
        for rank, offer in enumerate(answer.offers, start=1)
    ]


def _plain(customer: Any) -> Any:
    return customer.item() if isinstance(customer, np.generic) else customer
