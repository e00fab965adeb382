from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from recsys.errors import InputError
from recsys.models.als import ALS
from recsys.models.spark_als import SparkALS
from recsys.testing import EmbeddingContract, PersonalisedContract
from recsys.testing.data import close, market

pytestmark = pytest.mark.spark

SMALL = {"dim": 6, "epochs": 3}


class TestSparkALS(PersonalisedContract, EmbeddingContract):
    @pytest.fixture(autouse=True)
    def settings(self, spark_settings: Mapping[str, Any]) -> None:
        self.spark = spark_settings

    def make(self, **change: Any) -> SparkALS:
        return SparkALS(**{**SMALL, "blocks": 2, "spark": self.spark, **change})


def test_vectors_are_those_of_als(spark_settings: Mapping[str, Any]) -> None:
    data = market()
    here = ALS(dim=8, epochs=12, l2=3.0, solver="conjugate_gradient", device="cpu").fit(data)
    there = SparkALS(dim=8, epochs=12, l2=3.0, blocks=3, spark=spark_settings).fit(data)
    close(there.customer_vectors, here.customer_vectors, 1e-3)
    close(there.product_vectors, here.product_vectors, 1e-3)
    assert here.fold_in() is not None
    assert there.fold_in() is not None


def test_blocks_change_nothing_but_rounding(spark_settings: Mapping[str, Any]) -> None:
    data = market()
    one, five = (
        SparkALS(**SMALL, blocks=blocks, spark=spark_settings).fit(data) for blocks in (1, 5)
    )
    close(one.product_vectors, five.product_vectors, 1e-3)


def test_many_epochs_end_without_a_checkpoint_folder(spark_settings: Mapping[str, Any]) -> None:
    model = SparkALS(dim=2, epochs=60, blocks=1, spark=spark_settings).fit(market())
    assert np.isfinite(model.product_vectors).all()


def test_the_curve_is_validated_as_for_als(spark_settings: Mapping[str, Any]) -> None:
    epochs: list[int] = []

    class Curve:
        def __call__(self, score: Any) -> float:
            raise AssertionError("the curve alone is recorded")

        def after(self, epoch: int, score: Any) -> float:
            assert np.isfinite(score(np.array([0, 3]))).all()
            epochs.append(epoch)
            return 0.0

    SparkALS(dim=2, epochs=5, blocks=2, spark=spark_settings).fit(market(), Curve())
    assert epochs == [1, 2, 4]


def test_a_singular_problem_is_one_line(spark_settings: Mapping[str, Any]) -> None:
    model = SparkALS(dim=40, epochs=1, l2=0, blocks=2, spark=spark_settings)
    with pytest.raises(InputError, match="too small to solve") as error:
        model.fit(market())
    assert error.value.key == "model.l2"
