"""Whole numbers as text: each has one spelling, so that 007 is not 7."""

import re

CANONICAL = r"(?:0|-?[1-9][0-9]{0,18})"
"""A whole number as a program writes it: ASCII digits, no leading zero, no plus, no blank."""

_SPELLING = re.compile(CANONICAL)


def parse_whole_number(text: str) -> int | None:
    """The int64 that a text spells; None for every other spelling, and beyond 64 bits.

    `int` would take 007, +7, 1_000 and the digits of other scripts for 7 or 1000, and raises an
    error of its own on more than 4,300 digits.

    >>> parse_whole_number("-12"), parse_whole_number("007"), parse_whole_number("7.0")
    (-12, None, None)
    """
    if not _SPELLING.fullmatch(text):
        return None
    number = int(text)
    return number if -(2**63) <= number < 2**63 else None
