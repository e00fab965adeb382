"""`signals_at`: which customers show which signal as of a cut-off, and since when."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.customers.expressions.facts import Facts
from recsys.customers.expressions.known import compiled_or_left_out, known_customers
from recsys.customers.expressions.run import Bounds, Kind, computed
from recsys.customers.signals.library import Per, Signal, SignalLibrary
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import timestamp
from recsys.errors import InputError

_SINCE = ".since"


@dataclass(frozen=True, eq=False)
class Detected:
    """Signals as of a cut-off, by signal and then by row number.

    Attributes:
        as_of: UTC microseconds.
        names: of the signals that could be computed.
        known: [m] int64 row numbers of customers with an event or a row before the cut-off.
        signals: [n] positions in `names`.
        customers: [n] row numbers.
        products: [n] row numbers; -1 for a signal of the customer alone.
        since: [n] int64 UTC microseconds up to `as_of`, from which it counts; `as_of` where the
            signal does not say. It is known from `as_of` only: a silence since a contact shows
            weeks after the contact.
        left_out: names of signals whose columns the data lack -> why.
    """

    as_of: int
    names: tuple[str, ...]
    known: IntArray
    signals: IntArray
    customers: IntArray
    products: IntArray
    since: IntArray
    left_out: Mapping[str, str]

    def __len__(self) -> int:
        return len(self.signals)

    def of_signal(self, name: str) -> BoolArray:
        """[n] bool, rows of a signal; none where it could not be computed."""
        number = self.names.index(name) if name in self.names else -1
        return np.asarray(self.signals == number)

    def shown_by(self, customers: int) -> BoolArray:
        """[customers, names] bool, which customers show which signals."""
        shown = np.zeros((customers, len(self.names)), dtype=bool)
        shown[self.customers, self.signals] = True
        return shown

    def table(self, data: Dataset) -> pd.DataFrame:
        """[n] rows of customer_id, product_id (may be empty), signal, timestamp and since.

        `timestamp` is the cut-off, when the signal is known.
        """
        products = pd.Series(data.products.ids).astype(object).reindex(self.products)
        return pd.DataFrame(
            {
                columns.CUSTOMER: data.customers.ids[self.customers],
                columns.PRODUCT: products.to_numpy(),
                columns.SIGNAL: np.array(self.names, dtype=object)[self.signals],
                columns.TIMESTAMP: timestamp(self.as_of),
                "since": pd.to_datetime(self.since, unit="us", utc=True),
            }
        )


def signals_at(
    library: SignalLibrary, data: Dataset, moment: int, bounds: Bounds | None = None
) -> Detected:
    """Signals from events and dated rows before a moment alone: one pass, two with products.

    Args:
        library: of signals.
        data: with timestamps.
        moment: UTC microseconds.
        bounds: what a pass may take.

    Raises:
        InputError: an expression is wrong, names an unknown column, takes too much, or dates a
            signal at or after the cut-off.
    """
    facts = Facts.before(data, moment)
    shown: dict[str, tuple[IntArray, IntArray, IntArray]] = {}
    left_out: dict[str, str] = {}
    for per in ("customer", "product"):
        wanted = [signal for signal in library.signals if signal.per == per]
        if wanted:
            part, missing = _of_kind(wanted, facts, per, library.skips, bounds)
            shown |= part
            left_out |= missing
    if not shown:
        raise InputError(
            f"signals: expected columns that the data have; {next(iter(left_out.values()))}"
        )
    names = tuple(name for name in library.names if name in shown)
    parts = [shown[name] for name in names]
    sizes = [len(customers) for customers, _, _ in parts]
    customers, products, since = (np.concatenate(side) for side in zip(*parts, strict=True))
    return Detected(
        as_of=moment,
        names=names,
        known=known_customers(facts),
        signals=np.repeat(np.arange(len(names)), sizes),
        customers=customers,
        products=products,
        since=since,
        left_out=left_out,
    )


def _of_kind(
    signals: Sequence[Signal], facts: Facts, per: Per, skips: bool, bounds: Bounds | None
) -> tuple[dict[str, tuple[IntArray, IntArray, IntArray]], dict[str, str]]:
    """Customers, products and since of each signal of a kind, and what was left out."""
    wanted: list[tuple[str, str, Kind]] = []
    for signal in signals:
        wanted.append((signal.name, signal.when, "condition"))
        if signal.since is not None:
            wanted.append((f"{signal.name}{_SINCE}", signal.since, "moment"))
    of_products = per == "product"
    compiled, left_out = compiled_or_left_out(
        wanted, facts, "signals", skips, per_product=of_products
    )
    left_out = {name.removesuffix(_SINCE): why for name, why in left_out.items()}
    compiled = {name: each for name, each in compiled.items()
                if name.removesuffix(_SINCE) not in left_out}  # fmt: skip
    if not compiled:
        return {}, left_out
    results = computed(facts, list(compiled.values()), per_product=of_products, bounds=bounds)
    position = {name: at for at, name in enumerate(compiled)}
    is_known = np.zeros(len(facts.past.customers), dtype=bool)
    is_known[known_customers(facts)] = True
    shown = {}
    for signal in signals:
        if signal.name not in position:
            continue
        rows = np.flatnonzero(results.values[position[signal.name]] & is_known[results.customers])
        moments = np.full(len(rows), facts.as_of)
        if signal.since is not None:
            at = position[f"{signal.name}{_SINCE}"]
            moments = np.where(results.known[at][rows], results.values[at][rows], facts.as_of)
            _refuse_future(signal, moments, facts, results.customers[rows])
        products = np.full(len(rows), -1) if results.products is None else results.products[rows]
        shown[signal.name] = (results.customers[rows], products, moments)
    return shown, left_out


def _refuse_future(signal: Signal, moments: IntArray, facts: Facts, customers: IntArray) -> None:
    late = np.flatnonzero(moments > facts.as_of)
    if len(late):
        who = facts.past.customers.ids[customers[late[0]]]
        raise InputError(
            f"signals.{signal.name}.since: expected moments before the cut-off "
            f"{facts.moment:%Y-%m-%d %H:%M}, got {timestamp(int(moments[late[0]])):%Y-%m-%d %H:%M} "
            f"of customer {who}; a signal counts from what is past: leave 'since' out"
        )
