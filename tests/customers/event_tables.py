"""Small data sets of events for the tests of segments and signals."""

import pandas as pd

from recsys.data.dataset import Dataset

END = pd.Timestamp("2026-03-01", tz="UTC")
AS_OF = int(END.value // 1_000)
DAY = 86_400_000_000


def events(rows: list[tuple[str, str | None, str, float, float]]) -> pd.DataFrame:
    """Rows of customer, product, action, days before the cut-off and value."""
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "action", "days", "value"])
    days = pd.to_timedelta(table.pop("days"), unit="D")
    return table.assign(timestamp=END - days)


def data_of(rows: list[tuple[str, str | None, str, float, float]], **tables: object) -> Dataset:
    """A data set of such rows."""
    return Dataset.from_frames(events(rows), **tables)  # type: ignore[arg-type]
