"""Shuffled rows, of any table, give the same world: who may be reached, what is known of them."""

from dataclasses import replace
from io import StringIO
from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from in_memory import MemorySource
from small_shop import TABLES, shop_text

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.tables import Tables
from recsys.evaluation.dimensions import segment_labels
from recsys.graph.dayparts import dayparts
from recsys.policy.consent import consent_mask

MORE = {
    "customers": """
        phone-7,20,false,fr,Asia/Tokyo,2026-01-01
        phone-8,21,true,it,,2026-01-05
        phone-9,22,false,,Asia/Tokyo,
    """,
    "identities": """
        bob,phone-9,device,2026-01-03,0.9
    """,
}
"""Records of people who have one already; some say less, one says no and another is undated."""


def shop() -> Tables:
    texts = {name: shop_text(name) for name in TABLES}
    for name, rows in MORE.items():
        texts[name] += "".join(f"{line.strip()}\n" for line in rows.strip().splitlines())
    return Tables(**{name: pd.read_csv(StringIO(text)) for name, text in texts.items()})


def world(tables: Tables) -> Dataset:
    checked = check_tables(tables)
    merged = merge_identities(checked, IdentityRules())
    return build(MemorySource(tables=tables), merged)


def known(data: Dataset) -> dict[str, Any]:
    events = data.interactions
    return {
        "consent": consent_mask(data),
        "languages": segment_labels(data, "language").tolist(),
        "ages": segment_labels(data, "age").tolist(),
        "dayparts": dayparts(data),
        "events": [events.customers, events.products, events.actions, events.when],
        "eligible": data.eligible(data.as_of, None),
        "ids": data.customers.ids,
    }


def test_a_person_of_several_records_by_hand() -> None:
    table, names = known(world(shop())), world(shop()).customers.ids.tolist()
    app = world(shop()).touchpoints.row("app")
    expected = {
        name: (bool(table["consent"][row, app]), table["languages"][row], table["ages"][row])
        for row, name in enumerate(names)
    }
    # ann's telephone said no, and so does the undated row of bob's; cleo's later row speaks it.
    assert expected["ann"] == (False, "de", 31)
    assert expected["bob"] == (False, "en", 40)
    assert expected["cleo"] == (True, "it", 21)
    assert set(expected) == {"ann", "bob", "cleo", "dan"}


@settings(max_examples=8, deadline=None)
@given(st.sets(st.sampled_from(sorted(TABLES)), min_size=1), st.integers(0, 2**32 - 1))
def test_shuffling_any_tables_changes_nothing(names: set[str], seed: int) -> None:
    tables = shop()
    mixed = replace(
        tables, **{name: getattr(tables, name).sample(frac=1, random_state=seed) for name in names}
    )
    ordered, shuffled = known(world(tables)), known(world(mixed))
    for name, value in ordered.items():
        np.testing.assert_equal(value, shuffled[name])
