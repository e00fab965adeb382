"""How a model does on customers of whom it has seen nothing."""

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.data.queries import Split, Window, window
from recsys.data.source import Source
from recsys.data.splitter import BaseSplit
from recsys.errors import InputError


class UnseenCustomers(BaseSplit):
    """Keeps a share of the customers out of the past, and asks for them alone.

    Args:
        valid_from, test_from: cut-offs, dates in UTC.
        share: of the customers, between 0 and 1.
        seed: of the draw.
    """

    def __init__(
        self, *, valid_from: str, test_from: str, share: float = 0.3, seed: int = 0
    ) -> None:
        if not 0 < share < 1:
            raise InputError(f"split.share: expected a number between 0 and 1, got {share}")
        self.valid_from = pd.Timestamp(valid_from, tz="UTC")
        self.test_from = pd.Timestamp(test_from, tz="UTC")
        self.share, self.seed = share, seed

    def first_cutoff(self, source: Source | None) -> pd.Timestamp | None:
        """No link between ids that became known from then on is used."""
        return self.valid_from

    def divide(self, data: Dataset, source: Source | None) -> Split:
        """Two windows of the same customers, each after a past that does not know them."""
        if data.clock != "timestamp":
            raise InputError(f"split: data={data.name} has no times, and these cut-offs are dates")
        unseen = np.random.default_rng(self.seed).random(len(data.customers)) < self.share
        end = data.as_of_seconds * SECOND
        valid_from, test_from = (
            int(moment.timestamp()) * SECOND for moment in (self.valid_from, self.test_from)
        )
        return Split(
            description=(
                f"{self.share:g} of customers unseen, seed {self.seed}: valid from "
                f"{self.valid_from:%Y-%m-%d}, test from {self.test_from:%Y-%m-%d}"
            ),
            valid=_window(data, unseen, valid_from, test_from),
            test=_window(data, unseen, test_from, end),
        )


def _window(data: Dataset, unseen: BoolArray, start: int, end: int) -> Window:
    when, is_unseen = data.interactions.when, unseen[data.interactions.customers]
    inside = (when >= start) & (when < end)
    return window(data, (when < start) & ~is_unseen, inside & is_unseen, start=start, end=end)
