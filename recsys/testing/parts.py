"""What sources and splits keep to."""

import numpy as np
import pandas as pd
import pytest

from recsys.data.audit import Audit
from recsys.data.check import check_tables
from recsys.data.columns import ACTIONS
from recsys.data.dataset import Dataset, build
from recsys.data.filter_seen import parse_filter_seen
from recsys.data.fingerprint import fingerprint
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.queries import Split, Window
from recsys.data.source import Cutoffs, Source
from recsys.data.split import TimeSplit
from recsys.data.splitter import Splitter
from recsys.testing.data import market


class SourceContract:
    """Inherited by the tests of a source of data, which say how it is made: `make(self)`."""

    def make(self) -> Source:
        """The source under test, of data that are at hand and small."""
        raise NotImplementedError(
            "your test class has to say which source: def make(self): return MySource(root=...)"
        )

    def test_it_says_what_it_is(self) -> None:
        """Attributes `name`, `version`, `cutoffs`, `filter_seen` and `targets`."""
        source = self.make()
        names = ("name", "version", "cutoffs", "filter_seen", "targets")
        lacking = [name for name in names if not hasattr(source, name)]
        assert not lacking, f"{type(source).__name__} lacks the attribute {' and '.join(lacking)}"
        for name in ("name", "version"):
            value = getattr(source, name)
            assert isinstance(value, str), f"{name}: expected a text, got {value!r}"
            assert value, f"{name}: expected a text, got an empty one"
        parse_filter_seen(source.filter_seen)
        assert isinstance(source.targets, tuple), "targets: expected a tuple such as ('purchase',)"
        assert source.targets, "targets: expected at least one action, got none"
        assert set(source.targets) <= set(ACTIONS), f"targets: expected some of {ACTIONS}"
        cutoffs = source.cutoffs
        assert cutoffs is None or isinstance(cutoffs, Cutoffs), "cutoffs: expected Cutoffs or None"

    def test_its_tables_pass_the_checks(self) -> None:
        """`load` gives tables without a bad cell; the error names table, row and column."""
        check_tables(self.make().load())

    def test_it_loads_the_same_each_time(self) -> None:
        """Two loads have one fingerprint: runs on different data are never compared."""
        first, second = (
            fingerprint(source, check_tables(source.load()))
            for source in (self.make(), self.make())
        )
        assert first == second, "load gives other tables the second time; sort them, fix seeds"

    def test_it_holds_target_events(self) -> None:
        """Without one there is nothing to predict."""
        data = Dataset.from_source(self.make())
        assert data.is_target.any(), (
            f"no event has a product and one of the target actions {', '.join(data.targets)}"
        )

    def test_its_cut_offs_leave_queries_in_both_windows(self) -> None:
        """Where the source names cut-offs, `split=time` works without settings."""
        source = self.make()
        if source.cutoffs is None:
            return
        split = TimeSplit().split(Dataset.from_source(source))
        assert len(split.valid.queries)
        assert len(split.test.queries)


class SplitContract:
    """Inherited by the tests of a split, which say how it is made: `make(self)`.

    The data run from 2026-01-01 to 2026-03-01, see `recsys.testing.data.market`; override the
    fixture `data` for a split that needs others.
    """

    def make(self) -> Splitter:
        """The split under test."""
        raise NotImplementedError(
            "your test class has to say which split: def make(self): return MySplit(...)"
        )

    @pytest.fixture
    def data(self) -> Dataset:
        """What is split, made by `Dataset.from_frames` or `Dataset.from_source`."""
        return market()

    @pytest.fixture
    def parts(self, data: Dataset) -> Split:
        """The result."""
        return self.make().split(data)

    def test_both_windows_ask_and_follow_a_past(self, parts: Split) -> None:
        """Each window has events before it, and queries with a relevant product."""
        for name, window in _windows(parts):
            assert len(window.past.interactions), f"{name}: no event is left to learn from"
            relevant = np.diff(window.queries.relevant.indptr)
            assert len(relevant), f"{name}: nobody is asked"
            assert (relevant > 0).all(), f"{name}: a query has no relevant product"

    def test_it_says_in_words_what_it_did(self, parts: Split) -> None:
        """Runs are compared only where their descriptions are equal."""
        assert isinstance(parts.description, str), "description: expected a text"
        assert parts.description.strip(), "description: expected a text with all settings"

    def test_it_splits_the_same_each_time(self, data: Dataset, parts: Split) -> None:
        """All randomness comes from a seed that the constructor takes."""
        repeated = self.make().split(data)
        assert repeated.description == parts.description
        for (name, first), (_, second) in zip(_windows(parts), _windows(repeated), strict=True):
            np.testing.assert_array_equal(
                first.queries.customers, second.queries.customers, f"{name}: other queries"
            )
            np.testing.assert_array_equal(
                first.past.interactions.customers, second.past.interactions.customers,
                f"{name}: another past",
            )  # fmt: skip

    def test_nothing_leaks(self, data: Dataset) -> None:
        """The audit of every run finds no event of a window in its past."""
        origin = data.origin
        assert origin is not None, "data: make them by Dataset.from_frames or Dataset.from_source"
        splitter, source = self.make(), origin.source
        cutoff = splitter.first_cutoff(source)
        merged = merge_identities(origin.checked, IdentityRules(), cutoff)
        as_in_a_run = build(source, merged)
        parts = splitter.split(as_in_a_run, source)
        audit = Audit(origin.checked, merged, as_in_a_run, parts)
        audit.window("valid")
        audit.window("test")

    def test_the_first_cut_off_is_a_utc_time_or_none(self, data: Dataset) -> None:
        """`first_cutoff` is asked before the data are coded: no link after it is used."""
        assert data.origin is not None
        moment = self.make().first_cutoff(data.origin.source)
        assert moment is None or (isinstance(moment, pd.Timestamp) and moment.tzinfo is not None), (
            f"first_cutoff: expected a pandas Timestamp in UTC or None, got {moment!r}"
        )


def _windows(parts: Split) -> list[tuple[str, Window]]:
    return [("valid", parts.valid), ("test", parts.test)]
