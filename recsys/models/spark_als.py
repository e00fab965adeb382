"""Implicit alternating least squares in Spark: the model of `recsys.models.als`, on a cluster.

The same minimum from the same start by the same steps (Hu, Koren and Volinsky, 2008; Takacs et al.,
2011) as `als` with `solver="conjugate_gradient"`: vectors differ by rounding. With its default
solver `als` needs fewer epochs to the same quality. See `recsys.training.spark_alternating` for
what runs where, and for why it is not pyspark.ml's.

Deviation from that `als`: none but the place. The confidences are made on the driver, and the
vectors of customers and products come back to it.
"""

from collections.abc import Mapping
from typing import Any

from scipy.sparse import csr_array

from recsys.models.als import ALS, Validated, Vectors
from recsys.models.base import require_range
from recsys.models.device import Device
from recsys.ops.spark_session import SparkSettings, open_session


class SparkALS(ALS):
    """Implicit ALS by blocks of customers in Spark.

    Args:
        dim: length of the vectors.
        epochs: number of alternations.
        alpha: how much more an observed pair counts than an unobserved pair, on average.
        l2: weight of the squared norms; the same value as for `als`.
        customer_exponent: degree exponent of customers.
        product_exponent: degree exponent of products.
        half_life: days (positions of an order) after which an event counts half; None for never.
        actions: weight of each action; None for the default of `recsys.graph.action_weights`.
        seed: of the initial vectors.
        blocks: number of parts of the customers; None for as many as Spark runs at once.
        spark: `master` and `conf` of Spark, see `recsys.ops.spark_session.SparkSettings`.

    Raises:
        InputError: an argument is out of range.
    """

    def __init__(
        self,
        *,
        dim: int = 64,
        epochs: int = 15,
        alpha: float = 10.0,
        l2: float = 1.0,
        customer_exponent: float = 0.5,
        product_exponent: float = 0.5,
        half_life: float | None = None,
        actions: Mapping[str, float] | None = None,
        seed: int = 0,
        blocks: int | None = None,
        spark: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(
            dim=dim, epochs=epochs, alpha=alpha, l2=l2, customer_exponent=customer_exponent,
            product_exponent=product_exponent, half_life=half_life, actions=actions, seed=seed,
            device="cpu",
        )  # fmt: skip
        self.solver = "conjugate_gradient"
        if blocks is not None:
            require_range("blocks", blocks, 1)
        self.blocks, self.spark = blocks, SparkSettings.of(spark)
        self.device = Device(
            "cpu", f"Spark has none other; its master is {self.spark.shown_master}"
        )

    def solve(self, confidence: csr_array, validated: Validated | None) -> Vectors:
        """Vectors of customers [C, dim] and products [P, dim] for confidences [C, P].

        Raises:
            InputError: there is no Spark.
        """
        # Imported late: it loads PyTorch.
        from recsys.training.spark_alternating import alternate_in_spark

        return alternate_in_spark(
            open_session(self.spark), confidence, dim=self.dim, epochs=self.epochs, l2=self.l2,
            seed=self.seed, blocks=self.blocks, after=validated, is_due=self.is_due,
        )  # fmt: skip
