"""The moment of a session, before it and after each of its events, with NumPy alone."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from recsys.arrays import FloatArray, IntArray
from recsys.errors import InputError
from recsys.ops import trees
from recsys.ops.session_events import SessionEvents
from recsys.ops.session_features import AFTER, BEFORE, after, before
from recsys.ops.trees import Trees


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentModel:
    """Probabilities of the K moments; `recsys.journeys.micro_moments.learn` fits it.

    Attributes:
        names: [K] of the moments.
        before: of a session about which only its time is known.
        after: of a session after one of its events.

    Raises:
        InputError: the parts do not fit together.
    """

    names: Sequence[str]
    before: Trees
    after: Trees

    def __post_init__(self) -> None:
        if len(set(self.names)) < len(self.names) or len(self.names) < 2:
            raise InputError(f"moments: expected two names or more, got {list(self.names)}")
        for part, columns in ((self.before, BEFORE), (self.after, AFTER)):
            part.require_width(len(columns))
            if len(part.baseline) != len(self.names):
                raise InputError(
                    f"moments: expected trees of {len(self.names)} moments, got those of "
                    f"{len(part.baseline)}"
                )

    def before_sessions(self, events: SessionEvents, rows: IntArray | slice) -> FloatArray:
        """[n, K] float64 of some sessions, each from the sessions before it."""
        return self.before.probabilities(before(events)[rows])

    def after_events(self, events: SessionEvents, rows: IntArray | slice) -> FloatArray:
        """[n, K] float64 of the sessions of some events, each from it and what was before it."""
        return self.after.probabilities(after(events)[rows])

    def arrays(self) -> dict[str, Any]:
        """Its arrays by name, without the names of the moments."""
        return {**self.before.arrays("before_"), **self.after.arrays("after_")}


def restored(names: Sequence[str], arrays: Mapping[str, Any]) -> MomentModel:
    """The model of `MomentModel.arrays`. Raises as `trees.restored`."""
    return MomentModel(
        names=tuple(names),
        before=trees.restored("before_", arrays),
        after=trees.restored("after_", arrays),
    )
