"""Splitters and models that read the future, one for each kind of leak."""

from dataclasses import replace
from typing import Any

import pandas as pd

from recsys.data.audit import Derived
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY
from recsys.data.queries import Split
from recsys.data.source import Source
from recsys.data.split import TimeSplit
from recsys.models.base import Validate
from recsys.models.popularity import Popularity
from recsys.models.segment import Segment


class LeakyEdges(TimeSplit):
    """Lets the first days of each window into its past."""

    def __init__(self, *, window: str = "valid", **settings: Any) -> None:
        super().__init__(**settings)
        self.window = window

    def split(self, data: Dataset, source: Source) -> Split:
        split = super().split(data, source)
        window = getattr(split, self.window)
        early = data.interactions.when < window.start + 3 * DAY
        leaky = data.select(early, as_of=window.start)
        return replace(split, **{self.window: replace(window, past=leaky)})


class LeakyFeatures(TimeSplit):
    """Hands all side tables over as they are today."""

    def split(self, data: Dataset, source: Source) -> Split:
        split = super().split(data, source)
        past = replace(split.valid.past, side_tables=data.side_tables)
        return replace(split, valid=replace(split.valid, past=past))


class LeakyIdentities(TimeSplit):
    """Merges ids by links that became known while valid ran."""

    def first_cutoff(self, source: Source) -> pd.Timestamp | None:
        return source.cutoffs.test_from


class LeakyPopularity(Popularity):
    """Counts all that ever happened, whatever it is given."""

    def __init__(self, *, everything: Dataset, **settings: Any) -> None:
        super().__init__(**settings)
        self.everything = everything

    def fit(self, data: Dataset, validate: Validate | None = None) -> "LeakyPopularity":
        return super().fit(self.everything, validate)


class LeakySegment(Segment):
    """Cuts segments from all that ever happened; its popularity is that of the past."""

    def __init__(self, *, everything: Dataset) -> None:
        super().__init__()
        self.everything = everything

    def fit(self, data: Dataset, validate: Validate | None = None) -> "LeakySegment":
        honest = super().fit(data, validate).derived.popularity
        super().fit(self.everything, validate)
        self._counted = honest
        return self


class LeakyMoments(Popularity):
    """States that its negatives or calibrators come from all that ever happened."""

    def __init__(self, *, kind: str, everything: Dataset) -> None:
        super().__init__()
        self.kind = kind
        self.everything = everything

    @property
    def derived(self) -> Derived:
        return Derived(**{self.kind: self.everything.interactions.when})
