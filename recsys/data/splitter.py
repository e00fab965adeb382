"""`Splitter`: what a split has to offer, and `BaseSplit`, from which one is derived."""

from abc import ABC, abstractmethod
from typing import Protocol

import pandas as pd

from recsys.data.audit import Audit
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.data.queries import Split
from recsys.data.source import Source
from recsys.errors import InputError


class Splitter(Protocol):
    """A way to split data into train, valid and test. For one of your own derive `BaseSplit`."""

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """The UTC moment from which on no identity link may be used; None for no such moment.

        Args:
            source: whose cut-offs are the default; None where there is no source.
        """
        ...

    def split(self, data: Dataset, source: Source | None = None) -> Split:
        """Splits the data.

        Args:
            data: all events.
            source: whose cut-offs are the default, as a run passes it. Without it the data are
                split as `Dataset.from_frames` or `Dataset.from_source` made them: identities are
                merged by the links known before the first cut-off, and the leakage audit runs.

        Raises:
            InputError: the data cannot be split, or the past of a window has something of its
                future.
        """
        ...


class BaseSplit(ABC):
    """Base of all splits; a subclass writes `divide`.

    `split` then does the rest: without a source, as in a notebook, it merges identities again and
    audits the result. For runs, write `split/last_days.yaml` in a folder of your own with
    `_target_: mybank.LastDays` and the arguments, and start
    `recsys train --config-dir=FOLDER split=last_days allow=[mybank]`.

    >>> from recsys.data.interactions import DAY
    >>> from recsys.data.queries import window
    >>> class LastDays(BaseSplit):
    ...     def __init__(self, *, days: int = 30) -> None:
    ...         self.days = days
    ...
    ...     def divide(self, data: Dataset, source: Source | None) -> Split:
    ...         when, end = data.interactions.when, data.as_of
    ...         test_from = end - self.days * DAY
    ...         valid_from = test_from - self.days * DAY
    ...         in_valid = (when >= valid_from) & (when < test_from)
    ...         return Split(
    ...             description=f"last {self.days} days",
    ...             valid=window(data, when < valid_from, in_valid, valid_from, test_from),
    ...             test=window(data, when < test_from, when >= test_from, test_from, end),
    ...         )
    >>> days = pd.date_range("2025-01-01", periods=9)
    >>> events = pd.DataFrame({"customer_id": "ann", "product_id": range(9), "timestamp": days})
    >>> data = Dataset.from_frames(events, targets=["purchase"])
    >>> len(LastDays(days=2).split(data).train.interactions)
    5
    """

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """See `Splitter.first_cutoff`. Override it where the first cut-off is a moment in time.

        With None, identities are merged by all links; the audit refuses a link from after the
        first cut-off.
        """
        return None

    @abstractmethod
    def divide(self, data: Dataset, source: Source | None) -> Split:
        """The two windows, each made by `recsys.data.queries.window`.

        Args:
            data: all events, identities merged.
            source: whose cut-offs are the default; None where there is no source.

        Raises:
            InputError: the data cannot be split in this way; says what to do instead.
        """

    def split(self, data: Dataset, source: Source | None = None) -> Split:
        """Divides the data into train, valid and test; see `Splitter.split` for the arguments."""
        origin = data.origin
        if source is not None or origin is None:
            return self.divide(data, source)
        # Links have dates only where events have times.
        timed = data.clock == "timestamp"
        linked = data.as_linked_before(self.first_cutoff(origin.source) if timed else None)
        split = self.divide(linked, origin.source)
        assert linked.origin is not None
        audit = Audit(origin.checked, linked.origin.merged, linked, split)
        for window in split.earlier:
            audit.window(str(window.start), window)
        audit.window("valid")
        audit.window("test")
        return split


def in_clock_units(key: str, bound: pd.Timestamp | int, data: Dataset) -> int:
    """A cut-off in units of the clock of the data; times are rounded down to whole seconds.

    Args:
        key: the setting that it comes from, for messages.
        bound: a time or a position.
        data: with a clock.

    Raises:
        InputError: a time for data with an order, or a position for data with times.
    """
    if isinstance(bound, int) != (data.clock == "order"):
        kind = "a position (whole number)" if data.clock == "order" else "a time"
        raise InputError(
            f"{key}: expected {kind}, because data '{data.name}' has a column '{data.clock}', got "
            f"{bound}"
        )
    return bound if isinstance(bound, int) else int(bound.floor("s").timestamp()) * SECOND
