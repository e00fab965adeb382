"""train.txt and test.txt as published with NGCF and LightGCN (Gowalla, Yelp2018, Amazon-Book).

Cut-offs: none, the split is published. Seen products are left out of the ranking, as in all
published results.
Odd: no time, no touchpoint; the files have no validation part, so a part of train is held out. The
published test is not a random part of the rows. In Yelp2018 each line keeps the order of events,
and test is what came next: of products with 50 rows or more, those with a larger share of their
rows in test have more of their train rows in the last tenth of lines (correlation .64; a random
tenth -.02). There split.held_out=last holds out rows that resemble test. Gowalla's lines are sorted
by number.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder, require_file
from recsys.data.tables import Tables
from recsys.errors import InputError
from recsys.ops.shown_text import shown

_SURE_DIGITS = 18
"""Any number of so many digits fits 64 bits."""


class LightGCNFiles:
    """Files with a line per customer: the customer's number, then the numbers of the products.

    Args:
        root: folder with `train.txt` and `test.txt`; its name becomes the name of the data.
    """

    name: str = "lightgcn"
    version: str = "1"
    cutoffs: Cutoffs | None = None
    filter_seen: bool = True
    targets: tuple[str, ...] = (columns.DEFAULT_ACTION,)

    def __init__(self, *, root: str) -> None:
        self.folder = data_folder(root, ("train.txt", "test.txt"))
        self.name = self.folder.resolve().name

    def load(self) -> Tables:
        """Both files as interactions with a `part` column."""
        parts = (columns.TRAIN_PART, columns.TEST_PART)
        read = [_read(self.folder / f"{part}.txt") for part in parts]
        customers, products = (np.concatenate(arrays) for arrays in zip(*read, strict=True))
        part = np.repeat(np.arange(2), [len(customers) for customers, _ in read])
        table = {
            columns.CUSTOMER: customers,
            columns.PRODUCT: products,
            columns.PART: pd.Categorical.from_codes(part, parts),
        }
        return Tables(interactions=pd.DataFrame(table))


def _read(path: Path) -> tuple[IntArray, IntArray]:
    require_file(path)
    try:
        content = path.read_bytes()
        lengths, numbers = _plain(content) or _any(path.name, content.decode())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as text: {error}") from None
    if not len(lengths):
        raise InputError(f"{path.name}: expected a line per customer, got none; is it complete?")
    starts = np.cumsum(lengths) - lengths
    is_product = np.ones(len(numbers), dtype=bool)
    is_product[starts] = False
    return np.repeat(numbers[starts], lengths - 1), numbers[is_product]


def _plain(content: bytes) -> tuple[IntArray, IntArray] | None:
    """As `_any`, many times faster; None where that has to read the content.

    That is a file without numbers, with more than digits, blanks and line feeds, or with numbers
    that may not fit 64 bits.
    """
    letters = np.frombuffer(content, np.uint8)
    is_digit, is_end = letters - ord("0") < 10, letters == ord("\n")
    if not (is_digit | is_end | (letters == ord(" "))).all():
        return None
    edges = np.flatnonzero(np.diff(is_digit, prepend=False, append=False))
    starts, ends = edges[::2], edges[1::2]
    if not len(starts) or (ends - starts > _SURE_DIGITS).any():
        return None
    words = np.searchsorted(starts, np.flatnonzero(is_end))
    lengths = np.diff(words, prepend=0, append=len(starts))
    return lengths[lengths > 0], np.fromstring(content, np.int64, sep=" ")


def _any(name: str, text: str) -> tuple[IntArray, IntArray]:
    """Of a text: the number of words in each line that has some, and all words as numbers."""
    lines = [line.split() for line in text.splitlines()]
    lengths = np.array([len(line) for line in lines if line], dtype=np.int64)
    try:
        return lengths, np.array([word for line in lines for word in line], dtype=np.int64)
    except (ValueError, OverflowError):
        raise InputError(_first_bad_line(name, lines)) from None


def _first_bad_line(name: str, lines: list[list[str]]) -> str:
    for number, words in enumerate(lines, 1):
        for word in words:
            try:
                np.int64(int(word))
            except (ValueError, OverflowError):
                return (
                    f"{name}: line {number}: expected whole numbers, got {shown(word)}; fix the "
                    "line"
                )
    return f"{name}: expected whole numbers"
