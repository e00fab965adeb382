"""Vectors stored in fewer bytes, and converted to float32 when they are loaded.

float16 halves customers and products on disk. int8, symmetric about 0 with a scale for each 32
columns of a row, takes 28 % of float32. With one scale a row, the few large columns that choose a
touchpoint would set the scale for all: of the simulated market's top ten by als it kept 95.1 %,
this keeps 99.8 %.

Both save disk and transfer, not memory: a loaded float32 file is mapped and shared between
processes, while converted vectors take four bytes a number in each process. All other arrays are
small, or needed exactly for reasons and fold-in, and stay as they are.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal, TypeAlias

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.serving.artifact.contents import Contents

Precision: TypeAlias = Literal["float32", "float16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("float32", "float16", "int8")
PACKED = ("customers", "products")
"""Tables whose vectors are kept in fewer bytes, and the arrays' names on disk."""
_LARGEST_CODE, _BLOCK = 127, 32


def precision_of(text: str) -> Precision:
    """Checks the name of a precision. Raises `InputError` for another name."""
    for precision in PRECISIONS:
        if text == precision:
            return precision
    raise InputError(f"precision: expected one of {', '.join(PRECISIONS)}, got '{text}'")


def packed(
    name: str, vectors: FloatArray, precision: Precision
) -> dict[str, FloatArray | IntArray]:
    """Vectors [n, d] float32 as the arrays of a file.

    Args:
        name: of the array; int8 adds an array of scales, `{name}_scales`.
        vectors: [n, d] float32.
        precision: of the file.

    Raises:
        InputError: a number is too large for float16.
    """
    if precision == "float32":
        return {name: vectors}
    if precision == "float16":
        largest = float(max(vectors.max(), -vectors.min()))
        if largest > float(np.finfo(np.float16).max):
            raise InputError(
                f"contents.{name}.vectors: float16 holds numbers up to 65,504, got {largest:,.0f}; "
                "set precision=float32 or int8"
            )
        return {name: vectors.astype(np.float16)}
    codes, scales = np.empty(vectors.shape, np.int8), []
    for block in _blocks(vectors.shape[1]):
        part = vectors[:, block]
        largest_of = np.maximum(part.max(axis=1), -part.min(axis=1))
        scale = (largest_of / _LARGEST_CODE).astype(np.float32)
        # All are zero, or so small that the scale is.
        scale[scale == 0] = 1
        rounded_part = np.rint(part / scale[:, None])
        codes[:, block] = rounded_part.clip(-_LARGEST_CODE, _LARGEST_CODE)
        scales.append(scale)
    return {name: codes, _scales(name): np.column_stack(scales)}


def unpacked(name: str, arrays: Mapping[str, FloatArray | IntArray]) -> FloatArray:
    """Vectors [n, d] float32 from the arrays of `packed`; not copied where they are float32.

    Raises:
        LookupError: an array is missing.
        ValueError: the scales do not fit the vectors.
    """
    stored: Any = arrays[name]
    if stored.dtype != np.int8:
        return np.asarray(stored, np.float32)
    vectors, scales = np.empty(stored.shape, np.float32), arrays[_scales(name)]
    blocks = _blocks(stored.shape[1])
    if scales.shape != (len(stored), len(blocks)):
        raise ValueError(f"{_scales(name)} does not fit {name}")
    for number, block in enumerate(blocks):
        np.multiply(stored[:, block], scales[:, [number]], out=vectors[:, block], dtype=np.float32)
    return vectors


def rounded(contents: Contents, precision: Precision) -> Contents:
    """The contents as they would be after writing and loading. Raises as `packed`."""
    if precision == "float32":
        return contents
    vectors = {
        name: unpacked(name, packed(name, getattr(contents, name).vectors, precision))
        for name in PACKED
    }
    return replace(
        contents,
        customers=replace(contents.customers, vectors=vectors["customers"]),
        products=replace(contents.products, vectors=vectors["products"]),
    )


def _blocks(width: int) -> list[slice]:
    return [slice(first, first + _BLOCK) for first in range(0, width, _BLOCK)]


def _scales(name: str) -> str:
    return f"{name}_scales"
