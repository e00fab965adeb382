"""Touchpoints of an artifact: names, and vectors where the model knows touchpoints."""

from collections.abc import Sequence
from dataclasses import dataclass

from recsys.arrays import FloatArray
from recsys.serving.artifact import checks


@dataclass(frozen=True, kw_only=True, eq=False)
class TouchpointTable:
    """T touchpoints.

    Attributes:
        names: [T], unique.
        vectors: [T, d] float32; None where the model does not know touchpoints.

    Raises:
        InputError: a name appears twice or is no text, or the vectors do not fit the names.
    """

    names: Sequence[str] = ()
    vectors: FloatArray | None = None

    def __post_init__(self) -> None:
        checks.names("touchpoints.names", self.names)
        if self.vectors is not None:
            checks.matrix("touchpoints.vectors", self.vectors, len(self))

    def __len__(self) -> int:
        return len(self.names)

    def require_fits(self, dim: int) -> None:
        """Raises `InputError` unless vectors have `dim` columns."""
        if self.vectors is not None:
            checks.width("touchpoints.vectors", self.vectors, dim)
