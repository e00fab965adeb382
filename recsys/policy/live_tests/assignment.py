"""Customers put into the arms of a test by a salted hash: the same on every machine, and sticky."""

from collections.abc import Mapping, Sequence
from hashlib import sha256

import numpy as np

from recsys.arrays import FloatArray, IdArray, IntArray
from recsys.errors import InputError

OUTSIDE = -1
"""The arm of customers who are not in the test."""

_BITS = 53  # of a float64


def positions(customers: Sequence[object] | IdArray, salt: str) -> FloatArray:
    """Where customers lie between 0 and 1, uniformly and independently for each salt.

    The position is the first 53 bits of SHA-256 of the UTF-8 text `SALT:ID`, as a fraction, so that
    any system can compute it. The id 7 and the id "7" are the same customer.

    Args:
        customers: [N] ids, texts or whole numbers.
        salt: a text of the test's own.

    Returns:
        [N] float64, at least 0 and below 1.

    Raises:
        InputError: the salt is empty.
    """
    if not salt:
        raise InputError("salt: expected a text of the test's own, got none; name the test")
    start = sha256(f"{salt}:".encode())
    drawn = np.empty(len(customers))
    for row, customer in enumerate(customers):
        digest = start.copy()
        digest.update(str(customer).encode())
        drawn[row] = int.from_bytes(digest.digest()[:8], "big") >> (64 - _BITS)
    return np.asarray(drawn / 2**_BITS)


def assign(
    customers: Sequence[object] | IdArray,
    salt: str,
    shares: Mapping[str, float],
    *,
    largest: Mapping[str, float] | None = None,
) -> IntArray:
    """The arm of each customer.

    A customer who is in an arm stays there as long as no arm's share shrinks. Two arms grow towards
    each other from both ends of the hash's range. Three or more, in the order of their names, start
    where the one before would end at its largest share, so that each grows in a range of its own.

    Args:
        customers: [N] ids.
        salt: of the test; another salt gives an independent assignment.
        shares: arm -> its share of the customers now, the control group included; what is left of 1
            is outside of the test.
        largest: arm -> the largest share that it will ever have; counts for three arms or more.
            None takes the shares in their present proportion, scaled to 1.

    Returns:
        [N] int64 position of the arm in `shares`; `OUTSIDE` for none.

    Raises:
        InputError: a share cannot be used, or an arm is larger than its largest share.
    """
    check_shares("shares", shares)
    drawn = positions(customers, salt)
    arms = np.full(len(drawn), OUTSIDE, np.int64)
    ranges = _ranges(shares, largest)
    for number, arm in enumerate(shares):
        start, end = ranges[arm]
        arms[(drawn >= start) & (drawn < end)] = number
    return arms


def check_shares(key: str, shares: Mapping[str, float]) -> None:
    """Refuses shares that are no shares.

    Args:
        key: the setting that the error names.
        shares: arm -> share.

    Raises:
        InputError: fewer than two arms, a share not between 0 and 1, or a sum above 1.
    """
    if len(shares) < 2:
        raise InputError(
            f"{key}: expected at least two arms, got {len(shares)}; one is the control group"
        )
    for arm, share in shares.items():
        if not 0 < share <= 1:
            raise InputError(
                f"{key}.{arm}: expected a share above 0 and up to 1, got {share:g}; "
                "leave the arm out until it starts"
            )
    if sum(shares.values()) > 1 + 1e-9:
        raise InputError(
            f"{key}: expected a sum of at most 1, got {sum(shares.values()):g}; lower a share"
        )


def _ranges(
    shares: Mapping[str, float], largest: Mapping[str, float] | None
) -> dict[str, tuple[float, float]]:
    """The part of [0, 1) of each arm; by name, so that the order of the arms has no effect."""
    if len(shares) == 2:
        first, second = sorted(shares)
        return {first: (0.0, shares[first]), second: (max(1 - shares[second], shares[first]), 1.0)}
    total = sum(shares.values())
    widths = {arm: share / total for arm, share in shares.items()} if largest is None else largest
    missing = [arm for arm in shares if arm not in widths]
    if missing:
        raise InputError(f"largest.{missing[0]}: expected a share, got none; add it")
    check_shares("largest", widths)
    ranges, start = {}, 0.0
    for arm in sorted(widths):
        share = shares.get(arm, 0.0)
        if share > widths[arm] + 1e-9:
            raise InputError(
                f"largest.{arm}: expected at least its share now, {share:g}, got {widths[arm]:g}; "
                "raise it before the test starts"
            )
        ranges[arm] = (start, start + share)
        start += widths[arm]
    return ranges
