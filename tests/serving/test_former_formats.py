"""Artifacts of former formats, as their writers laid them out, are read and answer."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from artifact_contents import contents
from safetensors.numpy import save_file

from recsys.serving import Contents, load, write
from recsys.serving.artifact.events import TYPES, by_customer

VECTORS = ("customers", "products", "touchpoints", "fold_in_products")
DATES = ("product_valid_from", "product_valid_to")


COUNTED_LATER = {1: {"offers", "features"}, 2: {"features"}}


def write_former(folder: Path, given: Contents, version: int) -> None:
    """The layout of versions 1 and 2: sorted ids, float32; what came later is not counted."""
    folder.mkdir()
    arrays = {name: getattr(given, name) for name in (*VECTORS, *TYPES, *DATES)}
    arrays["consent"] = np.packbits(given.consent, axis=1)
    save_file(arrays, folder / "embeddings.safetensors")
    lines = [
        line
        for kind, ids in (
            ("customer", given.customer_ids), ("product", given.product_ids),
            ("touchpoint", given.touchpoint_names), ("action", given.event_action_names),
        )
        for line in ids_of(kind, list(ids), given)
    ]  # fmt: skip
    columns = {
        "kind": pa.string(), "id": pa.string(), "row": pa.int32(), "strand": pa.int64(),
        "name": pa.string(), "category": pa.string(),
    }  # fmt: skip
    types = json.dumps({"customer": "str", "product": "str"})
    schema = pa.schema(columns.items(), metadata={"id_types": types})
    pq.write_table(pa.Table.from_pylist(lines, schema), folder / "ids.parquet", compression="zstd")
    rules = {"masks_seen": True, "dates": list(DATES), "consent": list(given.touchpoint_names)}
    (folder / "rules.json").write_text(json.dumps(rules, indent=2) + "\n")
    (folder / "MODEL_CARD.md").write_text("# example\n")
    counts = {
        name: count for name, count in given.counts.items() if name not in COUNTED_LATER[version]
    }
    files = {path.name: entry(path.read_bytes()) for path in sorted(folder.iterdir())}
    head = {"artifact": "recsys", "format_version": version, "counts": counts}
    body = {**head, **given.facts, "files": files}
    body["sha256"] = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(body, indent=2) + "\n")


def ids_of(kind: str, ids: list[str], given: Contents) -> list[dict[str, object]]:
    """Lines of ids.parquet; customers and products ascending by id, the others as they come."""
    rows = range(len(ids))
    if kind in ("customer", "product"):
        rows = sorted(rows, key=ids.__getitem__)
    about = {
        "name": given.product_names if kind == "product" else None,
        "category": given.product_categories if kind == "product" else None,
    }
    return [
        {"kind": kind, "id": ids[row], "row": row}
        | {name: values[row] for name, values in about.items() if values is not None}
        for row in rows
    ]


def entry(raw: bytes) -> dict[str, object]:
    return {"bytes": len(raw), "sha256": hashlib.sha256(raw).hexdigest()}


@pytest.mark.parametrize("version", COUNTED_LATER)
def test_a_former_format_answers_as_todays(tmp_path, version):
    given = by_customer(contents())
    write_former(tmp_path / "old", given, version)
    write(tmp_path / "new", given)
    old, new = load(tmp_path / "old"), load(tmp_path / "new")
    assert old.contents.offers is None
    assert old.contents.features is None
    assert old.contents.calibrator is None
    assert old.contents.facts == new.contents.facts
    for customer in given.customer_ids:
        assert old.recommend(customer, 5) == new.recommend(customer, 5)


@pytest.mark.parametrize("version", COUNTED_LATER)
def test_a_former_format_may_be_replaced(tmp_path, version):
    write_former(tmp_path / "a", by_customer(contents()), version)
    write(tmp_path / "a", contents(), overwrite=True)
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["format_version"] == 3
