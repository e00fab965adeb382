"""Validation for the parts of a model, whose learning curves are not that of the whole."""

from recsys.evaluation.full_ranking import Score
from recsys.models.base import Validate


class WithoutCurve:
    """Judges a part by the validation of the whole, and records no epoch.

    Args:
        validate: of the whole.
    """

    def __init__(self, validate: Validate) -> None:
        self._validate = validate
        self.identity = getattr(validate, "identity", None)

    def __call__(self, score: Score) -> float:
        """As `Validate`."""
        return self._validate(score)

    def after(self, epoch: int, score: Score) -> float:
        """The quality after an epoch, which is not recorded."""
        return self._validate(score)
