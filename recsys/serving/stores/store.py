"""The interface of all stores."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from recsys.serving.artifact.times import Moment
from recsys.serving.query.artifact import Artifact


@dataclass(frozen=True, kw_only=True)
class StoredOffer:
    """A product put to a customer at a touchpoint.

    Attributes:
        product_id: the product.
        score: higher is better; equal to the artifact's up to rounding.
        touchpoint: where to make the offer; None where the artifact does not know.
    """

    product_id: str | int
    score: float
    touchpoint: str | None


class Store(Protocol):
    """A folder or database that keeps an artifact and gives the same offers."""

    def put(self, artifact: Artifact) -> None:
        """Replaces what the store keeps, in one step: after a crash it is as before.

        Raises:
            InputError: the store cannot be reached or written.
        """
        ...

    def recommend(
        self,
        customer_id: str | int | UUID,
        k: int = 10,
        touchpoint: str | None = None,
        at: Moment | None = None,
        exclude: Sequence[str | int | UUID] = (),
    ) -> Sequence[StoredOffer]:
        """The k best offers, best first, by the scores and rules of `Artifact.recommend`.

        Unknown customers are refused, because the answer cannot show that it is by popularity.

        Args:
            customer_id: as in the tables; a number may be given as text.
            k: how many offers, at least 1.
            touchpoint: name of the only touchpoint to use; None for the best one of each product.
            at: as for `Artifact.recommend`; None for now.
            exclude: product ids to leave out.

        Raises:
            InputError: the store is empty, or the customer, the touchpoint or a product to exclude
                is unknown.
        """
        ...
