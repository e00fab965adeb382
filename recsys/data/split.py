"""Train | valid | test: by two cut-offs, as published, or by leaving the last event out."""

from abc import ABC, abstractmethod
from typing import Literal, Protocol

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data.audit import Audit
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND, timestamp
from recsys.data.moments import parse_moment
from recsys.data.queries import Split, window
from recsys.data.source import Source
from recsys.errors import InputError


class Splitter(Protocol):
    """A way to split; constructed from its YAML in conf/split."""

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """The moment after which no identity link may be used; None without a clock."""
        ...

    def split(self, data: Dataset, source: Source | None = None) -> Split:
        """Splits the data.

        Args:
            data: all events.
            source: whose cut-offs are the default, as a run gives it. Without it the data are
                split as `Dataset.from_frames` or `Dataset.from_source` made them: identities are
                merged by the links known before the first cut-off, and the leakage audit is run.

        Raises:
            InputError: the data cannot be split, with the remedy; or something leaks.
        """
        ...


class _Split(ABC):
    """What the splits share: without a source, as in a notebook, the result is audited."""

    @abstractmethod
    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """See `Splitter`."""

    @abstractmethod
    def _divide(self, data: Dataset, source: Source | None) -> Split:
        """The two windows, of identities merged as they are to be."""

    def split(self, data: Dataset, source: Source | None = None) -> Split:
        """Divides the data into train, validation and test; see `Splitter` for arguments."""
        origin = data.origin
        if source is not None or origin is None:
            return self._divide(data, source)
        # Links are dated on a clock of time only.
        timed = data.clock == "timestamp"
        linked = data.as_linked_before(self.first_cutoff(origin.source) if timed else None)
        split = self._divide(linked, origin.source)
        assert linked.origin is not None
        audit = Audit(origin.checked, linked.origin.merged, linked, split)
        audit.window("valid")
        audit.window("test")
        return split


class TimeSplit(_Split):
    """Two cut-offs on time or on the global order; by default those of the source."""

    def __init__(
        self, *, valid_from: str | int | None = None, test_from: str | int | None = None
    ) -> None:
        self.valid_from = valid_from
        self.test_from = test_from

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """See `Splitter`."""
        value = self._cutoff("valid_from", source)
        # As the windows, which begin at whole seconds.
        return None if isinstance(value, int) else value.floor("s")

    def _divide(self, data: Dataset, source: Source | None) -> Split:
        when = data.interactions.when
        if data.clock is None or when is None:
            raise InputError(
                f"split=time needs a 'timestamp' or 'order' column, and data={data.name} has none; "
                "use split=given or split=leave_last_out"
            )
        bounds = [self._cutoff(name, source) for name in ("valid_from", "test_from")]
        valid_from, test_from = (_in_clock_units(bound, data) for bound in bounds)
        start, end = int(when.min()), data.as_of or 0
        if not start < valid_from < test_from < end:
            raise InputError(
                f"split=time: expected first event < valid_from < test_from <= last event, got "
                f"{_shown(start, data)} < {bounds[0]} < {bounds[1]} <= {_shown(end - 1, data)}; "
                "set split.valid_from and split.test_from"
            )
        return Split(
            description=f"time: valid from {_spoken(bounds[0])}, test from {_spoken(bounds[1])}",
            valid=window(data, when < valid_from, (when >= valid_from) & (when < test_from),
                          start=valid_from, end=test_from),
            test=window(data, when < test_from, when >= test_from, start=test_from, end=end),
        )  # fmt: skip

    def _cutoff(self, name: str, source: Source | None) -> pd.Timestamp | int:
        value = getattr(self, name)
        if value is None and (source is None or source.cutoffs is None):
            known = "" if source is None else f": data={source.name} has no cut-offs"
            raise InputError(f"split=time{known}; set split.{name}")
        if value is None and source is not None:
            value = getattr(source.cutoffs, name)
        return value if isinstance(value, int) else parse_moment(value, f"split.{name}")


class GivenSplit(_Split):
    """The published split of a source; a seeded part of its train rows is held out as valid.

    With a held-out row all train rows of its customer and product leave the past, whatever their
    action, as published test pairs do not occur in train either.

    Args:
        valid_fraction: of each customer's target rows, rounded at random, never all of them.
        held_out: "random" rows, or the "last" of each customer as the source lists them: right
            where its rows are known to lie in the order of events, and test is what came next.
        seed: of the rounding and of random rows.
    """

    def __init__(
        self,
        *,
        valid_fraction: float = 0.1,
        held_out: Literal["random", "last"] = "random",
        seed: int = 0,
    ) -> None:
        if not 0 < valid_fraction < 1:
            raise InputError(
                f"split.valid_fraction: expected a number between 0 and 1, got {valid_fraction}"
            )
        if held_out not in ("random", "last"):
            raise InputError(f"split.held_out: expected random or last, got {held_out!r}")
        self.valid_fraction, self.held_out = valid_fraction, held_out
        self.seed = seed

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """See `Splitter`."""
        return None

    def _divide(self, data: Dataset, source: Source | None) -> Split:
        in_test = data.interactions.given_test
        if in_test is None or not in_test.any():
            raise InputError(
                f"split=given needs a column 'part' with train and test rows, and data={data.name} "
                "has none; use split=time or split=leave_last_out"
            )
        in_valid = self._held_out(data, ~in_test)
        # A view of what is bought in the held-out row would give it away, and mask it as seen.
        events = data.interactions
        pair = events.customers.astype(np.int64) * len(data.products) + events.products
        of_held_pair = (events.products >= 0) & np.isin(pair, pair[in_valid])
        return Split(
            description=f"given: {self._spoken_part()} of train held out, seed {self.seed}",
            valid=window(data, ~in_test & ~of_held_pair, in_valid),
            test=window(data, ~in_test, in_test),
            divides="part",
        )

    def _spoken_part(self) -> str:
        return f"{'the last ' if self.held_out == 'last' else ''}{self.valid_fraction:g}"

    def _held_out(self, data: Dataset, candidates: BoolArray) -> BoolArray:
        """The same share of every customer's target rows."""
        generator = np.random.default_rng(self.seed)
        rows = np.flatnonzero(candidates & data.is_target)
        customers = data.interactions.customers[rows]
        counts = np.bincount(customers, minlength=len(data.customers))
        quota = np.floor(counts * self.valid_fraction + generator.random(len(counts)))
        within = generator.random(len(rows)) if self.held_out == "random" else -rows
        shuffled = np.lexsort((within, customers))
        starts = np.cumsum(counts) - counts
        rank = np.arange(len(rows)) - starts[customers[shuffled]]
        held = np.zeros(len(candidates), dtype=bool)
        held[rows[shuffled]] = rank < np.minimum(quota, counts - 1)[customers[shuffled]]
        return held


class LeaveLastOut(_Split):
    """Each customer's last target event is test, the one before it valid.

    Events of other customers may be later than a query: not certifiable as free of leaks.
    """

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """See `Splitter`."""
        return None

    def _divide(self, data: Dataset, source: Source | None) -> Split:
        events = data.interactions
        if events.when is None:
            raise InputError(
                f"split=leave_last_out needs a 'timestamp' or 'order' column, and "
                f"data={data.name} has none; use split=given"
            )
        last = _last_target(data, np.full(len(data.customers), len(events)))
        second = _last_target(data, last)
        position = np.arange(len(events))
        before_valid = position < second[events.customers]
        two_or_more = (second < last)[events.customers]
        return Split(
            description="leave last out",
            valid=window(data, before_valid, (position == second[events.customers]) & two_or_more),
            test=window(
                data, position < last[events.customers], position == last[events.customers]
            ),
            divides="last event",
        )


def _last_target(data: Dataset, before: IntArray) -> IntArray:
    """[C] position of each customer's last target event before a position, or `before` itself."""
    customers = data.interactions.customers
    position = np.arange(len(customers))
    usable = data.is_target & (position < before[customers])
    last = np.full(len(before), -1)
    np.maximum.at(last, customers[usable], position[usable])
    return np.where(last < 0, before, last)


def _in_clock_units(bound: pd.Timestamp | int, data: Dataset) -> int:
    if isinstance(bound, int) != (data.clock == "order"):
        wanted = "a position (whole number)" if data.clock == "order" else "a time"
        raise InputError(
            f"split=time: expected {wanted} as cut-off for data={data.name}, got {bound}"
        )
    return bound if isinstance(bound, int) else int(bound.floor("s").timestamp()) * SECOND


def _spoken(bound: pd.Timestamp | int) -> str:
    """A date where nothing is lost by leaving the time out."""
    if isinstance(bound, int) or bound != bound.normalize():
        return str(bound)
    return f"{bound:%Y-%m-%d}"


def _shown(moment: int, data: Dataset) -> str:
    return str(moment) if data.clock == "order" else str(timestamp(moment))
