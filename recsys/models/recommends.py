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
    """Gives a model `recommend`; its `fit` ends with `return self.remember(data)`.

    Attributes:
        fitted_data: what the model was last fitted on; None before the first fit.
    """

    fitted_data: Dataset | None = None
    _in_memory: Any = None

    def remember(self, data: Dataset) -> Self:
        """Keeps the data of a fit that has just ended, whose ids and rules `recommend` needs."""
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
        """The k best offers, as the artifact that `recsys.exporting` would write gives them.

        The artifact is built in memory at the first call after a fit. Names, touchpoints, reasons,
        consent, calendar and products already had are as of `recsys.serving.Artifact.recommend`.
        A model whose scores are no inner products is ranked by its exact scores, without reasons.

        Args:
            customers: the id of one customer, or a list, array or Series of ids.
            k: how many offers, at least 1.
            touchpoint: name of the only touchpoint in question, or None for the best of each.
            at: when the offer is made: a datetime, UTC seconds, a text such as "2026-01-31",
                "as_of" for the end of the data; None, the default, is now. Products that are not
                on offer then are left out.
            exclude: product ids to leave out.
            explain: how many reasons an offer, 0 for none.
            allow: the only product ids in question; None for all.
            strict: whether an unknown customer is refused; otherwise they get what is popular.

        Returns:
            For one id a `recsys.serving.Recommendation`. For several a DataFrame with one row an
            offer: customer_id, rank, product_id, name, category, touchpoint, score, reasons
            (texts), known, basis. A customer with no offer has no row; `attrs["short_because"]`
            says for each customer with fewer than k offers why.

        Raises:
            InputError: the model is not fitted, or an argument cannot be used.
        """
        # `export` stands above the models, and imports them: by name, when it is needed.
        library = import_module("recsys.exporting.in_memory")
        if self._in_memory is None:
            self._in_memory = library.in_memory(self)
        arguments = {
            "k": k, "touchpoint": touchpoint, "at": at, "exclude": exclude, "explain": explain,
            "allow": allow, "strict": strict,
        }  # fmt: skip
        if isinstance(customers, str | int | np.integer | UUID):
            return self._in_memory.recommend(customers, **arguments)
        return library.recommend_table(self._in_memory, customers, **arguments)
