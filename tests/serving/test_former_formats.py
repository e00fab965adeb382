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

DATES = ("product_valid_from", "product_valid_to")


COUNTED_LATER = {1: {"offers", "features"}, 2: {"features"}}


def write_former(folder: Path, given: Contents, version: int) -> None:
    """The layout of versions 1 and 2: sorted ids, float32; what came later is not counted."""
    folder.mkdir()
    products, events = given.products, given.events
    arrays = {
        "customers": given.customers.vectors, "products": products.vectors,
        "touchpoints": given.touchpoints.vectors, "fold_in_products": given.fold_in.factors,
        "event_customers": events.customers, "event_products": events.products,
        "event_weights": events.weights, "event_actions": events.actions,
        "event_touchpoints": events.touchpoints, "event_when": events.when,
        "product_valid_from": products.valid_from, "product_valid_to": products.valid_to,
        "consent": np.packbits(given.customers.consent, axis=1),
    }  # fmt: skip
    save_file(arrays, folder / "embeddings.safetensors")
    lines = [
        line
        for kind, ids in (
            ("customer", given.customers.ids), ("product", given.products.ids),
            ("touchpoint", given.touchpoints.names), ("action", given.action_names),
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
    rules = {"masks_seen": True, "dates": list(DATES), "consent": list(given.touchpoints.names)}
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
        "name": given.products.names if kind == "product" else None,
        "category": given.products.categories if kind == "product" else None,
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
    given = contents().with_sorted_events()
    write_former(tmp_path / "old", given, version)
    write(tmp_path / "new", given)
    old, new = load(tmp_path / "old"), load(tmp_path / "new")
    assert old.contents.offers is None
    assert old.contents.features is None
    assert old.contents.calibrator is None
    assert old.contents.facts == new.contents.facts
    for customer in given.customers.ids:
        assert old.recommend(customer, 5) == new.recommend(customer, 5)


@pytest.mark.parametrize("version", COUNTED_LATER)
def test_a_former_format_may_be_replaced(tmp_path, version):
    write_former(tmp_path / "a", contents().with_sorted_events(), version)
    write(tmp_path / "a", contents(), overwrite=True)
    assert json.loads((tmp_path / "a" / "manifest.json").read_text())["format_version"] == 3
