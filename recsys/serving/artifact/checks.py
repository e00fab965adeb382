"""Checks of arrays in `Contents`: errors name the field, what was expected and what came."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.errors import InputError
from recsys.policy.compiled.checks import got
from recsys.policy.compiled.times import FIRST_SECOND, LAST_SECOND
from recsys.serving.artifact.text_ids import TextIds
from recsys.serving.artifact.times import Clock


def matrix(
    name: str, value: FloatArray, rows: int | None = None, columns: int | None = None
) -> None:
    """Requires finite float32 [rows, columns] with at least one entry; None allows any length."""
    expected = f"float32 [{rows or 'at least 1'}, {columns or 'at least 1'}]"
    fits = (
        isinstance(value, np.ndarray)
        and value.dtype == np.float32
        and value.ndim == 2
        and value.size > 0
        and rows in (None, value.shape[0])
        and columns in (None, value.shape[1])
    )
    if not fits:
        raise InputError(f"contents.{name}: expected {expected}, {got(value)}")
    _finite(name, value)


def width(name: str, value: FloatArray, columns: int, like: str = "products.vectors") -> None:
    """Requires a matrix with as many columns as another has; `matrix` checks the rest."""
    if value.shape[1] != columns:
        raise InputError(f"contents.{name}: expected {columns} columns as {like} has, {got(value)}")


def flags(name: str, value: BoolArray | None, shape: tuple[int, ...]) -> None:
    """Requires bool of this shape; None passes."""
    if value is not None and (value.dtype != np.bool_ or value.shape != shape):
        raise InputError(f"contents.{name}: expected bool {shape}, {got(value)}")


def times(name: str, values: IntArray, clock: Clock | None) -> None:
    """Requires UTC seconds [n] that a calendar can show, where the clock counts UTC seconds."""
    outside = (values < FIRST_SECOND) | (values > LAST_SECOND)
    if clock == "timestamp" and outside.any():
        raise InputError(
            f"contents.{name}: expected UTC seconds of the years 1 to 9999, "
            f"got {values[outside][0]}; are these milliseconds?"
        )


def vector(name: str, value: FloatArray, count: int) -> None:
    """Requires finite float32 [count]."""
    if value.dtype != np.float32 or value.shape != (count,):
        raise InputError(f"contents.{name}: expected float32 ({count},), {got(value)}")
    _finite(name, value)


def positive_definite(name: str, value: FloatArray) -> None:
    """Requires a symmetric matrix with which every least-squares problem has one solution."""
    try:
        np.linalg.cholesky(value.astype(np.float64))
        symmetric = np.allclose(value, value.T, rtol=1e-4, atol=1e-4 * float(np.abs(value).max()))
    except np.linalg.LinAlgError:
        symmetric = False
    if not symmetric:
        raise InputError(f"contents.{name}: expected a symmetric, positive definite matrix")


def integers(
    name: str, value: IntArray | None, count: int, low: int | None = None, high: int | None = None
) -> None:
    """Requires integers [count] with low <= value < high, where given; None passes."""
    if value is None:
        return
    is_integer = isinstance(value, np.ndarray) and np.issubdtype(value.dtype, np.integer)
    if not is_integer or value.shape != (count,):
        raise InputError(f"contents.{name}: expected integers ({count},), {got(value)}")
    if count and low is not None and high is not None and not (
        low <= value.min() and value.max() < high
    ):  # fmt: skip
        raise InputError(
            f"contents.{name}: expected {low} to {high - 1}, got {value.min()} to {value.max()}"
        )


def ids(name: str, value: IdArray | TextIds, count: int) -> None:
    """Requires [count] ids, all integers, all str or all `uuid.UUID`."""
    if isinstance(value, TextIds) and len(value) == count:
        return
    if not isinstance(value, np.ndarray) or value.shape != (count,):
        raise InputError(f"contents.{name}: expected an array ({count},) of ids, {got(value)}")
    if np.issubdtype(value.dtype, np.integer) or value.dtype.kind == "U":
        return
    types = set(map(type, value)) if value.dtype == object else {object}
    is_text = any(all(issubclass(one, kind) for one in types) for kind in (str, UUID))
    if not is_text:
        raise InputError(
            f"contents.{name}: expected integers, str or UUID, {got(value)} of other things"
        )


def names(name: str, value: Sequence[str]) -> None:
    """Requires str, each once."""
    texts(name, value, len(value))
    if len(set(value)) < len(value) or None in value:
        raise InputError(f"contents.{name}: expected names that differ, got {list(value)}")


def texts(name: str, value: Sequence[str | None] | None, count: int) -> None:
    """Requires [count] str or None; None instead of the sequence passes."""
    if value is None:
        return
    if isinstance(value, str) or len(value) != count:
        raise InputError(f"contents.{name}: expected {count} texts, got {len(value)}")
    if not all(text is None or isinstance(text, str) for text in value):
        raise InputError(f"contents.{name}: expected str or None only")


def _finite(name: str, value: FloatArray) -> None:
    # The minimum of an array with a NaN is NaN; this needs no mask as large as the vectors.
    if value.size and not (np.isfinite(value.min()) and np.isfinite(value.max())):
        position = tuple(int(axis[0]) for axis in np.nonzero(~np.isfinite(value)))
        raise InputError(
            f"contents.{name}: expected finite numbers, got {value[position]} at {position}"
        )
