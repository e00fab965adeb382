"""Our visits.csv: one row a visit, with what was looked at or bought, where and when.

Cut-offs: valid from 2026-02-15, test from 2026-03-01. Seen products are masked. Known to be odd:
the branch books purchases in the evening, so order within a day means nothing.
"""

from pathlib import Path

import pandas as pd

from recsys.data import columns
from recsys.data.source import Cutoffs
from recsys.data.tables import Tables
from recsys.errors import InputError

_ACTIONS = {"looked": "view", "bought": "purchase"}


class Visits:
    """The visits in `root/visits.csv`.

    Args:
        root: the folder.
    """

    name = "visits"
    version = "1"  # another number whenever the same file would give other tables
    cutoffs: Cutoffs | None = Cutoffs(
        valid_from=pd.Timestamp("2026-02-15", tz="UTC"),
        test_from=pd.Timestamp("2026-03-01", tz="UTC"),
    )
    filter_seen = True
    targets: tuple[str, ...] = ("purchase",)

    def __init__(self, *, root: str) -> None:
        self.file = Path(root) / "visits.csv"
        if not self.file.is_file():
            raise InputError(f"data.root={root}: expected a folder with visits.csv; set data.root")

    def load(self) -> Tables:
        """Our columns under the names that recsys knows; it checks every cell."""
        visits = pd.read_csv(self.file, dtype=str, keep_default_na=False)
        return Tables(
            interactions=pd.DataFrame(
                {
                    columns.CUSTOMER: visits["client"],
                    columns.PRODUCT: visits["article"],
                    columns.TOUCHPOINT: visits["channel"],
                    columns.ACTION: visits["what"].replace(_ACTIONS),
                    columns.TIMESTAMP: visits["day"],
                }
            )
        )
