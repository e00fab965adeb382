"""Tables that do not meet are refused with both spellings; tables that meet in part are counted."""

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.data.check import check_and_count, check_tables
from recsys.data.known_ids import known_ids
from recsys.data.tables import Tables
from recsys.errors import InputError

PADDED = [f"{number:03d}" for number in range(1, 31)]
PLAIN = [str(number) for number in range(1, 31)]


def events(customers: list[Any], products: Any = "P", touchpoints: Any = "app") -> pd.DataFrame:
    return pd.DataFrame(
        {"customer_id": customers, "product_id": products, "touchpoint": touchpoints}
    )


def decisions(**columns: Any) -> pd.DataFrame:
    given = {"customer_id": "001", "offer_id": "P", "touchpoint": "app", **columns}
    rows = max(len(value) for value in given.values() if isinstance(value, list))
    return pd.DataFrame(
        {"decision_id": range(rows), "timestamp": "2026-01-01", "policy": "old",
         "outcome": "accept", **given}
    )  # fmt: skip


SIDES = {
    "customers": ("customer_id", lambda ids: pd.DataFrame({"customer_id": ids})),
    "products": ("product_id", lambda ids: pd.DataFrame({"product_id": ids})),
    "touchpoints": ("touchpoint", lambda ids: pd.DataFrame({"touchpoint": ids})),
    "offers": (
        "product_id", lambda ids: pd.DataFrame({"offer_id": range(len(ids)), "product_id": ids})
    ),
    "identities": (
        "id_a and id_b",
        lambda ids: pd.DataFrame({"id_a": ids, "id_b": [f"x{name}" for name in ids], "kind": "a"}),
    ),
    "decisions": ("customer_id", lambda ids: decisions(customer_id=ids)),
}  # fmt: skip


@pytest.mark.parametrize("table", SIDES)
@pytest.mark.parametrize(
    ("here", "shown"),
    [(PLAIN, "'1'"), ([int(id_) for id_ in PLAIN], "'1'"), ([f"{id_}.0" for id_ in PLAIN], "'1.0'"),
     ([f"0000{id_}" for id_ in PLAIN], "'00001'")],
    ids=["text", "numbers", "as floats", "more zeros"],
)  # fmt: skip
def test_ids_with_and_without_zeros_do_not_meet(table: str, here: list[Any], shown: str) -> None:
    column, make = SIDES[table]
    given = Tables(interactions=events(PADDED, PADDED, PADDED), **{table: make(here)})
    with pytest.raises(InputError) as caught:
        check_tables(given)
    message = str(caught.value)
    assert message.startswith(f"{table}: column '{column}': expected ids that are in interactions")
    assert f"{shown} in {table} and '001' in interactions" in message
    assert "\n" not in message


@pytest.mark.parametrize(
    ("here", "there"),
    [("c1", "C1"), ("C-1", "C1"), ("C001", "C1"), ("straße 1", "STRASSE 1"), ("c 1", "c_1")],
)
def test_spellings_that_differ_in_case_blanks_and_signs_are_set_side_by_side(
    here: str, there: str
) -> None:
    tables = Tables(
        interactions=events([there]), customers=pd.DataFrame({"customer_id": [here]})
    )  # fmt: skip
    with pytest.raises(InputError, match=f"'{here}' in customers and '{there}' in interactions"):
        check_tables(tables)


def test_ids_of_other_worlds_are_shown_from_both() -> None:
    tables = Tables(
        interactions=events([f"C{name}" for name in PLAIN]),
        customers=pd.DataFrame({"customer_id": [f"household {name}" for name in PLAIN]}),
    )
    with pytest.raises(
        InputError,
        match=r"got 0 of 30: customers has 'household 1', .*; interactions has 'C1', 'C2', 'C3'",
    ):
        check_tables(tables)


def test_offers_of_decisions_have_to_be_known() -> None:
    offers = pd.DataFrame({"offer_id": PADDED, "product_id": "P"})
    tables = Tables(
        interactions=events(["001"]), offers=offers, decisions=decisions(offer_id=PLAIN)
    )
    with pytest.raises(InputError, match=r"'1' in decisions and '001' in offers"):
        check_tables(tables)
    with pytest.raises(InputError, match=r"'1' in decisions and '001' in interactions"):
        check_tables(
            Tables(interactions=events(["001"] * 30, PADDED), decisions=decisions(offer_id=PLAIN))
        )


def test_more_ids_that_would_meet_otherwise_than_meet_are_refused() -> None:
    # From 100 on there is no zero to lose: those meet, and a third of them is not enough.
    numbers = range(1, 151)
    tables = Tables(
        interactions=events([f"{number:03d}" for number in numbers]),
        customers=pd.DataFrame({"customer_id": list(numbers)}),
    )
    with pytest.raises(InputError, match="got 51 of 150: as '1' in customers and '001' in inter"):
        check_tables(tables)


def test_tables_that_meet_in_part_go_on_and_say_so() -> None:
    tables = Tables(
        interactions=events(["a", "b", "C"], ["p", "q", "r"]),
        customers=pd.DataFrame({"customer_id": ["a", "b", "c", "new"]}),
        products=pd.DataFrame({"product_id": ["p", "q", "r", "soon"]}),
    )
    _, counts = check_and_count(tables)
    assert [known.line() for known in counts] == [
        "customers: 2 of 4 ids ('customer_id') are known to interactions, and 1 there are not in "
        "customers; 1 differ only in how they are written, as 'c' in customers and 'C' there",
        "products: 3 of 4 ids ('product_id') are known to interactions",
    ]


@pytest.mark.parametrize(
    "side",
    [
        {"customers": pd.DataFrame({"customer_id": ["a", *PLAIN]})},
        {"customers": pd.DataFrame({"customer_id": ["new"]})},
        {"products": pd.DataFrame({"product_id": ["P", *PLAIN]})},
        {"products": pd.DataFrame({"product_id": ["soon", "later"]})},
        {"identities": pd.DataFrame({"id_a": ["a"], "id_b": ["cookie"], "kind": ["device"]})},
        {"offers": pd.DataFrame({"offer_id": range(3), "product_id": "P",
                                 "touchpoint": ["push", "sms", "fax"]})},
        {"decisions": decisions(customer_id=["a"] * 3, offer_id=["o1", "o2", "o3"])},
    ],
    ids=["customers without events", "one new customer", "products without events",
         "two new products", "an unseen device", "new touchpoints", "offers of no table"],
)  # fmt: skip
def test_what_is_new_is_no_stranger(side: dict[str, pd.DataFrame]) -> None:
    check_tables(Tables(interactions=events(["a", "b", "c"]), **side))


def test_a_sample_of_events_meets_a_register_of_everybody() -> None:
    everybody = pd.DataFrame({"customer_id": np.arange(100_000)})
    _, (counted,) = check_and_count(Tables(interactions=events([5, 70_000]), customers=everybody))
    assert (counted.known, counted.ids, counted.others) == (2, 100_000, 0)


@settings(max_examples=30, deadline=None)
@given(st.sets(st.integers(0, 99), min_size=1), st.sets(st.integers(0, 99), min_size=1))
def test_counts_are_those_of_sets(there: set[int], here: set[int]) -> None:
    tables = Tables(
        interactions=events(sorted(there)), customers=pd.DataFrame({"customer_id": sorted(here)})
    )
    if not here & there and min(len(here), len(there)) >= 3:
        with pytest.raises(InputError, match="got 0 of"):
            check_tables(tables)
        return
    _, (counted,) = check_and_count(tables)
    assert (counted.ids, counted.known) == (len(here), len(here & there))
    assert counted.others == len(there - here)


def test_numbers_in_one_table_are_texts_in_another() -> None:
    tables = Tables(
        interactions=events([1, 2, 3]), customers=pd.DataFrame({"customer_id": ["1", "2", "kiosk"]})
    )
    _, (counted,) = check_and_count(tables)
    assert counted.known == 2


def test_devices_that_identities_link_are_known_by_their_customers() -> None:
    names = [f"C{i}" for i in range(9)]
    tables = Tables(
        interactions=pd.DataFrame({"customer_id": [f"device-{name}" for name in names]}),
        customers=pd.DataFrame({"customer_id": names}),
        identities=pd.DataFrame(
            {"id_a": names, "id_b": [f"device-{name}" for name in names], "kind": "device"}
        ),
    )
    met = {known.table: known for known in known_ids(tables)}
    assert (met["customers"].known, met["customers"].others) == (9, 0)
    with pytest.raises(InputError, match="customers: column 'customer_id'"):
        known_ids(replace(tables, identities=None))
