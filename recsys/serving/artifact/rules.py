"""What may be offered, when and where: compiled to masks and dates before serving.

`rules.json` says which rules there are and names the arrays that hold them, which lie with the
vectors: two dates a product, one bit a customer and touchpoint.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.times import OPEN_END, Clock, Moment, moment_of

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
    if contents.default_consent is not None:
        arrays["default_consent"] = contents.default_consent.astype(np.uint8)
    text = {
        "masks_seen": bool(contents.filter_seen),
        "dates": [name for name in DATES if name in arrays],
        "consent": list(contents.touchpoint_names) if "consent" in arrays else None,
    }
    return text, arrays


def restored(
    text: Mapping[str, Any], arrays: Mapping[str, FloatArray | IntArray]
) -> dict[str, Any]:
    """The fields of `Contents` that `compiled` made this text and these arrays from."""
    fields: dict[str, Any] = {name: arrays[name] for name in text["dates"]}
    fields["filter_seen"] = text["masks_seen"]
    if text["consent"] is not None:
        bits = np.unpackbits(arrays["consent"].astype(np.uint8), axis=1, count=len(text["consent"]))
        fields["consent"] = bits.astype(bool)
    if "default_consent" in arrays:
        fields["default_consent"] = arrays["default_consent"].astype(bool)
    return fields


def moment(contents: Contents, at: Moment | None) -> int | None:
    """UTC seconds at which an offer is to be valid, now by default; None where no moment binds.

    What has ended since the training is not offered. Where the same question is to have the same
    answer tomorrow, it says `at="as_of"` or a date. As of `times.moment_of`.

    Raises:
        InputError: a datetime without a time zone, or something else.
    """
    return moment_of(at, contents.clock, contents.as_of)


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


def permitted_to_unknown(contents: Contents) -> BoolArray:
    """[T] whether a touchpoint may contact a customer of whom nothing is known.

    Who has no row has given no consent: without a word of the exporter's, only touchpoints that may
    contact every customer are open, as those are that customers start themselves.
    """
    if contents.default_consent is not None:
        return contents.default_consent
    if contents.consent is None:
        return np.ones(len(contents.touchpoint_names), dtype=bool)
    permitted: BoolArray = np.logical_and.reduce(contents.consent, axis=0)
    return permitted


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
