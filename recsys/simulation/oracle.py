"""`Oracle`: ranks by expectations from the true parameters, an upper bound for all models."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Self

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import SECOND
from recsys.errors import InputError
from recsys.simulation import calendar
from recsys.simulation.calendar import ForecastWindow
from recsys.simulation.chunk import CUSTOMERS, Latent
from recsys.simulation.expectation import expected_at, expected_targets
from recsys.simulation.keys import customer_rows, rows_in_list
from recsys.simulation.names import TOUCHPOINT_NAMES
from recsys.simulation.source import SimulatedMarket
from recsys.simulation.world import product_ids

BLOCK = 512
# Length of the window after the end of the market.
DAYS_BEYOND = 30


class Oracle:
    """A model that knows taste, drift and all purposes at the cut-off, and nothing after it.

    The score of a product is the expected number of its purchases and acceptances between the
    cut-off and the next one (or the end of the market). It is an upper bound up to the
    approximations listed in `recsys.simulation.expectation`. Events are not read.

    Args:
        market: whose truth is used.
        three_way: False leaves out the term that depends on customer, product and touchpoint
            together: the upper bound for models that are sums of pairs.

    Raises:
        InputError: the market is not a `SimulatedMarket`.
    """

    def __init__(self, *, market: SimulatedMarket, three_way: bool = True) -> None:
        # In a run, `market` is the source that `data=` names.
        if not isinstance(market, SimulatedMarket):
            raise InputError(
                f"model.market: expected the simulated market, got {type(market).__name__}; use "
                "data=simulated, or another model"
            )
        self.market, self.three_way = market, three_way

    def fit(self, data: Dataset, validate: object = None) -> Self:
        """Takes the ids and the cut-off of the data; its events are not read.

        Args:
            data: of this market; `customers`, `products`, `touchpoints` and `as_of` are read.
            validate: not used.

        Raises:
            InputError: an id is not of this market, or the data has no cut-off.
        """
        if data.as_of is None:
            raise InputError(
                "model=oracle: expected data with a cut-off in time, got none; use data=simulated"
            )
        self._persons = customer_rows(data.customers.ids, self.market.customers)
        self._products = rows_in_list("product", data.products.ids, product_ids())
        self._touchpoints = rows_in_list("touchpoint", data.touchpoints.ids, list(TOUCHPOINT_NAMES))
        start = calendar.from_epoch(int(data.as_of) // SECOND)
        self._window = ForecastWindow(start=start, end=self._horizon(start))
        return self

    def score(self, customers: IntArray, touchpoints: IntArray | None = None) -> FloatArray:
        """Expected target events in the window.

        Args:
            customers: [Q] row numbers.
            touchpoints: [Q] row numbers of where the products are offered; -1 or None for the
                customer's usual mix.

        Returns:
            [Q, P] float32, higher is better.
        """
        persons = self._persons[customers]
        market_touchpoints = np.full(len(persons), -1)
        if touchpoints is not None:
            market_touchpoints = np.where(touchpoints < 0, -1, self._touchpoints[touchpoints])
        scores = np.empty((len(persons), len(self._products)), np.float32)
        for number, block in _blocks(persons):
            expected = expected_targets(
                self._latent(number),
                persons[block] % CUSTOMERS,
                market_touchpoints[block],
                self._window,
            )
            scores[block] = expected[:, self._products]
        return scores

    def score_touchpoints(self, customers: IntArray, products: IntArray) -> FloatArray:
        """Expected target events of pairs of customer and product at each touchpoint.

        Args:
            customers: [Q] row numbers.
            products: [Q] row numbers.

        Returns:
            [Q, T] float32, higher is better.
        """
        persons = self._persons[customers]
        scores = np.empty((len(persons), len(self._touchpoints)), np.float32)
        for number, block in _blocks(persons):
            rows = persons[block] % CUSTOMERS
            of_pair = np.arange(len(rows)), self._products[products[block]]
            for column, touchpoint in enumerate(self._touchpoints):
                expected = expected_at(self._latent(number), rows, int(touchpoint), self._window)
                scores[block, column] = expected[of_pair]
        return scores

    def _latent(self, number: int) -> Latent:
        true = self.market.latent(number)
        if self.three_way:
            return true
        return replace(
            true, world=replace(true.world, touchpoint_side=0 * true.world.touchpoint_side)
        )

    def _horizon(self, start: int) -> int:
        cutoffs = self.market.cutoffs
        marks = calendar.market_seconds([cutoffs.valid_from, cutoffs.test_from])
        later = [int(mark) for mark in marks if mark > start]
        return min(later) if later else max(calendar.END, start + DAYS_BEYOND * calendar.DAY)


def _blocks(persons: IntArray) -> Iterator[tuple[int, IntArray]]:
    """Chunk number and positions of up to `BLOCK` persons of it, chunk by chunk."""
    order = np.argsort(persons, kind="stable")
    numbers, starts = np.unique(persons[order] // CUSTOMERS, return_index=True)
    for number, members in zip(numbers, np.split(order, starts[1:]), strict=True):
        for start in range(0, len(members), BLOCK):
            yield int(number), members[start : start + BLOCK]
