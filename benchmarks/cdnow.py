"""The purchases of CDNOW, whose products are not told apart."""

import pandas as pd

from benchmarks.suite import root_of_suite
from recsys.data import columns
from recsys.data.sources.folder import data_folder
from recsys.data.sources.parquet import read_parquet

_FILE = "transactions.parquet"


def cdnow(root: str) -> pd.DataFrame:
    """Interactions with the value of each purchase.

    Args:
        root: folder that has `cdnow`.

    Raises:
        InputError: a file is missing; names suite.root.
    """
    with root_of_suite():
        folder = data_folder(f"{root}/cdnow", [_FILE])
    rows = read_parquet(folder / _FILE)[[columns.CUSTOMER, columns.TIMESTAMP, columns.VALUE]]
    return rows.assign(**{columns.ACTION: columns.DEFAULT_ACTION})
