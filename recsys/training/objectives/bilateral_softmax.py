"""The objective with a softmax on both sides: over all products, and over those of a customer."""

from torch import Tensor

from recsys.training.losses import bilateral_softmax, unit
from recsys.training.objectives.base import Batch, require_temperature
from recsys.training.objectives.customers import Softmax
from recsys.training.shards import Table


class BilateralSoftmax(Softmax):
    """`Softmax` that trusts a customer's events unequally, `losses.bilateral_softmax`.

    Args:
        temperature: of the cosines with all products.
        positive_temperature: of the cosines with the customer's own products. The lower it is, the
            less those count that are unlike the others; where it is high, this is `Softmax`.
        popularity, norm: as for `Softmax`.
    """

    def __init__(
        self,
        *,
        temperature: float = 0.1,
        positive_temperature: float = 0.3,
        popularity: float = 0.5,
        norm: float = 0.0,
    ) -> None:
        super().__init__(temperature=temperature, popularity=popularity, norm=norm)
        require_temperature(positive_temperature, "positive_temperature")
        self.positive_temperature = positive_temperature
        self.settings = {**self.settings, "positive_temperature": positive_temperature}

    def _loss_of(self, customers: Table, products: Table, batch: Batch) -> Tensor:
        return bilateral_softmax(
            unit(customers[batch.customers]),
            unit(products),
            batch.rows,
            batch.products,
            temperature=self.temperature,
            positive_temperature=self.positive_temperature,
            bias=self.popularity * self._log_popularity,
        )
