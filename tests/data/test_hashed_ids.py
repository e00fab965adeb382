"""Ids hashed at the door: everywhere alike, and what is learned stays the same."""

import hashlib
import hmac
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small_shop import cell, write_shop

from recsys.data.dataset import Dataset
from recsys.data.source import load_tables
from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.models.item_knn import ItemKNN
from recsys.ops.keyed_hash import product_pseudonym, pseudonym

KEY = "k" * 32
CUSTOMER_COLUMNS = {
    "interactions": ["customer_id"], "customers": ["customer_id"], "decisions": ["customer_id"],
    "identities": ["id_a", "id_b"], "records": ["record_id", "customer_id"],
}  # fmt: skip


def shop(folder: Path, **settings: object) -> Files:
    if not (folder / "tables").exists():
        write_shop(folder / "tables")
    return Files(root=str(folder / "tables"), **settings)


@pytest.fixture(autouse=True)
def _key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_KEY", KEY)


def test_all_tables_are_hashed_alike(tmp_path: Path) -> None:
    plain = load_tables(shop(tmp_path))
    hashed = load_tables(shop(tmp_path, hash_ids="SHOP_KEY"))

    for table, names in CUSTOMER_COLUMNS.items():
        for name in names:
            old, new = (getattr(tables, table)[name] for tables in (plain, hashed))
            wanted = [None if pd.isna(each) else pseudonym(KEY.encode(), each) for each in old]
            assert [None if pd.isna(each) else each for each in new] == wanted
    assert set(hashed.interactions["product_id"].dropna()) == {"milk", "bread", "tea", "jam"}
    # As anybody with the key computes it.
    expected = hmac.new(KEY.encode(), b"customer ann", hashlib.sha256).hexdigest()[:32]
    assert hashed.interactions["customer_id"][0] == expected


def test_products_too_if_asked(tmp_path: Path) -> None:
    hashed = load_tables(shop(tmp_path, hash_ids="SHOP_KEY", hash_products=True))

    tea = product_pseudonym(KEY.encode(), "tea")
    assert tea != pseudonym(KEY.encode(), "tea")
    for table in ("interactions", "products", "offers"):
        assert tea in set(getattr(hashed, table)["product_id"])


def test_what_is_learned_stays_the_same(tmp_path: Path) -> None:
    plain = Dataset.from_source(shop(tmp_path))
    hashed = Dataset.from_source(shop(tmp_path, hash_ids="SHOP_KEY"))

    scores = []
    for data, name_of in ((plain, str), (hashed, lambda each: pseudonym(KEY.encode(), each))):
        rows = data.customers.rows(np.array([name_of("ann"), name_of("bob")], object))
        products = data.products.rows(np.array(["milk", "bread", "tea", "jam"], object))
        scores.append(ItemKNN().fit(data).score(rows)[:, products])
    np.testing.assert_allclose(scores[0], scores[1])
    # One person as before: her records and her phone are hers.
    assert len(plain.customers) == len(hashed.customers)


@pytest.mark.parametrize("kind", ["int64", "Int64", "float64", "str", object])
def test_one_number_is_one_customer_however_it_is_kept(kind: object, tmp_path: Path) -> None:
    pd.DataFrame(
        {"customer_id": pd.Series([7, 8], dtype=kind), "product_id": ["a", "b"]}
    ).to_parquet(tmp_path / "interactions.parquet")
    source = Files(root=str(tmp_path), hash_ids="SHOP_KEY")
    assert load_tables(source).interactions["customer_id"].tolist() == [
        pseudonym(KEY.encode(), "7"), pseudonym(KEY.encode(), "8"),
    ]  # fmt: skip


@pytest.mark.parametrize(("value", "got"), [(None, "got none"), ("short", "got one of 5")])
def test_a_missing_key_is_one_line(
    value: str | None, got: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SHOP_KEY")
    if value is not None:
        monkeypatch.setenv("SHOP_KEY", value)

    with pytest.raises(InputError, match=f"data.hash_ids needs a key .* SHOP_KEY, {got}"):
        shop(tmp_path, hash_ids="SHOP_KEY")


def test_products_without_a_key_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data\.hash_products"):
        shop(tmp_path, hash_products=True)


def test_a_bad_id_is_refused_before_its_hash_hides_it(tmp_path: Path) -> None:
    source = shop(tmp_path, hash_ids="SHOP_KEY")
    cell("interactions", 3, "customer_id", "")(tmp_path)

    with pytest.raises(InputError, match="row 3, column 'customer_id'"):
        load_tables(source)
