"""What every store can do."""

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
        score: higher is better, as the artifact's up to rounding.
        touchpoint: where to make the offer; None where the artifact does not know.
    """

    product_id: str | int
    score: float
    touchpoint: str | None


class Store(Protocol):
    """A place that takes an artifact whole and answers as the artifact does."""

    def put(self, artifact: Artifact) -> None:
        """Replaces what is kept, in one step: a crash leaves what was there.

        Raises:
            InputError: the place cannot be reached or written.
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

        Without `at` they are valid now, at the moment of the question. Unknown customers are
        refused: the answer has no room to say that it is popularity.

        Raises:
            InputError: nothing is kept, or the customer, the touchpoint or a product to exclude is
                unknown.
        """
        ...
