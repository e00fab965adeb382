"""The commands about customers take identities as they were known at their cut-off."""

import numpy as np
import pandas as pd
import pytest

from recsys.cli.customer_files import known_before, linked_at
from recsys.data.dataset import Dataset


@pytest.fixture
def data() -> Dataset:
    """Two ids that are known to be one person from 20 January on."""
    day = pd.Timestamp("2026-01-01", tz="UTC") + pd.to_timedelta([0, 5, 30], unit="D")
    events = pd.DataFrame(
        {"customer_id": ["a", "b", "b"], "product_id": ["p", "q", "p"], "timestamp": day}
    )
    links = pd.DataFrame(
        {
            "id_a": ["a"],
            "id_b": ["b"],
            "kind": ["card"],
            "timestamp": [pd.Timestamp("2026-01-20", tz="UTC")],
        }
    )
    return Dataset.from_frames(events, identities=links)


def people(data: Dataset) -> int:
    return len(np.unique(data.interactions.customers))


def test_a_later_link_is_not_known(data: Dataset) -> None:
    assert people(data) == 1
    assert people(known_before({"at": "2026-01-10"}, data)) == 2
    linked, _ = linked_at({"at": "2026-01-10"}, data)
    assert people(linked) == 2


def test_an_earlier_link_is_known(data: Dataset) -> None:
    assert people(known_before({"at": "2026-01-25"}, data)) == 1


def test_without_a_cut_off_all_links_count(data: Dataset) -> None:
    assert people(known_before({}, data)) == 1
