"""Parts of a package that somebody has not finished, named in settings by their class."""

from typing import Any, Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.models.recommends import Recommends


class OnlyScores(Recommends):
    """Complete; cannot be exported."""

    def fit(self, data: Dataset, validate: Any = None) -> Self:
        self.width = len(data.products)
        return self.remember(data)

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        return np.tile(np.arange(self.width, dtype=np.float32), (len(customers), 1))


class WithoutFit:
    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        raise NotImplementedError


class WithoutScore(Recommends):
    def fit(self, data: Dataset, validate: Any = None) -> Self:
        raise AssertionError("it was fitted")


class FitWithoutValidate(OnlyScores):
    def fit(self, data: Dataset) -> Self:  # type: ignore[override]
        raise AssertionError("it was fitted")


class WithTextDevice(OnlyScores):
    """Keeps the text of its setting, where the models of recsys keep a `Device`."""

    def __init__(self, *, device: str = "cpu") -> None:
        self.device = device


class WithoutFoldIn(OnlyScores):
    def embeddings(self) -> None:
        raise NotImplementedError


class WithoutBias(OnlyScores):
    """A filter that says nothing of its history and bias."""

    def apply_filter(self, products: FloatArray) -> FloatArray:
        raise NotImplementedError

    def apply_transposed_filter(self, products: FloatArray) -> FloatArray:
        raise NotImplementedError


class SourceWithoutVersion:
    name, cutoffs, filter_seen, targets = "bare", None, True, ("purchase",)

    def load(self) -> None:
        raise AssertionError("it was loaded")


class SourceWithoutLoad:
    name, version, cutoffs, filter_seen, targets = "bare", "1", None, True, ("purchase",)


class SplitWithoutFirstCutoff:
    def split(self, data: Dataset, source: Any = None) -> None:
        raise AssertionError("it has split")


NOT_A_CLASS = 3
