"""Places for the labels of points, so that none lies on another, on a point or on a line."""

from collections.abc import Sequence

import numpy as np

from recsys.arrays import FloatArray

_DIRECTIONS = np.deg2rad([0, 20, -20, 180, 160, 200, 90, -90, 50, -50, 130, 230])
_DISTANCES = (9.0, 14.0, 20.0, 28.0, 38.0, 50.0, 64.0, 80.0, 100.0, 125.0, 150.0, 180.0)
_NEAR = 4.0
_STEPS = np.linspace(0.15, 1.0, 24)


def placed(
    points: FloatArray, sizes: FloatArray, area: Sequence[float], taken: FloatArray
) -> FloatArray:
    """[N, 2] centres of the labels, in the unit of the points (pixels).

    One label after the other, the most crowded point first, takes the nearest place that is free:
    the label inside the area, and neither it nor the line to its point on what is there already.
    Where none is free, it takes the place that covers least.

    Args:
        points: [N, 2] to label.
        sizes: [N, 2] width and height of each label, with the space wanted around it.
        area: left, bottom, right, top of the picture.
        taken: [M, 4] boxes that labels leave free, each left, bottom, right, top.
    """
    centres = np.zeros_like(points)
    boxes = taken
    gaps = np.hypot(*(points[:, None] - points[None]).transpose(2, 0, 1))
    for row in np.argsort(np.sort(gaps, axis=1)[:, 1:4].sum(axis=1), kind="stable"):
        candidates = _around(points[row], sizes[row])
        covered = _outside(candidates, sizes[row], area)
        covered += _overlap(_box(candidates, sizes[row]), boxes).sum(axis=1)
        # The line may cross bars.
        others = np.delete(points, row, axis=0)
        around = np.hstack([others - _NEAR, others + _NEAR])
        covered += _crossed(points[row], candidates, np.vstack([around, boxes[len(taken) :]]))
        centres[row] = candidates[np.argmin(covered)]
        boxes = np.vstack([boxes, _box(centres[row : row + 1], sizes[row])])
    return centres


def _around(point: FloatArray, size: FloatArray) -> FloatArray:
    """[C, 2] centres of a label whose edge is at each distance and direction, the nearest first."""
    units = np.column_stack([np.cos(_DIRECTIONS), np.sin(_DIRECTIONS)])
    edge = np.sign(np.round(units, 6)) * size / 2
    return np.vstack([point + distance * units + edge for distance in _DISTANCES])


def _box(centres: FloatArray, size: FloatArray) -> FloatArray:
    return np.hstack([centres - size / 2, centres + size / 2])


def _overlap(boxes: FloatArray, others: FloatArray) -> FloatArray:
    """[C, M] areas that boxes share."""
    low = np.maximum(boxes[:, None, :2], others[None, :, :2])
    high = np.minimum(boxes[:, None, 2:], others[None, :, 2:])
    shared: FloatArray = np.clip(high - low, 0, None).prod(axis=2)
    return shared


def _outside(centres: FloatArray, size: FloatArray, area: Sequence[float]) -> FloatArray:
    """[C] about the part of each label outside the area."""
    low, high = np.array(area).reshape(2, 2)
    box = _box(centres, size)
    beyond = np.clip(low - box[:, :2], 0, None) + np.clip(box[:, 2:] - high, 0, None)
    part: FloatArray = beyond.sum(axis=1) * size.max()
    return part


def _crossed(point: FloatArray, centres: FloatArray, boxes: FloatArray) -> FloatArray:
    """[C] how far the line from the point to each label runs over boxes."""
    steps = point + (centres - point)[:, None] * _STEPS[None, :, None]  # [C, steps, 2]
    inside = (steps[:, :, None] > boxes[:, :2]) & (steps[:, :, None] < boxes[:, 2:])
    crossed: FloatArray = inside.all(axis=3).sum(axis=(1, 2)).astype(float)
    return crossed
