"""`CustomerFacts`: what can be told about customers as of a cut-off, to describe groups of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import csr_array, hstack

from recsys.arrays import BoolArray, FloatArray, IdArray, IntArray
from recsys.customers.lifetime_value.bands import BAND_SHARES
from recsys.customers.lifetime_value.bands import NAMES as BAND_NAMES
from recsys.customers.segments.library import Bands
from recsys.customers.segments.members import banded
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, NEVER
from recsys.graph.action_weights import event_action_weights
from recsys.graph.dayparts import DAYPARTS, dayparts
from recsys.graph.features import as_of
from recsys.ops.csr import entry_rows

MOST_VALUES = 200
"""Products, or values of a column, that are told: those of most customers."""
VALUE_BANDS = Bands("value", BAND_SHARES, BAND_NAMES)
"""As the bands of `recsys value`."""
PRODUCT = "product"
"""Kind of the facts about single products."""
EVENTS = "events"
"""Name of the number of a customer's events, among `CustomerFacts.numbers`."""
_TAKEN = ("accept", "purchase")


@dataclass(frozen=True)
class Fact:
    """A kind, as "category", "touchpoint" or a column of customers, and one of its values."""

    kind: str
    value: str


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerFacts:
    """What is known of n customers.

    Attributes:
        facts: [F].
        shares: [n, F] float64; of products, categories, touchpoints and dayparts the share of the
            customer's events that a fact holds for, of columns of customers 0 or 1.
        numbers: name -> [n] float64, nan where unknown.
        value: [n] float64 value of the targets and of what each accepted or purchased, or their
            number where events have no value.
        bands: [n] object, the band of that value.
    """

    facts: tuple[Fact, ...]
    shares: csr_array
    numbers: Mapping[str, FloatArray]
    value: FloatArray
    bands: IdArray


def customer_facts(data: Dataset, customers: IntArray) -> CustomerFacts:
    """What can be told of some customers from events and dated rows of the data.

    Args:
        data: whose end is the cut-off.
        customers: [n] row numbers.
    """
    active, known = event_action_weights(data, None) > 0, dict(_known(data))
    blocks = [*_of_events(data, active), *_of_columns(known)]
    value = _value(data)[customers]
    bands = banded(value, VALUE_BANDS)
    every = csr_array(hstack([block for _, block in blocks])) if blocks else None
    shares = csr_array((len(customers), 0)) if every is None else every[customers]
    return CustomerFacts(
        facts=tuple(fact for facts, _ in blocks for fact in facts),
        shares=shares,
        numbers={name: numbers[customers] for name, numbers in _numbers(data, active, known)},
        value=value,
        bands=bands,
    )


def _of_events(data: Dataset, active: BoolArray) -> Iterator[tuple[list[Fact], csr_array]]:
    """Shares of customers' active events by category, product, touchpoint and daypart."""
    events = data.interactions
    taken = active & data.is_target if (active & data.is_target).any() else active
    taken &= events.products >= 0
    table = data.side_tables.get("products")
    if table is not None and columns.CATEGORY in table:
        first = table.drop_duplicates(columns.PRODUCT)
        codes, names = pd.factorize(first[columns.CATEGORY].astype("string"), sort=True)
        category = np.full(len(data.products) + 1, -1)
        category[data.products.rows(first[columns.PRODUCT])] = codes
        category[-1] = -1
        named = [str(name) for name in names]
        yield _shares(data, columns.CATEGORY, category[events.products], named, taken)
    yield _shares(data, PRODUCT, events.products, _product_names(data), taken)
    yield _shares(data, "touchpoint", events.touchpoints, list(map(str, data.touchpoints.ids)),
                  active)  # fmt: skip
    if data.clock == "timestamp":
        assert events.when is not None
        timed = active & (events.when != NEVER)
        part = np.where(timed, dayparts(data), -1)
        yield _shares(data, "daypart", part, list(DAYPARTS), timed)


def _shares(
    data: Dataset, kind: str, codes: IntArray, names: list[str], counted: BoolArray
) -> tuple[list[Fact], csr_array]:
    """[C, m] shares of each customer's counted events by code; those of most customers."""
    kept = counted & (codes >= 0)
    size = (len(data.customers), len(names))
    pairs = (data.interactions.customers[kept], codes[kept])
    counts = csr_array((np.ones(int(kept.sum())), pairs), shape=size)
    counts.sum_duplicates()
    reach = np.bincount(counts.indices, minlength=len(names))
    most = np.sort(np.argsort(-reach, kind="stable")[:MOST_VALUES])
    most = most[reach[most] > 0]
    totals = np.maximum(counts.sum(axis=1), 1)
    counts.data /= totals[entry_rows(counts.indptr)]
    return [Fact(kind, names[code]) for code in most], csr_array(counts[:, most])


def _product_names(data: Dataset) -> list[str]:
    names = np.array(list(map(str, data.products.ids)), object)
    table = data.side_tables.get("products")
    if table is not None and columns.NAME in table:
        named = table.dropna(subset=[columns.NAME]).drop_duplicates(columns.PRODUCT)
        names[data.products.rows(named[columns.PRODUCT])] = named[columns.NAME].astype(str)
    return [str(name) for name in names]


def _of_columns(known: Mapping[str, pd.Series]) -> Iterator[tuple[list[Fact], csr_array]]:
    """Texts and flags of the table of customers, one column a value."""
    for name, column in known.items():
        if _is_number(column) or pd.api.types.is_datetime64_any_dtype(column):
            continue
        codes, values = pd.factorize(column.astype("string"), sort=True)
        if len(values) > MOST_VALUES:
            continue
        rows = np.flatnonzero(codes >= 0)
        block = csr_array((np.ones(len(rows)), (rows, codes[rows])),
                          shape=(len(codes), len(values)))  # fmt: skip
        yield [Fact(name, str(value)) for value in values], block


def _numbers(
    data: Dataset, active: BoolArray, known: Mapping[str, pd.Series]
) -> Iterator[tuple[str, FloatArray]]:
    """Numbers of the table of customers, and how active customers are."""
    for name, column in known.items():
        if _is_number(column):
            yield name, column.to_numpy(np.float64, na_value=np.nan)
    events = data.interactions.select(active)
    counts = np.bincount(events.customers, minlength=len(data.customers))
    yield EVENTS, counts.astype(np.float64)
    if data.clock == "timestamp" and data.as_of is not None and events.when is not None:
        last = np.full(len(counts), NEVER)
        np.maximum.at(last, events.customers, events.when)
        ago = (data.as_of - last) // DAY
        yield "days since the last event", np.where(last == NEVER, np.nan, ago)


def _is_number(column: pd.Series) -> bool:
    types = pd.api.types
    return types.is_numeric_dtype(column) and not types.is_bool_dtype(column)


def _known(data: Dataset) -> Iterator[tuple[str, pd.Series]]:
    """Columns of the table of customers as of the cut-off, by row number."""
    table = data.side_tables.get("customers")
    if table is None:
        return
    latest = as_of(table, columns.CUSTOMER, data.as_of_seconds)
    rows = data.customers.rows(latest[columns.CUSTOMER])
    by_row = latest.set_axis(rows)
    by_row = by_row[by_row.index >= 0].reindex(range(len(data.customers)))
    for name in by_row.columns:
        if name not in (columns.CUSTOMER, columns.VALID_FROM):
            yield str(name), by_row[name]


def _value(data: Dataset) -> FloatArray:
    events = data.interactions
    taken = events.has_action(_TAKEN) | data.is_target
    amounts = None if events.values is None else np.nan_to_num(events.values[taken])
    size = len(data.customers)
    return np.bincount(events.customers[taken], amounts, size).astype(np.float64)
