"""The market's records: what sources know of its persons, and that nothing else changes."""

from functools import cache

import numpy as np
import pandas as pd
import pytest

from recsys.data.check import check_table
from recsys.errors import InputError
from recsys.simulation import SimulatedMarket
from recsys.simulation.records import mistyped


@cache
def market(events: int = 40_000) -> SimulatedMarket:
    return SimulatedMarket(events=events, records=True)


@cache
def records() -> pd.DataFrame:
    table = market().load().records
    assert table is not None
    return check_table("records", table)


@cache
def persons() -> pd.Series:
    return market().persons_of(records()["record_id"].to_numpy())


def test_no_other_table_changes() -> None:
    tables = dict(market().load().items())
    del tables["records"]
    without = dict(SimulatedMarket(events=40_000).load().items())
    assert set(tables) == set(without)
    for name, table in without.items():
        pd.testing.assert_frame_equal(tables[name], table)


def test_records_of_a_smaller_market_are_those_of_its_customers() -> None:
    small = market(10_000).load().records
    same = persons().isin([f"C{row:07d}" for row in range(500)]).to_numpy()
    pd.testing.assert_frame_equal(
        check_table("records", small), records()[same].reset_index(drop=True)
    )


def test_each_account_of_the_market_has_one_record_of_its_person() -> None:
    tables = market().load()
    accounts = records()["customer_id"].dropna()
    links = tables.identities
    assert accounts.is_unique
    assert set(accounts) == set(tables.customers["customer_id"]) | set(links["id_b"])
    owner = persons()[accounts.index].to_numpy()
    expected = accounts.map(links.set_index("id_b")["id_a"]).fillna(accounts)
    np.testing.assert_array_equal(owner, expected)
    # An account is known before the first event that is seen under it.
    known = records().dropna(subset="customer_id").set_index("customer_id")["timestamp"]
    first = tables.interactions.groupby("customer_id")["timestamp"].min()
    assert (known[first.index].dt.normalize() <= first).all()


def test_a_no_is_in_one_record_of_its_person() -> None:
    consents = market().load().customers.set_index("customer_id").filter(like="consent_")
    for name in consents:
        said = (records()[name] == "False").groupby(persons()).sum()
        assert (said == (~consents[name]).astype(int)[said.index]).all()


def test_persons_move_marry_share_phones_and_have_twins() -> None:
    table = records().assign(person=persons().to_numpy())
    crm = table[table["source"] == "crm"]
    of_person = table.groupby("person")
    assert 0.02 < (of_person["city"].nunique() > 1).mean() < 0.3
    assert (of_person["loyalty_id"].nunique() > 1).mean() < 0.1
    by_phone = crm.dropna(subset="phone").groupby("phone")["person"].nunique()
    assert 0.02 < (by_phone > 1).mean() < 0.2
    born_together = crm.groupby(["surname", "birth_date", "street", "street_number"])
    twins = born_together.filter(lambda group: group["given_name"].nunique() > 1)
    assert 0.005 < len(twins) / len(crm) < 0.06
    kiosks = table["handle_device"].str.startswith("kiosk", na=False)
    assert table.loc[kiosks, "person"].nunique() > 10


def test_an_error_changes_one_place() -> None:
    texts = [mistyped("anna", kind, 0.3) for kind in (0.0, 0.3, 0.6, 0.9)]
    assert texts == ["anna", "ana", "annna", "aena"]


def test_records_of_nobody_and_bad_settings_are_refused() -> None:
    with pytest.raises(InputError, match="record id 'R1' is not in this market"):
        market().persons_of(np.array(["R1"]))
    with pytest.raises(InputError, match="records must be true or false, got 'yes'"):
        SimulatedMarket(records="yes")  # type: ignore[arg-type]
