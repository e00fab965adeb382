"""Purposes as columns of customers: by date, obeyed by cut-offs, audited."""

import numpy as np
import pandas as pd
import pytest

from recsys.data.dataset import Dataset
from recsys.data.snapshots import Snapshot
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.journeys.with_purposes import WithPurposes
from recsys.simulation.source import SimulatedMarket

CUTOFFS = {"valid_from": "2025-08-01", "test_from": "2025-10-01"}


class Leaky(WithPurposes):
    """Learns purposes from all that ever happened, whatever the moment."""

    def snapshot(self, data: Dataset, moment: int) -> Snapshot:
        return super().snapshot(data, data.as_of)


def test_a_cut_off_takes_what_was_open_before_it() -> None:
    source = WithPurposes(source=SimulatedMarket(events=1_000), every=120)
    split = TimeSplit(**CUTOFFS).split(Dataset.from_source(source))
    table = split.valid.past.side_tables["customers"]
    counted = table[table["open_purposes"].notna()]
    cutoff = pd.Timestamp("2025-08-01", tz="UTC")
    assert (counted["valid_from"] < cutoff).all()
    assert set(counted["purpose_stage"]) <= {"know", "consider", "bought"}
    assert counted["purpose_comes_back"].between(0.1, 1).all()
    assert (counted["open_purposes"] >= 1).all()
    assert counted["purpose"].nunique() > 3


def test_a_leak_planted_through_purposes_is_caught() -> None:
    data = Dataset.from_source(Leaky(source=SimulatedMarket(events=1_000), every=120))
    with pytest.raises(InputError, match=r"leakage audit, snapshots of valid: customers: customer"):
        TimeSplit(**CUTOFFS).split(data)


def test_a_moment_without_purposes_has_no_rows() -> None:
    source = WithPurposes(source=SimulatedMarket(events=1_000), column=None, every=120)
    data = Dataset.from_source(SimulatedMarket(events=1_000))
    when = data.interactions.when
    assert when is not None
    assert len(source.snapshot(data, int(np.min(when))).customers) == 0
    with pytest.raises(InputError, match=r"data\.open_from: expected a number between 0 and 1"):
        WithPurposes(source=SimulatedMarket(events=1_000), open_from=1.5)
