from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from public_data import published

from recsys.data.sources.complete_journey_coupons import FILES, read_coupons
from recsys.errors import InputError

TABLES: dict[str, dict[str, list[Any]]] = {
    "campaigns": {"campaign_id": ["1", "2", "3"], "household_id": ["a", "a", "b"]},
    "campaign_descriptions": {
        "campaign_id": ["1", "2", "3"], "campaign_type": ["Type A", "Type B", "Type C"],
        "start_date": ["2017-03-01", "2017-04-01", "2017-12-01"],
        "end_date": ["2017-03-31", "2017-04-30", "2018-02-01"],
    },
    "coupons": {
        "coupon_upc": ["x", "x", "y", "y", "z"], "product_id": ["p", "q", "p", "p", "r"],
        "campaign_id": ["1", "2", "2", "2", "3"],
    },
    "coupon_redemptions": {
        "household_id": ["a", "a"], "coupon_upc": ["y", "y"], "campaign_id": ["2", "2"],
        "redemption_date": ["2017-04-20", "2017-04-09"],
    },
    "products": {
        "product_id": ["p", "q"], "brand": ["Private", "National"], "department": ["D", "D"],
        "product_category": ["cheese", "bread"], "product_type": ["hard", "rye"],
    },
    "transactions_sample": {
        "household_id": ["b", "b"], "product_id": ["p", "r"], "sales_value": [2.5, 1.0],
        "coupon_disc": [0.0, 0.5], "coupon_match_disc": [0.0, 0.0],
        "transaction_timestamp": ["2017-01-02 10:00:00", "2017-01-03 11:30:00"],
    },
}  # fmt: skip


def write(folder: Path) -> str:
    for name, table in TABLES.items():
        pd.DataFrame(table).to_parquet(folder / f"{name}.parquet")
    return str(folder)


def test_mailings_of_all_types_are_labelled(tmp_path: Path) -> None:
    mailings = read_coupons(write(tmp_path)).mailings.set_index("offer_id")
    assert mailings["customer_id"].tolist() == ["a", "a", "b"]
    assert mailings["outcome"].tolist() == ["ignore", "accept", "ignore"]
    # The first redemption counts, and a campaign is open until the end of its last day.
    assert mailings.loc["2", "answered_at"] == pd.Timestamp("2017-04-09", tz="UTC")
    assert mailings.loc["1", "timestamp"] == pd.Timestamp("2017-03-01", tz="UTC")
    assert mailings.loc["1", "resolved_at"] == pd.Timestamp("2017-04-01", tz="UTC")
    assert pd.isna(mailings.loc["3", "resolved_at"])


def test_coupons_of_type_a_are_never_ignored(tmp_path: Path) -> None:
    sends = read_coupons(write(tmp_path)).coupon_sends
    rows = sends[["customer_id", "offer_id", "touchpoint", "outcome"]].values.tolist()
    assert sorted(rows) == [
        ["a", "x@2", "Type B", "ignore"],
        ["a", "y@2", "Type B", "accept"],
        ["b", "z@3", "Type C", "ignore"],
    ]


def test_coupons_cover_products_even_unknown_ones(tmp_path: Path) -> None:
    tables = read_coupons(write(tmp_path))
    covered = tables.coupons[["offer_id", "product_id", "product_category"]]
    assert covered.astype(object).where(covered.notna(), None).values.tolist() == [
        ["x@1", "p", "cheese"], ["x@2", "q", "bread"], ["y@2", "p", "cheese"], ["z@3", "r", None],
    ]  # fmt: skip
    assert tables.purchases["coupon_used"].tolist() == [False, True]
    assert len(tables.redemptions) == 2


def test_a_file_that_is_missing_is_named(tmp_path: Path) -> None:
    write(tmp_path)
    (tmp_path / "coupons.parquet").unlink()
    with pytest.raises(InputError, match=r"expected coupons\.parquet there; the folder holds"):
        read_coupons(str(tmp_path))
    assert set(FILES) == set(TABLES)


@pytest.mark.realdata
def test_the_published_files() -> None:
    tables = read_coupons(published("complete_journey"))
    test = pd.Timestamp("2017-10-01", tz="UTC")
    for sends, rows, accepted in (
        (tables.mailings, 2_421, 297),
        (tables.coupon_sends, 23_698, 191),
    ):
        late = sends[sends["timestamp"] >= test]
        assert (len(late), int((late["outcome"] == "accept").sum())) == (rows, accepted)
        assert not sends.duplicated(["customer_id", "offer_id"]).any()
        assert (
            sends["answered_at"].dropna() >= sends["timestamp"][sends["answered_at"].notna()]
        ).all()
    assert set(tables.coupon_sends["touchpoint"]) == {"Type B", "Type C"}
