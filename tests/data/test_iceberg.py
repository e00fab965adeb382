"""Tables in an Iceberg catalogue: the same data as files, as of a snapshot, without secrets."""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from doors import arrow, market, parquet

from recsys import Dataset
from recsys.data.sources.iceberg import Iceberg
from recsys.errors import InputError


@pytest.fixture
def lake(tmp_path: Path) -> Any:
    catalogs = pytest.importorskip("pyiceberg.catalog.sql", reason="needs pyiceberg")
    catalog = catalogs.SqlCatalog("default", uri=uri_of(tmp_path), warehouse=f"file://{tmp_path}")
    catalog.create_namespace("shop")
    return catalog


def uri_of(folder: Path) -> str:
    return f"sqlite:///{folder / 'catalog.db'}"


def write(catalog: Any, frames: Mapping[str, pd.DataFrame]) -> dict[str, str]:
    for name, frame in frames.items():
        rows = arrow(frame)
        catalog.create_table(f"shop.{name}", schema=rows.schema).append(rows)
    return {name: f"shop.{name}" for name in frames}


def test_the_content_has_the_fingerprint_of_parquet(lake: Any, tmp_path: Path) -> None:
    frames = market()
    source = Iceberg(tables=write(lake, frames), uri=uri_of(tmp_path), name="market")
    data = Dataset.from_source(source)
    (tmp_path / "files").mkdir()
    assert data.fingerprint == parquet(frames, tmp_path / "files", "").fingerprint


def test_a_snapshot_is_read_after_later_events_came(lake: Any, tmp_path: Path) -> None:
    events = pd.DataFrame({"customer_id": ["ann", "bob"], "product_id": ["tea", "jam"]})
    tables = write(lake, {"interactions": events})
    first = lake.load_table("shop.interactions").current_snapshot().snapshot_id
    lake.load_table("shop.interactions").append(pa.Table.from_pandas(events, preserve_index=False))

    def rows(**settings: Any) -> int:
        source = Iceberg(tables=tables, uri=uri_of(tmp_path), **settings)
        assert source.name == "shop"
        return len(source.load().interactions)

    assert rows() == 4
    assert rows(snapshots={"interactions": first}) == 2
    with pytest.raises(InputError, match=r"data.tables.interactions=shop.interactions: expected"):
        rows(snapshots={"interactions": 1})


def test_a_catalogue_or_table_that_is_not_there_is_one_line(lake: Any, tmp_path: Path) -> None:
    source = Iceberg(tables={"interactions": "shop.none"}, uri=uri_of(tmp_path))
    with pytest.raises(InputError, match=r"interactions: data.tables.interactions=shop.none: exp"):
        source.load()
    secret = "postgresql+psycopg://bank:Geheim-4711@127.0.0.1:1/lake"
    with pytest.raises(InputError, match=r"data.catalog: the catalogue .* cannot be ope") as error:
        Iceberg(tables={"interactions": "shop.none"}, uri=secret).load()
    assert "Geheim" not in str(error.value)
    assert "\n" not in str(error.value)


def test_without_the_package_it_says_what_to_install(monkeypatch: Any) -> None:
    for name in [*sys.modules, "pyiceberg"]:
        if name.partition(".")[0] == "pyiceberg":
            monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(InputError, match=r"data=iceberg needs pyiceberg; pip install 'recsys\[ice"):
        Iceberg(tables={"interactions": "shop.events"}).load()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"tables": {}}, "data.tables.interactions: expected a name such as shop.events"),
        ({"tables": {"events": "a.b"}}, "data.tables: no table 'events'"),
        ({"tables": {"interactions": "a.b"}, "snapshots": {"products": 1}},
         "data.snapshots: no table 'products'; tables are interactions"),
        ({"tables": {"interactions": "a.b"}, "uri": "x", "uri_env": "Y"},
         "data.uri and data.uri_env: expected one of them, got both"),
    ],
)  # fmt: skip
def test_a_wrong_setting_is_refused(settings: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        Iceberg(**settings)
