"""Touchpoints of an artifact: names, and vectors where the model knows touchpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.arrays import FloatArray
from recsys.errors import InputError
from recsys.policy.compiled.checks import got
from recsys.policy.compiled.times import DAYPARTS
from recsys.serving.artifact import checks


@dataclass(frozen=True, kw_only=True, eq=False)
class TouchpointTable:
    """T touchpoints.

    Attributes:
        names: [T], unique.
        vectors: [T, d] float32; None where the model does not know touchpoints.
        daypart_vectors: [T, 4, d] float32, of each touchpoint in the night (0 to 6), morning,
            afternoon and evening of the customer's own clock; None where the model does not know
            them. Only decisions use them.

    Raises:
        InputError: a name appears twice or is no text, or the vectors do not fit the names.
    """

    names: Sequence[str] = ()
    vectors: FloatArray | None = None
    daypart_vectors: FloatArray | None = None

    def __post_init__(self) -> None:
        checks.names("touchpoints.names", self.names)
        if self.vectors is not None:
            checks.matrix("touchpoints.vectors", self.vectors, len(self))
        if self.daypart_vectors is not None:
            self._require_dayparts(self.daypart_vectors)

    def __len__(self) -> int:
        return len(self.names)

    def require_fits(self, dim: int) -> None:
        """Raises `InputError` unless vectors have `dim` columns."""
        if self.vectors is not None:
            checks.width("touchpoints.vectors", self.vectors, dim)

    def _require_dayparts(self, vectors: FloatArray) -> None:
        count, parts = len(self), len(DAYPARTS)
        if self.vectors is None or vectors.ndim != 3 or vectors.shape[:2] != (count, parts):
            raise InputError(
                "contents.touchpoints.daypart_vectors: expected float32 "
                f"({count}, {parts}, d) beside touchpoints.vectors, {got(vectors)}"
            )
        rows = vectors.reshape(count * parts, -1)
        checks.matrix("touchpoints.daypart_vectors", rows, columns=self.vectors.shape[1])
