"""Which products leave a customer's list, by what the customer did, and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from recsys.arrays import IntArray
from recsys.ops.until import DAY, OPEN_END, OPEN_START, ends

DEFAULT_ACTION = "purchase"
"""What an event without an action counts as."""

FOREVER = "forever"


@dataclass(frozen=True)
class FilterSeen:
    """Actions after which a product leaves a customer's list, each with an age.

    True where the value is used as a condition, if any product can leave.

    Attributes:
        ages: pairs of an action and the whole seconds after its event from which the product is
            back, above 0, `OPEN_END` for never; other actions keep the product on the list. None
            where events of every action take it off for ever.
    """

    ages: tuple[tuple[str, int], ...] | None = None

    @classmethod
    def of(cls, value: "FilterSeen | bool") -> "FilterSeen":
        """The filter itself, all actions for ever for True, none for False."""
        if isinstance(value, FilterSeen):
            return value
        return cls() if value else cls(())

    def __bool__(self) -> bool:
        return self.ages is None or bool(self.ages)

    def __str__(self) -> str:
        """As "purchase for ever, reject for 90 days"."""
        if self.ages is None:
            return "every product with an event, for ever"
        return ", ".join(f"{action} for {_spoken(age)}" for action, age in self.ages) or "none"

    @property
    def plain(self) -> bool | dict[str, str]:
        """As written in a configuration: true, false, or action -> age."""
        if not self.ages:
            return self.ages is None
        return {action: FOREVER if age == OPEN_END else _spoken(age) for action, age in self.ages}

    @property
    def counts_days(self) -> bool:
        """Whether a product is back after some time."""
        return any(age != OPEN_END for _, age in self.ages or ())

    def age(self, action: str) -> int:
        """Seconds for which an event takes its product off the list; 0 where it stays."""
        return OPEN_END if self.ages is None else dict(self.ages).get(action, 0)

    def until(self, actions: IntArray, names: Sequence[str], when: IntArray | None) -> IntArray:
        """UTC seconds [n] until which each event takes its product off the list.

        Args:
            actions: [n] positions in `names`.
            names: of actions.
            when: [n] int64 UTC microseconds of the events, `OPEN_END` where unknown, which is for
                ever; None where no age counts days.

        Returns:
            [n] int64, `OPEN_END` for ever, `OPEN_START` where the product stays.
        """
        ages = np.array([self.age(name) for name in names], np.int64)[actions]
        until = np.where(ages == OPEN_END, OPEN_END, OPEN_START)
        timed = (ages > 0) & (ages < OPEN_END)
        if when is not None and timed.any():
            known = when[timed] != OPEN_END
            # Zero in place of an unknown moment, to which seconds cannot be added.
            until[timed] = np.where(
                known, ends(np.where(known, when[timed], 0), ages[timed]), OPEN_END
            )
        return until


ALL_SEEN = FilterSeen()
"""Every product with an event, for ever."""


def _spoken(age: int) -> str:
    """As "ever", "1 day", "0.5 days"."""
    if age == OPEN_END:
        return "ever"
    return "1 day" if age == DAY else f"{age / DAY:.10g} days"
