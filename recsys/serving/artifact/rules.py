"""Rules of what may be offered, when and where, compiled to masks and dates before serving.

`rules.json` lists the rules and names their arrays, which are kept with the vectors: two dates for
each product, one bit for each customer and touchpoint.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.filter_seen import FilterSeen
from recsys.ops.until import OPEN_END
from recsys.serving.artifact.contents import Contents

_DATES = {"product_valid_from": "valid_from", "product_valid_to": "valid_to"}
"""Names on disk -> fields of `ProductTable`."""


def compiled(contents: Contents) -> tuple[dict[str, Any], dict[str, FloatArray | IntArray]]:
    """What rules.json holds, and the arrays that it names."""
    arrays: dict[str, FloatArray | IntArray] = {}
    customers = contents.customers
    for name, field in _DATES.items():
        dates = getattr(contents.products, field)
        if dates is not None:
            arrays[name] = dates.astype(np.int64)
    if customers.consent is not None:
        arrays["consent"] = np.packbits(customers.consent, axis=1)
    if customers.default_consent is not None:
        arrays["default_consent"] = customers.default_consent.astype(np.uint8)
    text = {
        "masks_seen": bool(contents.filter_seen),
        **_by_action(contents),
        "dates": [name for name in _DATES if name in arrays],
        "consent": list(contents.touchpoints.names) if "consent" in arrays else None,
    }
    return text, arrays


def restored(
    text: Mapping[str, Any], arrays: Mapping[str, FloatArray | IntArray]
) -> tuple[dict[str, Any], dict[str, Any], FilterSeen]:
    """The inverse of `compiled`: fields of `CustomerTable`, of `ProductTable`, and `filter_seen`.

    Raises:
        LookupError, TypeError, ValueError: the text is not as `compiled` writes it.
    """
    customers: dict[str, Any] = {}
    if text["consent"] is not None:
        bits = np.unpackbits(arrays["consent"].astype(np.uint8), axis=1, count=len(text["consent"]))
        customers["consent"] = bits.astype(bool)
    if "default_consent" in arrays:
        customers["default_consent"] = arrays["default_consent"].astype(bool)
    products = {_DATES[name]: arrays[name] for name in text["dates"]}
    return customers, products, _filter_seen(text)


def _by_action(contents: Contents) -> dict[str, Any]:
    """Seconds for which each action masks, null for ever; nothing where all do so for ever."""
    ages = FilterSeen.of(contents.filter_seen).ages
    if not ages:
        return {}
    return {"masks_after": {name: None if age == OPEN_END else age for name, age in ages}}


def _filter_seen(text: Mapping[str, Any]) -> FilterSeen:
    if not text["masks_seen"] or "masks_after" not in text:
        return FilterSeen.of(text["masks_seen"] is True)
    ages = {str(name): age for name, age in text["masks_after"].items()}
    if not all(age is None or (type(age) is int and age > 0) for age in ages.values()):
        raise ValueError(f"masks_after is {ages}")
    return FilterSeen(tuple((n, OPEN_END if age is None else age) for n, age in ages.items()))


def permitted(contents: Contents, rows: IntArray, starts: IntArray) -> BoolArray:
    """Whether a touchpoint may contact each of B customers: all rows of a customer must permit it.

    Args:
        contents: of the artifact.
        rows: [R] rows of all customers, one customer after the other.
        starts: [B] where the rows of each customer start.

    Returns:
        [B, T] bool.
    """
    if contents.customers.consent is None:
        return np.ones((len(starts), len(contents.touchpoints.names)), dtype=bool)
    return np.logical_and.reduceat(contents.customers.consent[rows], starts, axis=0)


def permitted_to_unknown(contents: Contents) -> BoolArray:
    """[T] whether a touchpoint may contact a customer of whom nothing is known.

    An unknown customer has given no consent. Unless the exporter set `default_consent`, only
    touchpoints are open that may contact every customer, such as those that customers start.
    """
    if contents.customers.default_consent is not None:
        return contents.customers.default_consent
    if contents.customers.consent is None:
        return np.ones(len(contents.touchpoints.names), dtype=bool)
    return np.asarray(np.logical_and.reduce(contents.customers.consent, axis=0))
