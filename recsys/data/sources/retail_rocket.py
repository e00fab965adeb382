"""RetailRocket, the subset of CML, KMCLR and SSLRec: views, carts and purchases of an online shop.

Cut-offs: none, the split is published: one purchase of each customer is test, without a time. Seen
products are left out of the ranking, and any action counts as seen: no product of test was viewed,
put into a cart or bought by its customer before.
Odd: there is one row per customer, product and action; repeats were collapsed, so it is unknown to
what a customer returned. Of the products of test 90 % occur in train, 42 % among its purchases; no
model can find the others. 66 customers have over 300 rows, one of them 4,961, and look like robots:
half of what a time-gap filter finds (products seen within minutes of each other) is theirs. The
published numbers of products leak: ranking by nearness of numbers alone reaches .164 Recall@20.
Nearly every purchase of train was viewed first; split=given leaves out the views of a held-out
purchase too, so that the products of valid left no trace, as those of test.
"""

import pandas as pd

from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_columns
from recsys.data.tables import Tables

_IDS = {"user": columns.CUSTOMER, "item": columns.PRODUCT}
_TRAIN = (*_IDS, "behaviour", columns.TIMESTAMP)
_ACTIONS = {"buy": "purchase"}
"""Published action -> action of the library, where they differ."""


class RetailRocket:
    """Views, carts and purchases; the purchases that came next are test.

    Args:
        root: folder with `train.parquet` and `test.parquet`.
    """

    name: str = "retail_rocket"
    version: str = "1"
    cutoffs: Cutoffs | None = None
    filter_seen: bool = True
    targets: tuple[str, ...] = ("purchase",)

    def __init__(self, *, root: str) -> None:
        self.folder = data_folder(root, ("train.parquet", "test.parquet"))

    def load(self) -> Tables:
        """Both files as interactions with a `part` column."""
        train = read_columns(self.folder / "train.parquet", _TRAIN, seconds=columns.TIMESTAMP)
        test = read_columns(self.folder / "test.parquet", tuple(_IDS))
        train[columns.ACTION] = train.pop("behaviour").replace(_ACTIONS)
        train[columns.PART] = columns.TRAIN_PART
        test[columns.ACTION] = "purchase"
        test[columns.PART] = columns.TEST_PART
        # Test has no column of times, so its rows have none.
        events = pd.concat([train, test], ignore_index=True)
        return Tables(interactions=events.rename(columns=_IDS))
