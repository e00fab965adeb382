"""What an artifact needs to tell the moment of a session: trees, and what customers did lately."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from recsys.arrays import IntArray
from recsys.errors import InputError
from recsys.ops import micro_moments
from recsys.ops.micro_moments import MomentModel
from recsys.ops.session_events import STEPS, SessionEvents
from recsys.policy.compiled.checks import pointers
from recsys.serving.artifact import checks

_PREFIX = "moment_"
_HISTORY = {
    "starts": np.int64, "when": np.int64, "steps": np.int8, "products": np.int32,
    "touchpoints": np.int32,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class MomentPart:
    """Moments of C customer rows, with E events of the time that features look back.

    Attributes:
        model: probabilities of the moments.
        groups: [P] group of each product; a product behind them is a group of its own.
        starts: [C + 1] where the events of each customer row begin.
        when: [E] UTC seconds, rising within a customer row.
        steps: [E] positions in `recsys.ops.session_events.STEPS`.
        products: [E] rows, -1 for none.
        touchpoints: [E] rows, -1 where unknown.

    Raises:
        InputError: types or shapes do not fit together; the message names the field.
    """

    model: MomentModel
    groups: IntArray
    starts: IntArray
    when: IntArray
    steps: IntArray
    products: IntArray
    touchpoints: IntArray

    def __post_init__(self) -> None:
        events = len(self.when)
        checks.integers("moments.groups", self.groups, len(self.groups), 0)
        checks.integers("moments.when", self.when, events)
        checks.integers("moments.steps", self.steps, events, 0, len(STEPS))
        checks.integers("moments.products", self.products, events, -1, len(self.groups))
        pointers("contents.moments.starts", self.starts, len(self.starts) - 1, events)

    def require_fits(self, customers: int, products: int, touchpoints: int) -> None:
        """Raises `InputError` unless it is of so many customer rows, products and touchpoints."""
        checks.integers("moments.starts", self.starts, customers + 1)
        checks.integers("moments.touchpoints", self.touchpoints, len(self.when), -1, touchpoints)
        if len(self.groups) > products:
            raise InputError(
                f"contents.moments.groups: expected at most {products} products, got "
                f"{len(self.groups)}"
            )

    def with_events(
        self,
        row: int,
        when: Sequence[int],
        steps: Sequence[int],
        products: Sequence[int],
        touchpoint: int,
    ) -> SessionEvents:
        """What a customer did, the stored events first.

        Args:
            row: of the customer, -1 for an unknown one.
            when: [n] UTC seconds of fresh events.
            steps: [n] positions in `STEPS`.
            products: [n] rows, -1 for none.
            touchpoint: row, -1 where unknown.
        """
        span = slice(int(self.starts[row]), int(self.starts[row + 1])) if row >= 0 else slice(0, 0)
        stored = self.when[span]
        fresh = np.asarray(products, np.int64)
        beyond = np.arange(len(self.groups), max(int(fresh.max(initial=-1)) + 1, len(self.groups)))
        own = beyond + int(self.groups.max(initial=-1)) + 1
        return SessionEvents.of(
            customers=np.zeros(len(stored) + len(when), np.int64),
            when=np.append(stored, np.asarray(when, np.int64)),
            steps=np.append(self.steps[span], np.asarray(steps, np.int64)),
            products=np.append(self.products[span], fresh),
            groups=np.append(self.groups, own),
            touchpoints=np.append(self.touchpoints[span], np.full(len(when), touchpoint, np.int64)),
        )[0]

    def text(self) -> dict[str, Any]:
        """What rules.json holds of it."""
        return {"names": list(self.model.names)}

    def arrays(self) -> dict[str, Any]:
        """The arrays kept with the vectors, by their names on disk."""
        kept = {name: getattr(self, name).astype(kind) for name, kind in _HISTORY.items()}
        kept |= {"groups": self.groups.astype(np.int32), **self.model.arrays()}
        return {f"{_PREFIX}{name}": values for name, values in kept.items()}


def restored(text: Mapping[str, Any] | None, arrays: Mapping[str, Any]) -> MomentPart | None:
    """The part of `MomentPart.text` and `arrays`; None where there is no text.

    Raises:
        InputError: the parts do not fit together.
        LookupError, TypeError, ValueError: a part is missing or of the wrong form.
    """
    if text is None:
        return None
    own = {
        name.removeprefix(_PREFIX): values
        for name, values in arrays.items()
        if name.startswith(_PREFIX)
    }
    return MomentPart(
        model=micro_moments.restored([str(name) for name in text["names"]], own),
        groups=own["groups"],
        **{name: own[name] for name in _HISTORY},
    )
