"""Contents as the arrays and rules of an artifact's files, and back."""

from collections.abc import Mapping
from typing import Any

from recsys.arrays import FloatArray, IntArray
from recsys.serving.artifact import (
    decision_part,
    event_table,
    fold_in_arrays,
    ids_file,
    moment_part,
    offer_table,
    precision,
    probability,
    product_features,
    rules,
)
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.customer_table import CustomerTable
from recsys.serving.artifact.product_table import ProductTable
from recsys.serving.artifact.touchpoint_table import TouchpointTable

_TOUCHPOINTS = 100_000
"""Most touchpoints that are read where they have no vectors."""


def packed(
    contents: Contents, kept_as: precision.Precision
) -> tuple[dict[str, Any], dict[str, FloatArray | IntArray]]:
    """What rules.json holds, and all arrays by their names on disk.

    Raises:
        InputError: a number is too large for float16.
    """
    text, arrays = rules.compiled(contents)
    for name in precision.PACKED:
        arrays |= precision.packed(name, getattr(contents, name).vectors, kept_as)
    arrays |= probability.arrays(contents.calibrator)
    for part in (
        contents.events, contents.fold_in, contents.offers, contents.features, contents.decisions,
        contents.moments,
    ):  # fmt: skip
        if part is not None:
            arrays |= part.arrays()
    if contents.decisions is not None:
        text["decisions"] = contents.decisions.text()
    if contents.moments is not None:
        text["moments"] = contents.moments.text()
    if contents.touchpoints.vectors is not None:
        arrays["touchpoints"] = contents.touchpoints.vectors
    if contents.touchpoints.daypart_vectors is not None:
        arrays["touchpoint_dayparts"] = contents.touchpoints.daypart_vectors
    if contents.customers.default_vector is not None:
        arrays["default_customer"] = contents.customers.default_vector
    return text, arrays


def restored(
    ids: ids_file.StoredIds,
    arrays: Mapping[str, Any],
    text: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Contents:
    """The contents of an artifact's files, checked.

    Args:
        ids: what ids.parquet holds.
        arrays: what embeddings.safetensors holds, by name.
        text: what rules.json holds.
        facts: of the manifest.

    Raises:
        InputError: the parts do not fit together.
        LookupError, TypeError, ValueError: an array is missing or of the wrong form.
    """
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
        touchpoints=TouchpointTable(
            names=ids.touchpoints,
            vectors=arrays.get("touchpoints"),
            daypart_vectors=arrays.get("touchpoint_dayparts"),
        ),
        action_names=ids.actions,
        filter_seen=filter_seen,
        events=event_table.restored(arrays),
        fold_in=fold_in_arrays.restored(arrays),
        offers=None if ids.offers is None else offer_table.restored(arrays, *ids.offers),
        features=None if ids.features is None else product_features.restored(arrays, *ids.features),
        calibrator=probability.restored(arrays),
        decisions=decision_part.restored(text.get("decisions"), arrays),
        moments=moment_part.restored(text.get("moments"), arrays),
        facts=facts,
    )


def require_counts(counts: Any, arrays: Mapping[str, Any]) -> None:
    """Raises `ValueError` unless the manifest's counts are those of the arrays.

    The counts limit how much is read of the ids, so they must be backed by bytes on disk.
    """
    customers, products = arrays["customers"], arrays["products"]
    if any(vectors.ndim != 2 or not vectors.size for vectors in (customers, products)):
        raise ValueError("customers and products are no vectors")
    offers, features = arrays.get("offer_starts"), arrays.get("feature_means")
    actual = {
        "customer_rows": len(customers), "products": len(products), "dim": products.shape[1],
        "offers": 0 if offers is None else len(offers) - 1,
        "features": 0 if features is None else len(features),
        "events": len(arrays.get("event_customers", ())),
    }  # fmt: skip
    if "touchpoints" in arrays:
        actual["touchpoints"] = len(arrays["touchpoints"])
    elif counts["touchpoints"] > _TOUCHPOINTS:
        raise ValueError(f"{counts['touchpoints']:,} touchpoints are counted")
    for name, count in actual.items():
        if counts.get(name, count) != count:
            raise ValueError(f"the manifest counts {counts[name]} {name} where there are {count:,}")
