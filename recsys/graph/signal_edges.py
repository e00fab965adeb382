"""Signals that customers showed, as timed edges of the graph.

They come from the side table `signals` (`recsys.data.snapshots`), of which a cut-off leaves out the
rows from it on.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import microseconds
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class SignalEdges:
    """An edge for each moment at which a signal showed.

    Attributes:
        names: [S] of the signals, sorted.
        signals: [n] positions in `names`.
        customers: [n] row numbers.
        products: [n] row numbers; -1 for a signal of the customer alone.
        times: [n] int64 UTC microseconds from which it was known.
    """

    names: tuple[str, ...]
    signals: IntArray
    customers: IntArray
    products: IntArray
    times: IntArray

    @classmethod
    def of(cls, data: Dataset) -> "SignalEdges":
        """Those of a data set; none where it has no table of signals."""
        table = data.side_tables.get("signals")
        if table is None:
            table = pd.DataFrame({
                columns.CUSTOMER: data.customers.ids[:0], columns.PRODUCT: data.products.ids[:0],
                columns.SIGNAL: [], columns.TIMESTAMP: pd.DatetimeIndex([], tz="UTC"),
            })  # fmt: skip
        signals, names = pd.factorize(table[columns.SIGNAL], sort=True)
        products = np.full(len(table), -1, np.int64)
        has_product = table[columns.PRODUCT].notna().to_numpy()
        products[has_product] = data.products.rows(table.loc[has_product, columns.PRODUCT])
        return cls(
            names=tuple(map(str, names)),
            signals=signals.astype(np.int64),
            customers=data.customers.rows(table[columns.CUSTOMER]).astype(np.int64),
            products=products,
            times=microseconds(table[columns.TIMESTAMP]),
        )

    def __len__(self) -> int:
        return len(self.signals)

    @property
    def alone(self) -> BoolArray:
        """[n] bool, signals of the customer alone, which are edges to a node of the signal."""
        return np.asarray(self.products < 0)


def require_signals(data: Dataset) -> None:
    """Raises `InputError` where a data set has no signals that could be edges."""
    if not len(SignalEdges.of(data)):
        raise InputError(
            f"model.signals: data={data.name} has no signals; set it to 0, or "
            "data=with_segments data.signals_as=edges"
        )
