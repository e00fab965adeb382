"""`RollingSplit`: several windows of one length, one after the other, up to the test window."""

from collections.abc import Sequence
from typing import overload

import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, timestamp
from recsys.data.moments import parse_moment
from recsys.data.queries import Split, Window, between
from recsys.data.source import Source
from recsys.data.splitter import BaseSplit, in_clock_units
from recsys.errors import InputError

MOST_WINDOWS = 100


class RollingSplit(BaseSplit):
    """Cut-offs that step back from the test window by the length of a window: a backtest.

    A model is fitted anew before each window, on all events before it, and evaluated in it. The
    newest window is `valid`, the others are `earlier`; `test` comes after all of them and is read
    only on request, as of any split. Identities are merged once, by the links known before the
    oldest window, so that a customer is the same in all of them.

    Args:
        windows: number of windows.
        length: of a window and of test, in days (positions, for data with a column `order`); None
            takes that of valid as the source cuts it.
        until: where the newest window ends and test begins; None takes the source's `test_from`,
            or leaves one length at the end of the data for test where it has none.
        ages: up to how many windows later a fitted model is evaluated again, which shows what the
            age of training data costs; 0 for not at all.

    Raises:
        InputError: an argument is out of its range.
    """

    def __init__(
        self,
        *,
        windows: int = 4,
        length: float | None = None,
        until: str | int | None = None,
        ages: int = 3,
    ) -> None:
        if not 2 <= windows <= MOST_WINDOWS:
            raise InputError(f"split.windows: expected 2 to {MOST_WINDOWS}, got {windows}")
        if length is not None and not length > 0:
            raise InputError(f"split.length: expected a number above 0, got {length}")
        if ages < 0:
            raise InputError(f"split.ages: expected a number of windows, 0 or more, got {ages}")
        self.windows, self.length, self.until, self.ages = windows, length, until, ages

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """The start of the oldest window; None if it is a position, or depends on the last event.

        With None identities are merged by all links, and the audit refuses a late one.
        """
        until = self._until(source)
        if until is None or isinstance(until, int):
            return None
        span = pd.Timedelta(self._length(source, is_timed=True), unit="us") * self.windows
        return until.floor("s") - span

    def divide(self, data: Dataset, source: Source | None) -> Split:
        """See `BaseSplit.divide`."""
        when = data.interactions.when
        if data.clock is None or when is None:
            raise InputError(
                "interactions: rolling windows need a column 'timestamp' or 'order', and data "
                f"'{data.name}' has neither; add one of them"
            )
        timed, end = data.clock == "timestamp", data.as_of or 0
        length = self._length(source, timed)
        bound = self._until(source)
        until = end - length if bound is None else in_clock_units("split.until", bound, data)
        starts = [until - steps * length for steps in range(self.windows, 0, -1)]
        first = int(when.min())
        if not until < end:
            raise InputError(
                f"split.until: expected a moment before the last event, {_shown(end - 1, data)}, "
                f"got {_shown(until, data)}; events from there on are test"
            )
        if not first < starts[0]:
            possible = max(0, (until - first - 1) // length)
            raise InputError(
                f"split.windows: expected at most {possible}, because the first event is of "
                f"{_shown(first, data)} and {self.windows} windows begin at "
                f"{_shown(starts[0], data)}; set fewer windows or a smaller split.length"
            )
        windows = Windows(data, [(start, start + length) for start in starts])
        return Split(
            description=(
                f"rolling: {self.windows} windows of {_span(length, timed)} until "
                f"{_shown(until, data)}"
            ),
            valid=windows[-1],
            test=between(data, until, end, is_last=True),
            earlier=windows[:-1],
            ages=self.ages,
        )

    def _until(self, source: Source | None) -> pd.Timestamp | int | None:
        if self.until is not None:
            value = self.until
            return value if isinstance(value, int) else parse_moment(value, "split.until")
        cutoffs = None if source is None else source.cutoffs
        if cutoffs is None or isinstance(cutoffs.test_from, int):
            return None if cutoffs is None else cutoffs.test_from
        return parse_moment(cutoffs.test_from, "data.test_from")

    def _length(self, source: Source | None, is_timed: bool) -> int:
        """The length of a window in units of the clock."""
        if self.length is not None:
            return max(1, round(self.length * (DAY if is_timed else 1)))
        cutoffs = None if source is None else source.cutoffs
        if cutoffs is None:
            raise InputError(
                "split.length: expected a number of days (of positions, for an order), got none, "
                "and the data have no cut-offs; set split.length=30, in Python "
                "RollingSplit(length=...)"
            )
        length = cutoffs.test_from - cutoffs.valid_from  # type: ignore[operator]
        return length if isinstance(length, int) else int(length / pd.Timedelta(1, unit="us"))


class Windows(Sequence[Window]):
    """Windows that are made when they are asked for, so that memory holds one past at a time.

    Args:
        data: all events.
        spans: start and end of each window, in units of the clock, the oldest first.
    """

    def __init__(self, data: Dataset, spans: Sequence[tuple[int, int]]) -> None:
        self._data, self.spans = data, spans

    def __len__(self) -> int:
        return len(self.spans)

    @overload
    def __getitem__(self, index: int) -> Window: ...

    @overload
    def __getitem__(self, index: slice) -> "Windows": ...

    def __getitem__(self, index: int | slice) -> "Window | Windows":
        """A window by its position, or some of them."""
        if isinstance(index, slice):
            return Windows(self._data, self.spans[index])
        start, end = self.spans[index]
        try:
            return between(self._data, start, end)
        except InputError as error:
            raise InputError(f"window from {_shown(start, self._data)}: {error}") from None


def _span(length: int, is_timed: bool) -> str:
    return f"{length / DAY:g} days" if is_timed else f"{length:,} positions"


def _shown(moment: int, data: Dataset) -> str:
    """A moment as text; a date alone where the time is midnight."""
    if data.clock == "order":
        return str(moment)
    at = timestamp(moment)
    return f"{at:%Y-%m-%d}" if at == at.normalize() else str(at)
