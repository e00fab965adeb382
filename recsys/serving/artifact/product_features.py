"""How features of a product become its vector: plain arrays, fitted once at export.

A linear map from attributes to vectors (Gantner et al., Learning Attribute-to-Feature Mappings for
Cold-Start Recommendations, 2010): the vector of a product is a row that all products share, plus a
row for each term that it has. So a new product has a vector without any training.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops.shown_text import shown
from recsys.serving.artifact import checks

Value: TypeAlias = str | float | bool | None
Coded: TypeAlias = tuple[list[int], list[float]]
"""The rows that make up a product's vector, ascending, and how much of each."""

_LARGEST = 1e18
_ARRAYS = ("means", "scales", "vectors", "factors", "fold_in_scale")


@dataclass(frozen=True, kw_only=True, eq=False)
class ProductFeatures:
    """F terms: a value of a text column, which a product has or not, or a column of numbers.

    Attributes:
        columns: [F] names; a column of numbers has one term, a column of texts one for each value.
        values: [F] the value of a text column, None for a number.
        means: [F] float32, what a missing number counts as; 0 for texts and for flags.
        scales: [F] float32 above 0: (number - mean) / scale counts; 1 for texts and for flags.
        vectors: [1 + F, d] float32: first the row of all products, then what each term adds.
        factors: [1 + F, m] float32, the same for `FoldInArrays.factors`; None without those.
        fold_in_scale: [1] float32, `FoldInArrays.scale` of a typical product, for products without
            events; None without it.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    columns: Sequence[str]
    values: Sequence[str | None]
    means: FloatArray
    scales: FloatArray
    vectors: FloatArray
    factors: FloatArray | None = None
    fold_in_scale: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.columns)

    def __post_init__(self) -> None:
        count = len(self)
        checks.texts("features.columns", self.columns, count)
        checks.texts("features.values", self.values, count)
        if None in self.columns or len({*zip(self.columns, self.values, strict=True)}) < count:
            raise InputError("contents.features: expected terms that have a column and differ")
        for name in ("means", "scales"):
            checks.vector(f"features.{name}", getattr(self, name), count)
        if count and not self.scales.min() > 0:
            raise InputError(
                f"contents.features.scales: expected numbers above 0, got {self.scales.min()}"
            )
        checks.matrix("features.vectors", self.vectors, 1 + count)
        if self.factors is not None:
            checks.matrix("features.factors", self.factors, 1 + count)
        if self.fold_in_scale is not None:
            checks.vector("features.fold_in_scale", self.fold_in_scale, 1)

    def require_fits(self, dim: int, width: int | None, has_scale: bool) -> None:
        """Raises `InputError` where it does not fit an artifact.

        Args:
            dim: d of its vectors.
            width: m of its fold-in factors, None without any.
            has_scale: whether `FoldInArrays.scale` is kept.
        """
        checks.width("features.vectors", self.vectors, dim)
        for name, expected in (("factors", width is not None), ("fold_in_scale", has_scale)):
            if (getattr(self, name) is not None) != expected:
                raise InputError(f"contents.features.{name}: goes together with contents.fold_in")
        if self.factors is not None and width is not None:
            checks.width("features.factors", self.factors, width, "fold_in.factors")

    @cached_property
    def terms(self) -> Mapping[str, Mapping[str | None, int]]:
        """Column -> value -> position of the term; a column of numbers has only the value None."""
        terms: dict[str, dict[str | None, int]] = {}
        for position, (column, value) in enumerate(zip(self.columns, self.values, strict=True)):
            terms.setdefault(column, {})[value] = position
        return terms

    def coded(self, features: Mapping[str, Value]) -> Coded:
        """The rows and amounts of one product.

        A missing value, and a text that no product of the training had, add nothing.

        Raises:
            InputError: a column is unknown, or a value is not what its column holds.
        """
        amounts = {0: 1.0}
        for column, value in features.items():
            if column not in self.terms:
                raise InputError(f"no feature '{column}'; the artifact has {', '.join(self.terms)}")
            terms = self.terms[column]
            if value is None or value != value:
                continue
            if None in terms:
                position = terms[None]
                amounts[1 + position] = self._standardised(position, column, value)
            elif not isinstance(value, str):
                raise InputError(f"feature '{column}': expected a text, got {shown(value)}")
            elif value in terms:
                amounts[1 + terms[value]] = 1.0
        return sorted(amounts), [amounts[row] for row in sorted(amounts)]

    def vectors_of(self, products: Sequence[Coded]) -> FloatArray:
        """[n, d] float32 vectors of products."""
        return _summed(self.vectors, products)

    def factors_of(self, products: Sequence[Coded]) -> FloatArray | None:
        """[n, m] float32 rows of `FoldInArrays.factors` for n products; None without factors."""
        return None if self.factors is None else _summed(self.factors, products)

    def arrays(self) -> dict[str, FloatArray | IntArray]:
        """The arrays kept with the vectors; the terms are kept with the ids."""
        arrays = {name: getattr(self, name) for name in _ARRAYS}
        return {f"feature_{name}": values for name, values in arrays.items() if values is not None}

    def _standardised(self, position: int, column: str, value: Value) -> float:
        is_number = isinstance(value, int | float | np.number | np.bool_)
        # Larger numbers overflow in float32; comparisons with NaN are False.
        if not is_number or not abs(value) <= _LARGEST:  # type: ignore[arg-type]
            raise InputError(f"feature '{column}': expected a number, got {shown(value)}")
        amount = (float(value) - float(self.means[position])) / float(self.scales[position])  # type: ignore[arg-type]
        if abs(amount) > _LARGEST:
            raise InputError(
                f"feature '{column}': {shown(value)} is {abs(amount):.3g} times as far from the "
                "mean as is usual; is it in another unit?"
            )
        return amount


def restored(
    arrays: Mapping[str, Any], columns: Sequence[str], values: Sequence[str | None]
) -> ProductFeatures:
    """The features of `ProductFeatures.arrays`. Raises `LookupError` where an array is missing."""
    parts: dict[str, Any] = {name: arrays[f"feature_{name}"] for name in _ARRAYS[:3]}
    parts |= {name: arrays.get(f"feature_{name}") for name in _ARRAYS[3:]}
    return ProductFeatures(columns=columns, values=values, **parts)


def _summed(table: FloatArray, products: Sequence[Coded]) -> FloatArray:
    if not products:
        return np.zeros((0, table.shape[1]), np.float32)
    # Each product has at least the shared row, so no range is empty.
    starts = np.cumsum([0, *(len(rows) for rows, _ in products[:-1])])
    rows = np.array([row for rows, _ in products for row in rows])
    amounts = np.array([amount for _, amounts in products for amount in amounts])
    sums: FloatArray = np.add.reduceat(amounts[:, None] * table[rows], starts, axis=0)
    return sums.astype(np.float32)
