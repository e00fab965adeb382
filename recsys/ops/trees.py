"""Boosted trees as plain arrays: their margins with NumPy alone, a level of all trees at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.errors import InputError

_ROWS = 256
"""Rows at a time: their walks fit into the cache of a processor."""
_TYPES = {
    "feature": np.int32, "threshold": np.float64, "left": np.int32, "right": np.int32,
    "missing_left": np.bool_, "value": np.float64, "roots": np.int32, "baseline": np.float64,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class Trees:
    """R trees for each of K classes, with N nodes in all.

    A row goes left where its feature is at most the threshold, or is missing (nan) and the node
    says so. A margin of a class is its baseline plus the values of the leaves that its trees reach;
    `softmax` makes probabilities of margins.

    Attributes:
        feature: [N] column that a node splits by, -1 for a leaf.
        threshold: [N] of the split; inf parts missing values from all others.
        left, right: [N] node that follows; a leaf follows itself.
        missing_left: [N] whether missing values go left.
        value: [N] of a leaf.
        roots: [R, K] node at which each tree begins.
        baseline: [K].

    Raises:
        InputError: types, shapes or nodes do not fit together.
    """

    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    missing_left: BoolArray
    value: FloatArray
    roots: IntArray
    baseline: FloatArray

    def __post_init__(self) -> None:
        nodes, own = np.shape(self.feature), np.arange(np.size(self.feature))
        shapes = {
            "roots": (len(self.roots), len(self.baseline)),
            "baseline": (np.size(self.baseline),),
        }
        for name, kind in _TYPES.items():
            array, shape = getattr(self, name), shapes.get(name, nodes)
            if array.dtype != kind or array.shape != shape:
                raise InputError(
                    f"trees.{name}: expected {np.dtype(kind)} {shape}, got {array.dtype} "
                    f"{array.shape}"
                )
        for name in ("left", "right", "roots"):
            array = getattr(self, name)
            if array.size and not (array.min() >= 0 and array.max() < len(own)):
                raise InputError(f"trees.{name}: expected nodes of 0 to {len(own) - 1}")
        inner = self.feature >= 0
        # A child behind its parent: whatever a file says, a walk ends.
        if not ((self.left > own) & (self.right > own))[inner].all():
            raise InputError("trees.left: expected children that follow their parents")
        # A threshold of inf parts missing values from all others.
        if np.isnan(self.threshold).any():
            raise InputError("trees.threshold: expected numbers, got nan")
        for name in ("value", "baseline"):
            if not np.isfinite(getattr(self, name)).all():
                raise InputError(f"trees.{name}: expected finite numbers")

    def require_width(self, columns: int) -> None:
        """Raises `InputError` unless splits are by so many columns."""
        if self.feature.size and self.feature.max() >= columns:
            raise InputError(
                f"trees.feature: expected columns below {columns}, got {self.feature.max()}"
            )

    def margins(self, values: FloatArray) -> FloatArray:
        """[n, K] float64 margins of rows [n, F]; nan is a missing value."""
        margins = np.empty((len(values), len(self.baseline)))
        for start in range(0, len(values), _ROWS):
            tile = values[start : start + _ROWS]
            leaves = self.value[self._reached(tile)].reshape(len(tile), *self.roots.shape)
            margins[start : start + _ROWS] = self.baseline + leaves.sum(axis=1)
        return margins

    def _reached(self, values: FloatArray) -> IntArray:
        """[n * R * K] the leaf that each row reaches in each tree."""
        trees, width = self.roots.ravel(), values.shape[1]
        flat, nodes = values.ravel(), np.tile(trees, len(values))
        walking = np.arange(len(nodes))
        while True:
            at = nodes[walking]
            feature = self.feature[at]
            inner = feature >= 0
            walking, at, feature = walking[inner], at[inner], feature[inner]
            if not len(walking):
                return nodes
            seen = flat[walking // len(trees) * width + feature]
            goes_left = seen <= self.threshold[at]
            goes_left |= np.isnan(seen) & self.missing_left[at]
            nodes[walking] = np.where(goes_left, self.left[at], self.right[at])

    def probabilities(self, values: FloatArray) -> FloatArray:
        """[n, K] float64 that sum to 1."""
        return softmax(self.margins(values))

    def arrays(self, prefix: str) -> dict[str, Any]:
        """Its arrays by name, bool as uint8; `restored` reads them."""
        kept = {field.name: getattr(self, field.name) for field in fields(self)}
        kept["missing_left"] = kept["missing_left"].astype(np.uint8)
        return {f"{prefix}{name}": array for name, array in kept.items()}


def restored(prefix: str, arrays: Mapping[str, Any]) -> Trees:
    """The trees of `Trees.arrays`.

    Raises:
        LookupError: an array is missing.
        InputError: the arrays do not fit together.
    """
    kept = {name: np.asarray(arrays[f"{prefix}{name}"]) for name in _TYPES}
    kept["missing_left"] = kept["missing_left"].astype(bool)
    return Trees(**kept)


def softmax(margins: FloatArray) -> FloatArray:
    """exp(m) / sum exp(m) over the last axis of margins [..., K]."""
    raised = np.exp(margins - margins.max(axis=-1, keepdims=True))
    probabilities: FloatArray = raised / raised.sum(axis=-1, keepdims=True)
    return probabilities
