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
        parts = []
        for part in (columns.TRAIN_PART, columns.TEST_PART):
            customers, products = _read(self.folder / f"{part}.txt")
            table = pd.DataFrame({columns.CUSTOMER: customers, columns.PRODUCT: products})
            parts.append(table.assign(**{columns.PART: part}))
        return Tables(interactions=pd.concat(parts, ignore_index=True))


def _read(path: Path) -> tuple[IntArray, IntArray]:
    require_file(path)
    try:
        lines = [line.split() for line in path.read_text().splitlines()]
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name} cannot be read as text: {error}") from None
    lengths = np.array([len(line) for line in lines if line], dtype=np.int64)
    if not len(lengths):
        raise InputError(f"{path.name}: expected a line per customer, got none; is it complete?")
    try:
        numbers = np.array([word for line in lines for word in line], dtype=np.int64)
    except (ValueError, OverflowError):
        raise InputError(_first_bad_line(path.name, lines)) from None
    starts = np.cumsum(lengths) - lengths
    is_product = np.ones(len(numbers), dtype=bool)
    is_product[starts] = False
    return np.repeat(numbers[starts], lengths - 1), numbers[is_product]


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
