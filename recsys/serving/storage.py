"""Writing an artifact, and loading it.

A folder of `embeddings.safetensors` (all arrays), `ids.parquet`, `rules.json`, `MODEL_CARD.md` and
`manifest.json`, which vouches for the others; an approximate index lies beside them. No pickle.

The hashes detect damage, not origin: who can write the folder can write fresh ones. A file that
was made to harm is answered by one line and costs no more memory than its own size allows, save for
an index, which is native code of faiss: load one of unknown origin with `exact=True`.
"""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
from safetensors import SafetensorError
from safetensors.numpy import save_file

from recsys.errors import InputError
from recsys.ops.whole_file import reason
from recsys.ops.whole_folder import current, open_as_usual, replaced
from recsys.serving.artifact import (
    event_table,
    fold_in_arrays,
    ids_file,
    index,
    manifest,
    mapped,
    model_card,
    offer_table,
    precision,
    probability,
    product_features,
    rules,
)
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.ids import SortedIds
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.touchpoint_table import TouchpointTable
from recsys.serving.query.artifact import Artifact

VECTORS, IDS, RULES = "embeddings.safetensors", "ids.parquet", "rules.json"
FILES = (VECTORS, IDS, RULES, model_card.NAME)
_RULE_BYTES, _TOUCHPOINTS, _LINE = 2**24, 100_000, 300
_UNREADABLE = (
    OSError, LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError,
    RecursionError, MemoryError, SafetensorError, pa.ArrowException,
)  # fmt: skip


def write(
    folder: str | os.PathLike[str],
    contents: Contents,
    overwrite: bool = False,
    index_kind: index.Kind = "exact",
    kept_as: precision.Precision = "float32",
) -> None:
    """Writes an artifact in one step: a crash leaves what was there before.

    Args:
        folder: where; its parents are made.
        contents: what to write.
        overwrite: whether an artifact that is there may be replaced.
        index_kind: "exact", or an approximate index of the products, see `index`.
        kept_as: in what numbers vectors are kept, see `precision`.

    Raises:
        InputError: the contents do not fit together, something else or an artifact is there, or
            the folder cannot be written.
    """
    index.require_usable(index_kind)
    customers = SortedIds.build("customer", contents.customers.ids, contents.customers.strands)
    products = SortedIds.build("product", contents.products.ids)
    contents = contents.with_sorted_events()
    target = Path(folder).resolve()
    try:
        require_free(target, overwrite)
        with replaced(target, lambda: require_free(target, overwrite)) as draft:
            _fill(draft, contents, customers, products, index_kind, kept_as)
    except (OSError, SafetensorError) as error:
        why = reason(error) if isinstance(error, OSError) else error
        raise InputError(f"the artifact cannot be written to {target}: {why}") from None


def load(folder: str | os.PathLike[str], exact: bool = False) -> Artifact:
    """Loads an artifact after checking every file; needs numpy, pyarrow and safetensors only.

    Vectors stay in the file, mapped into memory: replace an artifact as a whole, never in place.

    Args:
        folder: that an export wrote.
        exact: leave an approximate index that lies there alone; nothing else needs faiss.

    Raises:
        InputError: there is no artifact, it is damaged, or its format is from the future.
    """
    while True:
        found = current(Path(folder))
        raw = manifest.read(found)
        try:
            artifact = _load(found, raw, exact)
        except InputError:
            if _is_same(found, raw):
                raise
        else:
            # An export that finished meanwhile must not leave new ids beside old vectors.
            if _is_same(found, raw):
                return artifact


def _fill(
    draft: Path,
    contents: Contents,
    customers: SortedIds,
    products: SortedIds,
    index_kind: index.Kind,
    kept_as: precision.Precision,
) -> None:
    text, arrays = rules.compiled(contents)
    for name in precision.PACKED:
        arrays |= precision.packed(name, getattr(contents, name).vectors, kept_as)
    arrays |= probability.arrays(contents.calibrator)
    for part in (contents.events, contents.fold_in, contents.offers, contents.features):
        if part is not None:
            arrays |= part.arrays()
    if contents.touchpoints.vectors is not None:
        arrays["touchpoints"] = contents.touchpoints.vectors
    if contents.customers.default_vector is not None:
        arrays["default_customer"] = contents.customers.default_vector
    # safetensors writes memory as it lies, whatever the strides say.
    contiguous = {name: np.ascontiguousarray(values) for name, values in arrays.items()}
    save_file(contiguous, draft / VECTORS)
    # It also writes for the owner alone; another user may serve.
    open_as_usual(draft / VECTORS)
    ids_file.write(draft / IDS, contents, customers, products)
    (draft / RULES).write_text(json.dumps(text, indent=2) + "\n", encoding="utf-8")
    (draft / model_card.NAME).write_text(model_card.text(contents), encoding="utf-8")
    about = None
    if index_kind != "exact":
        # It is built from the vectors that will be loaded.
        of_customers, of_products = (precision.unpacked(name, arrays) for name in precision.PACKED)
        about = index.build(draft / index.NAME, index_kind, of_products, of_customers)
    names = FILES if about is None else (*FILES, index.NAME)
    manifest.write(draft, contents, names, about)


def _load(found: Path, raw: bytes, exact: bool) -> Artifact:
    body = manifest.parse(found, raw)
    try:
        about = body.get("index")
        names = FILES if about is None else (*FILES, index.NAME)
        files = manifest.checked_files(found, body, names)
        arrays = mapped.arrays(files[VECTORS])
        _require_counts(body["counts"], arrays)
        if len(files[RULES]) > _RULE_BYTES:
            raise ValueError(f"{RULES} has {len(files[RULES]):,} bytes")
        text = json.loads(files[RULES][:])
        ids = ids_file.read(files[IDS], body["counts"])
        contents = _contents(ids, arrays, text, manifest.facts(body))
        if contents.events is not None:
            contents.events.require_sorted()
        approximate = None
        if about is not None and not exact:
            approximate = index.restored(files[index.NAME], about, contents.products.vectors.shape)
    except InputError:
        raise
    except _UNREADABLE as error:
        said = "it is nested too deeply" if isinstance(error, RecursionError) else _line(error)
        raise InputError(f"the artifact {found} cannot be read: {said}") from None
    return Artifact(
        contents=contents, customers=ids.customers, products=ids.products, index=approximate
    )


def _contents(
    ids: ids_file.StoredIds,
    arrays: Mapping[str, Any],
    text: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Contents:
    customer_rules, product_rules, filter_seen = rules.restored(text, arrays)
    customers, products = (precision.unpacked(name, arrays) for name in precision.PACKED)
    return Contents(
        customers=CustomerTable(
            vectors=customers,
            ids=ids.customers.by_row(),
            strands=ids.strands,
            default_vector=arrays.get("default_customer"),
            **customer_rules,
        ),
        products=ProductTable(
            vectors=products,
            ids=ids.products.by_row(),
            names=ids.product_names,
            categories=ids.product_categories,
            **product_rules,
        ),
        touchpoints=TouchpointTable(names=ids.touchpoints, vectors=arrays.get("touchpoints")),
        action_names=ids.actions,
        filter_seen=filter_seen,
        events=event_table.restored(arrays),
        fold_in=fold_in_arrays.restored(arrays),
        offers=None if ids.offers is None else offer_table.restored(arrays, *ids.offers),
        features=None if ids.features is None else product_features.restored(arrays, *ids.features),
        calibrator=probability.restored(arrays),
        facts=facts,
    )


def _line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return lines[0][:_LINE] if lines else type(error).__name__


def _require_counts(counts: Any, arrays: Mapping[str, Any]) -> None:
    """Raises `ValueError` unless the manifest counts what the arrays hold.

    The counts bound what is read of the ids, and so must be backed by bytes on disk.
    """
    customers, products = arrays["customers"], arrays["products"]
    if any(one.ndim != 2 or not one.size for one in (customers, products)):
        raise ValueError("customers and products are no vectors")
    offers, features = arrays.get("offer_starts"), arrays.get("feature_means")
    held = {
        "customer_rows": len(customers), "products": len(products), "dim": products.shape[1],
        "offers": 0 if offers is None else len(offers) - 1,
        "features": 0 if features is None else len(features),
        "events": len(arrays.get("event_customers", ())),
    }  # fmt: skip
    if "touchpoints" in arrays:
        held["touchpoints"] = len(arrays["touchpoints"])
    elif counts["touchpoints"] > _TOUCHPOINTS:
        raise ValueError(f"{counts['touchpoints']:,} touchpoints are counted")
    for name, count in held.items():
        if counts.get(name, count) != count:
            raise ValueError(f"the manifest counts {counts[name]} {name} where there are {count:,}")


def _is_same(found: Path, raw: bytes) -> bool:
    try:
        return manifest.read(found) == raw
    except InputError:
        return False


def require_free(target: Path, overwrite: bool) -> None:
    """Raises `InputError` unless nothing, an empty folder, or a replaceable artifact is there."""
    if not target.exists() or (target.is_dir() and not any(target.iterdir())):
        return
    if not target.is_dir():
        raise InputError(f"{target} is a file; give a folder for the artifact")
    try:
        body = manifest.parse(target, manifest.read(target))
    except InputError:
        raise InputError(
            f"{target} is not empty and not an artifact that this recsys knows, so it is left "
            "alone; give another folder"
        ) from None
    strangers = {path.name for path in target.iterdir()} - {*body["files"], manifest.NAME}
    if strangers:
        raise InputError(
            f"{target} also holds {', '.join(sorted(strangers))}, which replacing the artifact "
            "would delete; move it elsewhere"
        )
    if not overwrite:
        raise InputError(f"{target} already holds an artifact; say overwrite=true to replace it")
