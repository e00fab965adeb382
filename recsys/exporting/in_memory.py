"""A fitted model as an artifact in memory, which is what `recommend` of a model asks."""

from collections.abc import Mapping
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
"""Of the table that `recommend_table` returns."""


def in_memory(model: Recommender) -> "Artifact | ByScores":
    """The artifact of a fitted model, or, of one that has only scores, what answers by them.

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
    """One row an offer for each of several customers, with the columns `COLUMNS`.

    Args:
        artifact: that answers.
        customers: [n] ids, or any sequence of them.
        arguments: as of `Artifact.recommend`.

    Raises:
        InputError: `customers` is not a sequence, or as `Artifact.recommend`.
    """
    if not isinstance(customers, list | tuple | np.ndarray | pd.Series | pd.Index):
        raise InputError(
            f"customers: expected an id or a list of ids, got {type(customers).__name__}"
        )
    answers = [artifact.recommend(_plain(customer), **arguments) for customer in customers]
    table = pd.DataFrame([row for answer in answers for row in _rows(answer)], columns=COLUMNS)
    table.attrs["short_because"] = {
        str(answer.customer_id): answer.short_because
        for answer in answers
        if answer.short_because is not None
    }
    return table


@dataclass(frozen=True, kw_only=True, eq=False)
class ByScores:
    """The rules of an artifact over the exact scores of a model that has no vectors.

    Products have one column that ranks them, and customers 1 there. The scores of whoever is asked
    about are put into that column; the others say which touchpoint suits.
    """

    model: Recommender
    data: Dataset
    artifact: Artifact

    def recommend(self, customer_id: Id, **arguments: Any) -> Recommendation:
        """As of `Artifact.recommend`."""
        contents, touchpoint = self.artifact.contents, arguments.get("touchpoint")
        names = list(contents.touchpoints.names)
        row = names.index(touchpoint) if touchpoint in names else None
        products = contents.products.vectors.copy()
        products[:, 0] = self._scores(customer_id, row)
        if row is not None:
            # The scores are those at this touchpoint already.
            products[:, 1:] = 0
        table = replace(contents.products, vectors=products)
        asked = replace(self.artifact, contents=replace(contents, products=table))
        return asked.recommend(customer_id, **arguments)

    def _scores(self, customer_id: Id, touchpoint: int | None) -> FloatArray:
        starts, ends = self.artifact.customers.find([customer_id])
        if starts[0] == ends[0]:
            return fallback(self.data)
        customers = self.artifact.customers.rows[starts[0] : ends[0]].astype(np.int64)
        if touchpoint is None:
            return np.asarray(self.model.score(customers)[0])
        return np.asarray(self.model.score(customers, np.array([touchpoint]))[0])


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
