"""Events of any number for `suite=scale`, written day by day: fast, in little memory, resumable.

Not the simulated market: that one draws journeys, offers and their true probabilities at a quarter
of this speed, has 1,000 products whatever its size, and lies in files by customer. A bank's files
lie by day, and what scales badly shows with many products. So this one keeps of the market only
what loading and models feel: skewed activity and popularity, tastes that can be learned, several
ids of one person, events without a product.

- A customer's share of the events falls as (x + .001)^(-2/3) over the customers' positions x from
  0 to 1, whatever their number: of 30 events on average, the median has 18 and the most active
  1,100.
- Products lie in groups of 200, and within a group their shares fall alike. A customer has two
  groups: 60 % of the events are in the first, 25 % in the second, the rest anywhere.
- One customer id in a hundred is a second id of another one, which an identity links.
"""

import json
import math
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.suite import require_at_least
from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.errors import InputError
from recsys.ops.whole_file import whole_file, write_whole

FIRST_DAY = np.datetime64("2025-01-01")
DAYS, VALID_DAY, TEST_DAY = 100, 80, 90
EVENTS_A_CUSTOMER = 30
_GROUP = 200
_ALIASED = 0.01
_TASTES = np.array([0.6, 0.85])
"""Below the first a product of the first group, below the second one of the second group."""
_CONTACTS = 0.01
_ACTIONS = {"view": 0.55, "click": 0.2, "cart": 0.08, "accept": 0.05, "purchase": 0.12}
_TOUCHPOINTS = {
    "app": 0.4, "web": 0.3, "branch": 0.05, "call_center": 0.05, "email": 0.12, "push": 0.08,
}  # fmt: skip
_OUTBOUND = ("email", "push")
_EARLY = 0.001
"""Bounds the share of the most active."""
_MICROSECONDS_A_DAY = 86_400_000_000


def products_of(events: int) -> int:
    """Products beside so many events: 10,000 at a million, 30,000 at a hundred million."""
    growth = (events / 1e6) ** math.log(3, 100)
    groups: int = max(5, round(10_000 / _GROUP * growth))
    return groups * _GROUP


class ScaleEvents:
    """Tables of a given number of events over 100 days from 2025-01-01.

    Valid starts on day 80 (2025-03-22), test on day 90 (2025-04-01).

    Args:
        events: in 100 days; 30 a customer.
        products: their number, rounded down to groups; None for `products_of(events)`.
        seed: equal seeds give equal tables.

    Raises:
        InputError: there are fewer than 1,000 events or products.
    """

    def __init__(self, *, events: int, products: int | None = None, seed: int = 0) -> None:
        self.events, self.seed = events, seed
        self.products = products_of(events) if products is None else products
        require_at_least(1_000, events=self.events, products=self.products)
        self.customers = events // EVENTS_A_CUSTOMER
        self.groups = self.products // _GROUP
        self.aliases = max(1, int(self.customers * _ALIASED))

    def write(self, folder: Path, days: range = range(DAYS)) -> None:
        """Writes what is missing of the tables; parts of two days are in memory at a time.

        Args:
            folder: gets `interactions/2025-01-01.parquet` and so on, and the side tables.
            days: to write, from 0; later days than 99 continue the data.

        Raises:
            InputError: the folder holds other events, or cannot be written.
        """
        self._claim(folder)
        for name, table in self._side_tables().items():
            path = folder / f"{name}.parquet"
            if not path.exists():
                _write_table(path, table)
        missing = [day for day in days if not self.part(folder, day).exists()]
        # NumPy and the compression of Parquet let other threads run meanwhile.
        with ThreadPoolExecutor(2) as pool:
            for _ in pool.map(lambda day: self._write_day(folder, day), missing):
                pass

    def part(self, folder: Path, day: int) -> Path:
        """The file of a day's events."""
        return folder / "interactions" / f"{FIRST_DAY + day}.parquet"

    def day(self, day: int) -> pa.Table:
        """The events of a day, counted from 0, in order of time."""
        draw = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(day,)))
        size = (day + 1) * self.events // DAYS - day * self.events // DAYS
        customers = _skewed(draw, size, self.customers)
        moments = np.sort(draw.integers(_MICROSECONDS_A_DAY, size=size))
        moments += (FIRST_DAY + day).astype("datetime64[us]").astype(np.int64)
        actions = _chosen(draw, size, list(_ACTIONS.values()))
        is_contact = draw.random(size, np.float32) < _CONTACTS
        actions[is_contact] = len(_ACTIONS)
        products = pa.array(self._wanted(draw, customers), mask=is_contact)
        touchpoints = _chosen(draw, size, list(_TOUCHPOINTS.values()))
        return pa.table(
            {
                columns.CUSTOMER: self.customer_ids(customers),
                columns.PRODUCT: pa.DictionaryArray.from_arrays(products, self._product_ids()),
                columns.TOUCHPOINT: pa.DictionaryArray.from_arrays(touchpoints, [*_TOUCHPOINTS]),
                columns.ACTION: pa.DictionaryArray.from_arrays(actions, [*_ACTIONS, "contact"]),
                columns.TIMESTAMP: pa.array(moments, pa.timestamp("us", tz="UTC")),
            }
        )

    def customer_ids(self, positions: IntArray) -> pa.Array:
        """[n] ids of customers by activity; the numbers in them are shuffled."""
        # A step that has no factor in common with the number visits all, in an order of no meaning.
        step = int(self.customers * 0.618) | 1
        while np.gcd(step, self.customers) > 1:
            step += 2
        return _texts("C", positions.astype(np.int64) * step % self.customers, 8)

    def _wanted(self, draw: np.random.Generator, customers: IntArray) -> IntArray:
        """[n] products that customers [n] have events with."""
        size = len(customers)
        # The second id of a person has the taste of the first.
        persons = np.minimum(customers, self.customers - 1 - customers)
        persons = np.where(persons < self.aliases, persons, customers)
        taste = np.searchsorted(_TASTES, draw.random(size), side="right")
        anywhere = draw.integers(self.groups, size=size)
        group = np.where(taste < 2, _hashed(persons, taste) % self.groups, anywhere)
        within = _skewed(draw, size, _GROUP)
        return (group * _GROUP + within).astype(np.int32)

    def _claim(self, folder: Path) -> None:
        settings = {"events": self.events, "products": self.products, "seed": self.seed}
        path = folder / "scale.json"
        if path.exists():
            found = json.loads(path.read_text())
            if found != settings:
                raise InputError(f"{folder}: expected events of {settings}, got {found}; remove it")
        else:
            write_whole(path, json.dumps(settings) + "\n")

    def _write_day(self, folder: Path, day: int) -> None:
        _write_table(self.part(folder, day), self.day(day))

    def _side_tables(self) -> Mapping[str, pa.Table | pd.DataFrame]:
        draw = np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=(DAYS, 0)))
        everyone = np.arange(self.customers)
        aliases = np.arange(self.aliases)
        learned = FIRST_DAY + draw.integers(DAYS, size=len(aliases))
        products = np.arange(self.groups * _GROUP)
        return {
            "customers": pa.table(
                {
                    columns.CUSTOMER: self.customer_ids(everyone),
                    "age": draw.integers(18, 90, self.customers),
                    "region": pa.DictionaryArray.from_arrays(
                        draw.integers(20, size=self.customers).astype(np.int32),
                        [f"region {number}" for number in range(20)],
                    ),
                }
            ),
            "products": pa.table(
                {
                    columns.PRODUCT: self._product_ids(),
                    # Five groups of taste each, so that a category says something, but not all.
                    columns.CATEGORY: _texts("G", products // _GROUP // 5, 3),
                    columns.PRICE: np.round(draw.lognormal(3, 1, len(products)), 2),
                }
            ),
            "identities": pa.table(
                {
                    columns.ID_A: self.customer_ids(aliases),
                    columns.ID_B: self.customer_ids(self.customers - 1 - aliases),
                    columns.KIND: ["loyalty_card"] * len(aliases),
                    columns.TIMESTAMP: pa.array(
                        learned.astype("datetime64[us]"), pa.timestamp("us", tz="UTC")
                    ),
                    columns.CONFIDENCE: draw.uniform(0.6, 1, len(aliases)).round(3),
                }
            ),
            "touchpoints": pa.table(
                {
                    columns.TOUCHPOINT: [*_TOUCHPOINTS],
                    columns.OUTBOUND: [name in _OUTBOUND for name in _TOUCHPOINTS],
                }
            ),
        }

    def _product_ids(self) -> pa.Array:
        return _texts("P", np.arange(self.groups * _GROUP), 6)


def _skewed(draw: np.random.Generator, size: int, among: int) -> IntArray:
    """[size] int64 positions below `among`, whose shares fall as (x + `_EARLY`)^(-2/3)."""
    low, high = np.cbrt(_EARLY), np.cbrt(1 + _EARLY)
    x: FloatArray = draw.random(size)
    x *= high - low
    x += low
    return np.minimum((x * x * x - _EARLY) * among, among - 1).astype(np.int64)


def _chosen(draw: np.random.Generator, size: int, shares: list[float]) -> IntArray:
    """[size] int32 positions in the shares, drawn by them."""
    # A table of 1,000 is faster than a search.
    times = np.rint(np.multiply(shares, 1_000)).astype(np.int64)
    table = np.repeat(np.arange(len(shares), dtype=np.int32), times)
    return table[draw.integers(len(table), size=size)]


def _hashed(positions: IntArray, turn: IntArray) -> IntArray:
    """[n] int64 numbers without order: a multiplication of Knuth's, its high bits."""
    numbers = (positions * 2 + np.minimum(turn, 1) + 1).astype(np.uint64)
    return ((numbers * np.uint64(0x9E3779B97F4A7C15)) >> np.uint64(33)).astype(np.int64)


def _texts(letter: str, numbers: IntArray, digits: int) -> pa.Array:
    """[n] texts as C00000123, without making them one by one."""
    width, rest = digits + 1, numbers.astype(np.uint32)
    written = np.empty((len(numbers), width), np.uint8)
    written[:, 0] = ord(letter)
    for place in range(digits, 0, -1):
        tenth = rest // np.uint32(10)
        written[:, place] = rest - tenth * np.uint32(10) + ord("0")
        rest = tenth
    ends = np.arange(len(numbers) + 1, dtype=np.int32) * np.int32(width)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(written)]
    return pa.Array.from_buffers(pa.string(), len(numbers), buffers)


def _write_table(path: Path, table: pa.Table) -> None:
    # Without Arrow's schema, as other systems write: texts are read as texts.
    with whole_file(path) as file:
        pq.write_table(table, file, compression="zstd", store_schema=False)
