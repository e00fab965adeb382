"""What may be offered, when and where: compiled to masks and dates before serving.

`rules.json` says which rules there are and names the arrays that hold them, which lie with the
vectors: two dates a product, one bit a customer and touchpoint.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serve.contents import Contents
from recsys.serve.times import OPEN_END, Clock, seconds

DATES = ("product_valid_from", "product_valid_to")


def compiled(contents: Contents) -> tuple[dict[str, Any], dict[str, FloatArray | IntArray]]:
    """The text of rules.json, and the arrays that it names."""
    arrays: dict[str, FloatArray | IntArray] = {}
    for name in DATES:
        dates = getattr(contents, name)
        if dates is not None:
            arrays[name] = dates.astype(np.int64)
    if contents.consent is not None:
        arrays["consent"] = np.packbits(contents.consent, axis=1)
    text = {
        "masks_seen": bool(contents.masks_seen),
        "dates": [name for name in DATES if name in arrays],
        "consent": list(contents.touchpoint_names) if "consent" in arrays else None,
    }
    return text, arrays


def restored(
    text: Mapping[str, Any], arrays: Mapping[str, FloatArray | IntArray]
) -> dict[str, Any]:
    """The fields of `Contents` that `compiled` made this text and these arrays from."""
    fields: dict[str, Any] = {name: arrays[name] for name in text["dates"]}
    fields["masks_seen"] = text["masks_seen"]
    if text["consent"] is not None:
        bits = np.unpackbits(arrays["consent"].astype(np.uint8), axis=1, count=len(text["consent"]))
        fields["consent"] = bits.astype(bool)
    return fields


def moment(contents: Contents, at: datetime | int | None) -> int | None:
    """UTC seconds at which an offer is to be valid: `at`, else the cut-off, else None.

    The cut-off and not the present is the default, so that the same question has the same answer
    tomorrow. Where the clock does not count UTC seconds there is no default, and dates bind only
    those who give `at`.

    Raises:
        InputError: a datetime without a time zone, or something else.
    """
    if at is None:
        return contents.as_of if contents.clock == "timestamp" else None
    return seconds("at", at)


def on_offer(contents: Contents, at: int | None) -> BoolArray:
    """[P] whether a product is valid: valid_from <= at < valid_to; all where `at` is None."""
    valid = np.ones(len(contents.products), dtype=bool)
    if at is None:
        return valid
    if contents.product_valid_from is not None:
        valid &= contents.product_valid_from <= at
    if contents.product_valid_to is not None:
        valid &= (contents.product_valid_to > at) | (contents.product_valid_to == OPEN_END)
    return valid


def permitted(contents: Contents, rows: IntArray, starts: IntArray) -> BoolArray:
    """[B, T] whether a touchpoint may contact each of B customers: whether all its rows permit it.

    Args:
        contents: of the artifact.
        rows: [R] rows of all customers, one customer after the other.
        starts: [B] where the rows of each customer start.
    """
    if contents.consent is None:
        return np.ones((len(starts), len(contents.touchpoint_names)), dtype=bool)
    return np.logical_and.reduceat(contents.consent[rows], starts, axis=0)


def when_of(clock: Clock | None, value: int) -> datetime | int | None:
    """A time as people have it: a UTC datetime, a position of the order, or None if unknown."""
    if clock is None or value == OPEN_END:
        return None
    return datetime.fromtimestamp(value, UTC) if clock == "timestamp" else value


def spoken(when: datetime | int | None) -> str:
    """A time as text: "2024-05-01", "position 1,204", "unknown"."""
    if when is None:
        return "unknown"
    return f"position {when:,}" if isinstance(when, int) else f"{when:%Y-%m-%d}"
