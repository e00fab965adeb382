"""Calibrators: maps from a model's probabilities to calibrated ones, with NumPy alone.

None falls anywhere, so that calibration never reverses the order of offers. They are stored as
plain arrays: `calibrator_of(calibrator.arrays())` is the same map, in serving too.
`recsys.evaluation.recalibration` fits them.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.ops.events import inside


@dataclass(frozen=True)
class Platt:
    """logit p' = intercept + slope * logit p (Platt, 1999, on log-odds instead of margins).

    Intercept 0 and slope 1 change nothing.

    Attributes:
        intercept: finite.
        slope: at least 0; below 1 it moves extreme probabilities towards the middle.
    """

    intercept: float
    slope: float

    def __post_init__(self) -> None:
        """Raises `InputError` if the map falls, or a number is not finite."""
        if not (np.isfinite(self.intercept) and 0 <= self.slope < np.inf):
            raise InputError(
                f"calibrator: expected a finite line that does not fall, got intercept "
                f"{self.intercept:g} and slope {self.slope:g}; fit it on more sends"
            )

    def __call__(self, probability: FloatArray) -> FloatArray:
        """[N] float64 calibrated probabilities."""
        p = inside(_probabilities(probability))
        line = self.intercept + self.slope * (np.log(p) - np.log1p(-p))
        # Beyond 700 the exponential overflows; the probability is 0 or 1 long before.
        calibrated: FloatArray = 1 / (1 + np.exp(-np.clip(line, -700, 700)))
        return calibrated

    def arrays(self) -> dict[str, FloatArray]:
        """Its parameters by name, see `calibrator_of`."""
        return {"line": np.array([self.intercept, self.slope])}


@dataclass(frozen=True, eq=False)
class Isotonic:
    """Linear between knots, constant beyond them (Zadrozny and Elkan, 2002).

    Attributes:
        forecast: [K] ascending probabilities of the model.
        rate: [K] calibrated probabilities at the knots, not descending.
    """

    forecast: FloatArray
    rate: FloatArray

    def __post_init__(self) -> None:
        """Raises `InputError` if the knots do not ascend, or are outside of 0 to 1."""
        knots = np.concatenate([self.forecast, self.rate])
        rises = (np.diff(self.forecast) > 0).all() and (np.diff(self.rate) >= 0).all()
        fits = len(self.forecast) == len(self.rate) > 0 and ((knots >= 0) & (knots <= 1)).all()
        if not (rises and fits):
            raise InputError("calibrator: expected knots between 0 and 1 that rise; fit it again")

    def __call__(self, probability: FloatArray) -> FloatArray:
        """[N] float64 calibrated probabilities."""
        return np.interp(_probabilities(probability), self.forecast, self.rate)

    def arrays(self) -> dict[str, FloatArray]:
        """Its parameters by name, see `calibrator_of`."""
        return {"forecast": self.forecast, "rate": self.rate}


Calibrator: TypeAlias = Platt | Isotonic


def calibrator_of(arrays: Mapping[str, FloatArray]) -> Calibrator:
    """The calibrator with these arrays, as its `arrays` gives them.

    Raises:
        InputError: the names or shapes are those of no calibrator, or its parameters are invalid.
    """
    if set(arrays) == {"line"} and arrays["line"].shape == (2,):
        return Platt(*map(float, arrays["line"]))
    if set(arrays) == {"forecast", "rate"}:
        return Isotonic(arrays["forecast"], arrays["rate"])
    raise InputError(
        f"calibrator: expected 'line' [2], or 'forecast' and 'rate', got {', '.join(arrays)}"
    )


def _probabilities(values: FloatArray) -> FloatArray:
    p = np.asarray(values, np.float64)
    wrong = np.flatnonzero(~((p >= 0) & (p <= 1)))
    if len(wrong):
        raise InputError(
            f"calibrator: expected probabilities between 0 and 1, got {p.flat[wrong[0]]:g} at "
            f"position {wrong[0]}; are these scores?"
        )
    return p
