"""Vectors kept in fewer bytes, and float32 again when they are loaded.

float16 halves customers and products on disk; int8, symmetric about 0 with a scale for each 32
columns of a row, takes 28 % of them. One scale a row would let the few large columns that choose a
touchpoint decide for all: of the simulated market's top ten by als it kept 95.1 %, this keeps 99.8.
Loading makes float32 of both, in memory of its own: they save disk and transfer, and
cost a process all four bytes a number, where float32 is mapped and shared between processes.
Whatever else an artifact holds is small, or is to explain and fold in exactly, and stays as it is.
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
    """The precision of this name. Raises `InputError` for another."""
    for precision in PRECISIONS:
        if text == precision:
            return precision
    raise InputError(f"precision: expected one of {', '.join(PRECISIONS)}, got '{text}'")


def packed(
    name: str, vectors: FloatArray, precision: Precision
) -> dict[str, FloatArray | IntArray]:
    """The arrays that keep vectors [n, d] float32 in a file.

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
                "say precision=float32 or int8"
            )
        return {name: vectors.astype(np.float16)}
    codes, scales = np.empty(vectors.shape, np.int8), []
    for block in _blocks(vectors.shape[1]):
        part = vectors[:, block]
        largest_of = np.maximum(part.max(axis=1), -part.min(axis=1))
        scale = (largest_of / _LARGEST_CODE).astype(np.float32)
        # Zeros, and numbers so small that a step of theirs is none.
        scale[scale == 0] = 1
        whole = np.rint(part / scale[:, None])
        codes[:, block] = whole.clip(-_LARGEST_CODE, _LARGEST_CODE)
        scales.append(scale)
    return {name: codes, _scales(name): np.column_stack(scales)}


def unpacked(name: str, arrays: Mapping[str, FloatArray | IntArray]) -> FloatArray:
    """[n, d] float32 of what `packed` made; the array itself where it is float32.

    Raises:
        LookupError: an array is missing.
        ValueError: scales do not fit.
    """
    kept: Any = arrays[name]
    if kept.dtype != np.int8:
        return np.asarray(kept, np.float32)
    found, scales = np.empty(kept.shape, np.float32), arrays[_scales(name)]
    blocks = _blocks(kept.shape[1])
    if scales.shape != (len(kept), len(blocks)):
        raise ValueError(f"{_scales(name)} does not fit {name}")
    for place, block in enumerate(blocks):
        np.multiply(kept[:, block], scales[:, [place]], out=found[:, block], dtype=np.float32)
    return found


def rounded(contents: Contents, precision: Precision) -> Contents:
    """The contents as they are after they were written and loaded. Raises as `packed`."""
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
