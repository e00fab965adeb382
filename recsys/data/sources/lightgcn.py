"""train.txt and test.txt as published with NGCF and LightGCN (Gowalla, Yelp2018, Amazon-Book).

Cut-offs: none, the split is given. Seen products are masked, as in all published tables.
Odd: no time, no touchpoint; no validation part ships with the files, so one is held out of train.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.tables import Tables
from recsys.errors import InputError


class LightGCNFiles:
    """One line a customer: the customer's number, then the numbers of the products."""

    name: str = "lightgcn"
    version: str = "1"
    cutoffs: Cutoffs | None = None
    masks_seen: bool = True
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


def _read(path: Path) -> tuple[np.ndarray, np.ndarray]:
    lines = path.read_text().splitlines()
    try:
        numbers = np.array(" ".join(lines).split(), dtype=np.int64)
    except ValueError as error:
        raise InputError(f"{path.name}: expected whole numbers only; {error}") from None
    lengths = np.array([len(line.split()) for line in lines])
    lengths = lengths[lengths > 0]
    starts = np.cumsum(lengths) - lengths
    is_product = np.ones(len(numbers), dtype=bool)
    is_product[starts] = False
    return np.repeat(numbers[starts], lengths - 1), numbers[is_product]
