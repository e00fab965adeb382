"""LensKit's saved data sets: which class of interactions, row numbers, layouts, what is refused."""

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys import Dataset, TimeSplit
from recsys.data.check import check_tables
from recsys.data.source import Source
from recsys.data.sources.lenskit import LensKit
from recsys.errors import InputError
from recsys.testing import SourceContract

SHOP = {
    "user": {"user_id": [10, 20], "age": [30, None]},
    "item": {"item_id": ["a", "b", "c"], "price": [1.0, 2.0, 3.0]},
    "click": {"user_num": [0, 1, 1, 0], "item_num": [2, 0, 1, 1], "count": [1, 2, 3, 1],
              "timestamp": [1e9, 1.1e9, 1.2e9, 1.3e9]},
    "buy": {"user_num": [0], "item_num": [2]},
}  # fmt: skip


def saved(folder: Path, schema: dict[str, Any] | None = None, **change: Any) -> str:
    """A folder as `lenskit.data.Dataset.save` writes it."""
    relation = {"entities": {"user": None, "item": None}, "interaction": True}
    described = {
        "version": "2025.3", "name": "shop", "default_interaction": "click",
        "entities": {"user": {"id_type": "int"}, "item": {"id_type": "str"}},
        "relationships": {"click": relation, "buy": relation}, **(schema or {}),
    }  # fmt: skip
    (folder / "schema.json").write_text(json.dumps(described))
    for name, table in {**SHOP, **change}.items():
        pq.write_table(table if isinstance(table, pa.Table) else pa.table(table),
                       folder / f"{name}.parquet")  # fmt: skip
    return str(folder)


class TestLensKit(SourceContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> Source:
        return LensKit(root=saved(self.folder))


def test_row_numbers_become_ids_and_counts_weights(tmp_path: Path) -> None:
    source = LensKit(root=saved(tmp_path))
    events = check_tables(source.load()).interactions
    assert source.name == "shop"
    assert events["customer_id"].tolist() == [10, 20, 20, 10]
    assert events["product_id"].tolist() == ["c", "a", "b", "b"]
    assert events["weight"].tolist() == [1, 2, 3, 1]
    assert events["timestamp"].iloc[0] == pd.Timestamp("2001-09-09 01:46:40", tz="UTC")


def test_another_class_of_interactions(tmp_path: Path) -> None:
    data = Dataset.from_source(LensKit(root=saved(tmp_path), interaction="buy"))
    assert len(data.interactions) == 1
    assert data.clock is None
    # What has no interaction is still a customer or a product.
    assert (len(data.customers), len(data.products)) == (2, 3)


def test_times_in_milliseconds_and_without_a_zone(tmp_path: Path) -> None:
    click = {**SHOP["click"], "timestamp": [1e12, 1.1e12, 1.2e12, 1.3e12]}
    first = LensKit(root=saved(tmp_path, click=click), time_unit="ms").load().interactions
    moments = pa.array([int(second) for second in SHOP["click"]["timestamp"]]).cast(
        pa.timestamp("s")
    )
    again = LensKit(root=saved(tmp_path, click={**click, "timestamp": moments})).load()
    assert first["timestamp"].tolist() == again.interactions["timestamp"].tolist()


def test_sparse_vectors_are_left_out_and_lists_become_columns(tmp_path: Path) -> None:
    words = pa.ListArray.from_arrays([0, 40, 80, 120], [f"w{number}" for number in range(120)])
    item = pa.table(
        {
            "item_id": ["a", "b", "c"],
            "tags": [["x", "y"], None, ["y"]],
            "vector": pa.FixedSizeListArray.from_arrays([1.0, 2, 3, 4, 5, 6], 2),
            "sparse": [[{"index": 1, "value": 0.5}], [], []],
            "words": words,
        }
    )
    goods = check_tables(LensKit(root=saved(tmp_path, item=item)).load()).products
    assert goods is not None
    assert list(goods.columns) == ["product_id", "tags_x", "tags_y", "vector_0", "vector_1",
                                   "words"]  # fmt: skip
    assert goods["tags_y"].tolist() == [True, False, True]
    assert goods["vector_1"].tolist() == [2.0, 4.0, 6.0]
    assert goods["words"].iloc[0] == " ".join(f"w{number}" for number in range(40))


def test_cut_offs_come_from_the_times(tmp_path: Path) -> None:
    rows = 1_000
    click = {"user_num": [0, 1] * 500, "item_num": [0, 1] * 500,
             "timestamp": [1e9 + 86_400 * day for day in range(rows)]}  # fmt: skip
    source = LensKit(root=saved(tmp_path, click=click), filter_seen=False)
    split = TimeSplit().split(Dataset.from_source(source))
    assert source.cutoffs is not None
    assert source.cutoffs.valid_from == pd.Timestamp("2003-11-18", tz="UTC")
    assert len(split.test.past.interactions) == pytest.approx(900, abs=1)
    fixed = LensKit(root=str(tmp_path), valid_from="2002-01-01", test_from="2003-01-01")
    fixed.load()
    assert fixed.cutoffs is not None
    assert fixed.cutoffs.test_from == pd.Timestamp("2003-01-01", tz="UTC")


@pytest.mark.parametrize(
    ("schema", "change", "words"),
    [
        ({"default_interaction": None}, {}, "expected a default_interaction, got none, and 2 clas"),
        ({"default_interaction": "../x"}, {}, "data.interaction=../x: expected one of click, buy"),
        ({"relationships": 3}, {}, "schema.json: expected keys entities and relationships"),
        ({"relationships": {"click": {"entities": {"reader": None, "book": None}}}}, {},
         "schema.json: expected that click joins user and item, got reader, book; save the data"),
        ({}, {"click": {"user_num": [0], "item_num": [3]}},
         "click.parquet: row 0, column 'item_num': expected a row number of item.parquet, 0 to 2"),
        ({}, {"click": {"user_num": [0, None], "item_num": [0, 0]}},
         "click.parquet: row 1, column 'user_num': expected a row number of user.parquet"),
        ({}, {"click": {"user_num": [0, 0.5], "item_num": [0, 0]}},
         "click.parquet: row 1, column 'user_num': expected a row number of user.parquet"),
        ({}, {"click": {"user_num": ["0", "x"], "item_num": [0, 0]}},
         "click.parquet: row 1, column 'user_num': expected a row number of user.parquet"),
        ({}, {"click": {"user_num": [0]}}, "click.parquet: expected column 'item_num', got user_n"),
        ({}, {"item": {"item_id": ["a", "b", "a"]}},
         "item.parquet: row 2, column 'item_id': expected each id once, got 'a'"),
        ({}, {"item": {"item_id": ["a", None, "c"]}},
         "item.parquet: row 1, column 'item_id': expected an id, got none; fill it in or drop"),
        ({}, {"item": {"film": [1, 2, 3]}},
         "item.parquet: expected column 'item_id'; the file holds film"),
        ({}, {"click": {**SHOP["click"], "timestamp": [1e9, 1e9, 1e12, 1]}},
         "click.parquet: row 2, column 'timestamp': expected seconds since 1970, got '10000000000"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_line(
    tmp_path: Path, schema: dict[str, Any], change: dict[str, Any], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        LensKit(root=saved(tmp_path, schema, **change)).load()
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_folder_that_is_not_whole(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"expected schema.json there; the folder holds nothing"):
        LensKit(root=str(tmp_path))
    root = saved(tmp_path)
    (tmp_path / "item.parquet").unlink()
    with pytest.raises(InputError, match=r"expected item.parquet there; the folder holds buy.parq"):
        LensKit(root=root)
    (tmp_path / "schema.json").write_text("{")
    with pytest.raises(InputError, match=r"schema.json cannot be read: .*; save it again"):
        LensKit(root=root)
