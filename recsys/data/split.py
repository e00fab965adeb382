"""The splits of the library: by two cut-offs, as published, or by leaving the last event out."""

from typing import Literal

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data.audit.rows import among
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.data.moments import parse_moment
from recsys.data.queries import Split, between, window
from recsys.data.source import Source
from recsys.data.splitter import BaseSplit, in_clock_units
from recsys.errors import InputError


class TimeSplit(BaseSplit):
    """Splits at two cut-offs on the column `timestamp` or `order` of interactions.

    Train holds the events before `valid_from`, valid those from there on, test those from
    `test_from` on. Times are rounded down to whole seconds.

    Args:
        valid_from: a time such as "2025-08-01" (UTC unless it has a zone) or, for data with a
            column `order`, a position; None takes the cut-off of the source.
        test_from: of the same kind, later.
    """

    def __init__(
        self, *, valid_from: str | int | None = None, test_from: str | int | None = None
    ) -> None:
        self.valid_from = valid_from
        self.test_from = test_from

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """The cut-off `valid_from`; None if it is a position."""
        value = self._cutoff("valid_from", source)
        # Rounded as the windows, which begin at whole seconds.
        return None if isinstance(value, int) else value.floor("s")

    def divide(self, data: Dataset, source: Source | None) -> Split:
        """See `BaseSplit.divide`."""
        when = data.interactions.when
        if data.clock is None or when is None:
            raise _no_clock(data, "a split by time")
        bounds = [self._cutoff(name, source) for name in ("valid_from", "test_from")]
        valid_from, test_from = (
            in_clock_units(self._key(name), bound, data)
            for name, bound in zip(("valid_from", "test_from"), bounds, strict=True)
        )
        start, end = int(when[0]), data.as_of or 0
        if not start < valid_from < test_from < end:
            raise InputError(
                f"split: expected first event < valid_from < test_from <= last event, got "
                f"{_shown(start, data)} < {bounds[0]} < {bounds[1]} <= {_shown(end - 1, data)}; "
                "set split.valid_from and split.test_from, in Python "
                "TimeSplit(valid_from=..., test_from=...)"
            )
        valid_day, test_day = map(_described, bounds)
        return Split(
            description=f"time: valid from {valid_day}, test from {test_day}",
            valid=between(data, valid_from, test_from),
            test=between(data, test_from, end, is_last=True),
        )

    def _cutoff(self, name: str, source: Source | None) -> pd.Timestamp | int:
        value = getattr(self, name)
        if value is None:
            if source is None or source.cutoffs is None:
                and_data = "" if source is None else f", and data '{source.name}' has no cut-offs"
                raise InputError(
                    f"split.{name}: expected a time or position, got none{and_data}; set "
                    f"split.{name}=2026-01-31, in Python TimeSplit({name}=...), or split=given for "
                    "a published split, in Python GivenSplit"
                )
            value = getattr(source.cutoffs, name)
        return value if isinstance(value, int) else parse_moment(value, self._key(name))

    def _key(self, name: str) -> str:
        """The setting that a cut-off comes from, for messages."""
        return f"{'data' if getattr(self, name) is None else 'split'}.{name}"


class GivenSplit(BaseSplit):
    """The published split, in the column `part`; a part of the train rows is held out as valid.

    All train rows of a held-out pair of customer and product are left out of the past of valid,
    whatever their action: published test pairs do not occur in train either.

    Args:
        valid_fraction: share of each customer's target rows that is held out, rounded at random,
            never all of them. None for the share that test has of all target rows, between a tenth
            and a half: which settings are best depends on how much there is to find.
        held_out: "random" rows, or the "last" rows of each customer as the source lists them; for
            data whose rows are in the order of events, with test as what came next.
        seed: of the rounding and of random rows.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        *,
        valid_fraction: float | None = None,
        held_out: Literal["random", "last"] = "random",
        seed: int = 0,
    ) -> None:
        if valid_fraction is not None and not 0 < valid_fraction < 1:
            raise InputError(
                f"split.valid_fraction: expected a number between 0 and 1, got {valid_fraction}"
            )
        if held_out not in ("random", "last"):
            raise InputError(f"split.held_out: expected random or last, got {held_out!r}")
        self.valid_fraction, self.held_out = valid_fraction, held_out
        self.seed = seed

    def divide(self, data: Dataset, source: Source | None) -> Split:
        """See `BaseSplit.divide`."""
        in_test = data.interactions.given_test
        if in_test is None or not in_test.any():
            raise InputError(
                f"interactions: a published split needs a column 'part' with the values train and "
                f"test, and data '{data.name}' has no test rows; add it, or use split=time or "
                "split=leave_last_out, in Python TimeSplit or LeaveLastOut"
            )
        share = self.valid_fraction or _share_of_test(in_test[data.is_target])
        said = f"{share:.3g}" if self.valid_fraction is None else f"{share:g}"
        in_valid = self._hold_out(data, ~in_test, share)
        # A view of the held-out product would reveal it, or filter it as seen.
        events = data.interactions
        pair = events.customers.astype(np.int64) * len(data.products) + events.products
        of_held_pair = (events.products >= 0) & among(pair, pair[in_valid])
        return Split(
            description=(
                f"given: {'the last ' if self.held_out == 'last' else ''}{said} of train held "
                f"out, seed {self.seed}"
            ),
            valid=window(data, ~in_test & ~of_held_pair, in_valid),
            test=window(data, ~in_test, in_test),
            divides="part",
        )

    def _hold_out(self, data: Dataset, candidates: BoolArray, share: float) -> BoolArray:
        """[E] the same share of every customer's target rows among the candidates [E]."""
        generator = np.random.default_rng(self.seed)
        rows = np.flatnonzero(candidates & data.is_target)
        customers = data.interactions.customers[rows]
        counts = np.bincount(customers, minlength=len(data.customers))
        quota = np.floor(counts * share + generator.random(len(counts)))
        within = generator.random(len(rows)) if self.held_out == "random" else -rows
        shuffled = np.lexsort((within, customers))
        starts = np.cumsum(counts) - counts
        rank = np.arange(len(rows)) - starts[customers[shuffled]]
        is_held_out = np.zeros(len(candidates), dtype=bool)
        is_held_out[rows[shuffled]] = rank < np.minimum(quota, counts - 1)[customers[shuffled]]
        return is_held_out


def _share_of_test(in_test: BoolArray) -> float:
    """Of target rows [n], between a tenth and a half."""
    share = float(in_test.mean()) if len(in_test) else 0.0
    return min(max(share, 0.1), 0.5)


class LeaveLastOut(BaseSplit):
    """Each customer's last target event is test, the target event before it valid.

    Events of other customers may be later than a query, so that the audit cannot certify such a
    split as free of leaks.
    """

    def divide(self, data: Dataset, source: Source | None) -> Split:
        """See `BaseSplit.divide`."""
        events = data.interactions
        if events.when is None:
            raise _no_clock(data, "a split by each customer's last event")
        last = _last_target(data, np.full(len(data.customers), len(events)))
        previous = _last_target(data, last)
        position = np.arange(len(events))
        before_valid = position < previous[events.customers]
        two_or_more = (previous < last)[events.customers]
        in_valid = (position == previous[events.customers]) & two_or_more
        return Split(
            description="leave last out",
            valid=window(data, before_valid, in_valid),
            test=window(
                data, position < last[events.customers], position == last[events.customers]
            ),
            divides="last event",
        )


def _last_target(data: Dataset, before: IntArray) -> IntArray:
    """[C] position of each customer's last target event before a position [C]; else that one."""
    customers = data.interactions.customers
    position = np.arange(len(customers))
    usable = data.is_target & (position < before[customers])
    last = np.full(len(before), -1)
    np.maximum.at(last, customers[usable], position[usable])
    return np.where(last < 0, before, last)


def _no_clock(data: Dataset, what: str) -> InputError:
    return InputError(
        f"interactions: {what} needs a column 'timestamp' or 'order', and data '{data.name}' has "
        "neither; add one of them, or a column 'part' and use split=given, in Python GivenSplit"
    )


def _described(bound: pd.Timestamp | int) -> str:
    """The cut-off as text; a date alone where the time is midnight."""
    if isinstance(bound, int) or bound != bound.normalize():
        return str(bound)
    return f"{bound:%Y-%m-%d}"


def _shown(moment: int, data: Dataset) -> str:
    return str(moment) if data.clock == "order" else str(timestamp(moment))
