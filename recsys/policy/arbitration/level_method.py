"""Minimises a convex function of a few variables from values and slopes."""

import numpy as np

from recsys.arrays import FloatArray
from recsys.policy.arbitration.projection import nearest_to_origin

_LEVEL = 0.3
"""Between the lower and the upper bound, where the next point is looked for."""


class LevelMethod:
    """The level method over a box (Lemaréchal, Nemirovskii and Nesterov, 1995; Kiwiel, 1995).

    The function lies above the cutting planes that its values and slopes give. The next point is
    the one nearest to the best so far at which no cutting plane exceeds a level between the bounds;
    where there is none, the level is a lower bound.

    Args:
        start: [m] first point.
        most: [m] largest coordinates; the smallest are 0.
    """

    def __init__(self, start: FloatArray, most: FloatArray) -> None:
        self.point, self.best = start, start
        self.lower, self.upper = 0.0, np.inf
        self.most = most
        self.slopes: list[FloatArray] = []
        self.heights: list[float] = []  # of each cut at the origin
        self.is_active = np.zeros(2 * len(start), dtype=bool)  # limits of the box, then cuts

    def add(self, height: float, slope: FloatArray) -> None:
        """The function's value and slope at the current point."""
        if height < self.upper:
            self.upper, self.best = height, self.point
        self.slopes.append(slope)
        self.heights.append(height - float(slope @ self.point))

    def advance(self, tolerance: float) -> bool:
        """Moves to the next point; False where the bounds have met, as closely as they can."""
        slopes, heights = np.array(self.slopes), np.array(self.heights)
        lengths = np.linalg.norm(slopes, axis=1)
        if not lengths[-1]:
            # A slope of 0 is the minimum.
            return False
        identity = np.eye(len(self.most))
        normals = np.concatenate([identity, -identity, -slopes / lengths[:, None]])
        self.is_active = np.pad(self.is_active, (0, len(normals) - len(self.is_active)))
        while self.upper - self.lower > tolerance * self.upper:
            level = self.lower + _LEVEL * (self.upper - self.lower)
            over = (heights + slopes @ self.best - level) / lengths
            offsets = np.concatenate([-self.best, self.best - self.most, over])
            step, self.is_active = nearest_to_origin(normals, offsets, self.is_active)
            if step is not None:
                self.point = np.clip(self.best + step, 0, self.most)
                # Where rounding keeps the step from the level, no digits are left to gain.
                return bool((heights + slopes @ self.point).max() < (level + self.upper) / 2)
            # No prices reach the level, so no bound is lower.
            self.lower = level
        return False
