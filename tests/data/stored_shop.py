"""Folders of Parquet parts made in a test, loaded with and without a store."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys.data.dataset import Dataset
from recsys.data.sources.files import Files

SCHEMA = pa.schema(
    {
        "customer_id": pa.string(), "product_id": pa.string(), "touchpoint": pa.string(),
        "action": pa.string(), "timestamp": pa.timestamp("us", tz="UTC"), "value": pa.float64(),
    }
)  # fmt: skip


def write_part(root: Path, name: str, rows: Mapping[str, Sequence[Any]], **types: Any) -> Path:
    """Writes a part of interactions; columns have the types of `SCHEMA` unless others are given."""
    path = root / "interactions" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    kinds = {field.name: field.type for field in SCHEMA} | types
    arrays = {column: pa.array(cells, kinds[column]) for column, cells in rows.items()}
    pq.write_table(pa.table(arrays), path)
    return path


def events(*rows: tuple[Any, ...]) -> dict[str, list[Any]]:
    """Columns of rows (customer, product, touchpoint, action, day of January 2026, value)."""
    customers, products, touchpoints, actions, days, values = map(list, zip(*rows, strict=True))
    moments = [pd.Timestamp(f"2026-01-{day:02d}", tz="UTC") for day in days]
    return {
        "customer_id": customers, "product_id": products, "touchpoint": touchpoints,
        "action": actions, "timestamp": moments, "value": values,
    }  # fmt: skip


def write_shop(root: Path) -> Path:
    """Two days of a shop and its side tables."""
    first = [("ann", "tea", "app", "view", 1, None), ("bob", "jam", "web", "purchase", 1, 2.5)]
    second = [("ann", "tea", "app", "purchase", 2, 4.0), ("cleo", None, "web", "contact", 2, None)]
    write_part(root, "2026-01-01.parquet", events(*first))
    write_part(root, "2026-01-02.parquet", events(*second))
    frame = pd.DataFrame({"touchpoint": ["app", "web"], "outbound": [True, False]})
    frame.to_parquet(root / "touchpoints.parquet")
    return root


def source_of(root: Path, store: Path | None, **settings: Any) -> Files:
    """The shop with a store, or without."""
    return Files(root=str(root), store=None if store is None else str(store), name="x", **settings)


def assert_same_data(root: Path, store: Path, **settings: Any) -> Dataset:
    """Loads with and without the store, compares everything, and returns the data."""
    plain = Dataset.from_source(source_of(root, None, **settings))
    stored = Dataset.from_source(source_of(root, store, **settings))
    assert stored.fingerprint == plain.fingerprint
    assert stored.known_ids == plain.known_ids
    assert (stored.contexts, stored.as_of) == (plain.contexts, plain.as_of)
    for kind in ("customers", "products", "touchpoints"):
        np.testing.assert_array_equal(getattr(stored, kind).ids, getattr(plain, kind).ids)
    for name, array in vars(plain.interactions).items():
        other = getattr(stored.interactions, name)
        assert (other is None) == (array is None)
        if array is not None:
            assert other.dtype == array.dtype
            np.testing.assert_array_equal(other, array, err_msg=name)
    assert stored.origin is not None
    assert plain.origin is not None
    checked, of_plain = (data.origin.checked.interactions for data in (stored, plain))
    pd.testing.assert_frame_equal(
        checked, of_plain, check_categorical=False, check_column_type=False
    )
    assert dict(checked.dtypes.map(type)) == dict(of_plain.dtypes.map(type))
    return stored
