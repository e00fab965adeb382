"""Recommending by a fitted model, without exporting it first."""

from importlib import import_module
from typing import Any, Self, TypeAlias, overload
from uuid import UUID

import numpy as np
import pandas as pd

from recsys.arrays import IdArray
from recsys.data.dataset import Dataset

Id: TypeAlias = str | int | UUID
Ids: TypeAlias = list[str] | list[int] | list[UUID] | IdArray | pd.Series


class Recommends:
    """Gives a model `recommend`.

    A model inherits from this class, and its `fit` ends with `return self.remember(data)`. Then
    `fit` and `score` are all that `recommend` needs:

        class MostRecent(Recommends):
            def fit(self, data, validate=None):
                self.latest = ...
                return self.remember(data)

            def score(self, customers, touchpoints=None):
                return np.tile(self.latest, (len(customers), 1))

        MostRecent().fit(data).recommend("C0000949", k=5)

    Attributes:
        fitted_data: the data of the last fit; None before the first.
    """

    fitted_data: Dataset | None = None
    _in_memory: Any = None

    def remember(self, data: Dataset) -> Self:
        """Keeps the data of a fit, whose ids, names and rules `recommend` needs.

        Args:
            data: the argument of `fit`.

        Returns:
            The model itself, as `fit` returns it.
        """
        self.fitted_data, self._in_memory = data, None
        return self

    @overload
    def recommend(
        self, customers: Id, k: int = 10, *, touchpoint: str | None = None, at: Any = None,
        exclude: Any = (), explain: int = 3, allow: Any = None, strict: bool = False,
    ) -> Any: ...  # fmt: skip

    @overload
    def recommend(
        self, customers: Ids, k: int = 10, *, touchpoint: str | None = None, at: Any = None,
        exclude: Any = (), explain: int = 3, allow: Any = None, strict: bool = False,
    ) -> pd.DataFrame: ...  # fmt: skip

    def recommend(
        self,
        customers: Id | Ids,
        k: int = 10,
        *,
        touchpoint: str | None = None,
        at: Any = None,
        exclude: Any = (),
        explain: int = 3,
        allow: Any = None,
        strict: bool = False,
    ) -> Any:
        """The k best offers of one or several customers.

        The offers are those of the artifact that `recsys.export` would write, with the same names,
        touchpoints, reasons and rules (consent, calendar, products already had). It is built in
        memory at the first call after a fit. A model that cannot be exported is ranked by its exact
        scores, without reasons.

        Args:
            customers: the id of one customer, or a list, array or Series of ids.
            k: number of offers, at least 1.
            touchpoint: name of the touchpoint to make the offers at; None for the best of each.
            at: when the offers are made: a datetime, UTC seconds, a text such as "2026-01-31", or
                "as_of" for the end of the data; None for now. Products that are not on offer then
                are left out.
            exclude: product ids to leave out.
            explain: number of reasons per offer, 0 for none.
            allow: product ids to choose from; None for all.
            strict: whether an unknown customer is an error; otherwise they get popular products.

        Returns:
            For one id a `recsys.serving.Recommendation`. For several a DataFrame with one row per
            offer: customer_id, rank, product_id, name, category, touchpoint, score, reasons (text),
            known, basis. A customer without offers has no row; `attrs["short_because"]` has for
            each customer with fewer than k offers the reason.

        Raises:
            InputError: the model is not fitted, or an argument is invalid.
        """
        library = self._library()
        arguments = {
            "k": k, "touchpoint": touchpoint, "at": at, "exclude": exclude, "explain": explain,
            "allow": allow, "strict": strict,
        }  # fmt: skip
        if isinstance(customers, str | int | np.integer | UUID):
            return self._in_memory.recommend(customers, **arguments)
        return library.recommend_table(self._in_memory, customers, **arguments)

    @overload
    def similar_customers(self, customers: Id, k: int = 10) -> Any: ...

    @overload
    def similar_customers(self, customers: Ids, k: int = 10) -> pd.DataFrame: ...

    def similar_customers(self, customers: Id | Ids, k: int = 10) -> Any:
        """The k customers whose taste in products is most like that of one or several.

        By the cosine of their vectors, as `recsys.serving.Artifact.similar_customers`.

        Args:
            customers: as for `recommend`.
            k: how many, at least 1.

        Returns:
            For one id a `recsys.serving.SimilarCustomers`. For several a DataFrame with one row
            per pair: customer_id, rank, similar_id, similarity.

        Raises:
            InputError: the model is not fitted or has no vectors, a customer is unknown or without
                events, or there are fewer than k others.
        """
        library = self._library()
        if isinstance(customers, str | int | np.integer | UUID):
            return library.with_vectors(self._in_memory).similar_customers(customers, k)
        return library.similar_table(self._in_memory, customers, k)

    def _library(self) -> Any:
        # A late import by name, because exporting imports the models.
        library = import_module("recsys.exporting.in_memory")
        if self._in_memory is None:
            self._in_memory = library.in_memory(self)
        return library
