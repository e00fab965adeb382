"""Features of a session before it begins, and after each of its events.

The same code serves training, with all customers at once, and answers, with one. A feature looks
back at most `HORIZON`, so that an artifact need not keep older events. nan: there is nothing to
measure.
"""

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.ops.session_events import CART, CLICK, PURCHASE, STEPS, VIEW, SessionEvents
from recsys.ops.until import DAY

HORIZON = 180 * DAY
"""Seconds that features look back."""
STRAND = 60 * DAY
"""Seconds that earlier sessions about the same group count as of one strand."""

KINDS = ("bought", "cart", "help", "click", "view")
"""Of a session, by the strongest thing done in it; help: nothing about a product."""
BOUGHT, IN_CART, HELP, CLICKED, VIEWED = range(len(KINDS))

_BACK = (1, 2, 3)
BEFORE = (
    *(f"days_since_session_{back}" for back in _BACK),
    *(f"kind_of_session_{back}" for back in _BACK),
    *(f"days_since_{kind}" for kind in KINDS),
    *(f"sessions_{kind}" for kind in KINDS),
    "second_of_day",
    "weekday",
)
"""Columns of `before`."""
_GROUP_STEPS = (VIEW, CLICK, CART, PURCHASE)
AFTER = (
    *(f"{step}s" for step in STEPS),
    "without_product",
    "events",
    "step",
    "touchpoint",
    "has_product",
    "same_product_as_first",
    "seconds_since_start",
    "second_of_day",
    "days_since_group_1",
    "days_since_group_2",
    *(f"last_{STEPS[step]}s_of_group" for step in _GROUP_STEPS),
    "same_product_as_last_of_group",
    "sessions_of_group",
    "clicks_of_group",
    "carts_of_group",
    "days_since_purchase_of_group",
)
"""Columns of `after`."""


def before(events: SessionEvents) -> FloatArray:
    """[S, B] float64, the columns `BEFORE` of each session, from the sessions before it."""
    if not len(events):
        return np.empty((0, len(BEFORE)))
    starts = events.starts
    customers, when = events.customers[starts], events.when[starts]
    kinds = session_kinds(events)
    runs = _Runs(customers, when)
    earlier = [runs.back(back) for back in _BACK]
    columns: list[FloatArray | IntArray] = [runs.days_since(position) for position in earlier]
    columns += [_at(kinds, runs.within(position)) for position in earlier]
    of_kind = [kinds == kind for kind in range(len(KINDS))]
    columns += [runs.days_since(runs.latest(chosen)) for chosen in of_kind]
    columns += [runs.count(chosen, HORIZON) for chosen in of_kind]
    columns += [when % DAY, (when // DAY + 3) % 7]
    return np.column_stack(columns).astype(np.float64)


def session_kinds(events: SessionEvents) -> IntArray:
    """[S] position in `KINDS`."""
    if not len(events):
        return np.zeros(0, np.int64)

    def some(mask: BoolArray) -> BoolArray:
        return np.logical_or.reduceat(mask, events.starts)

    steps = events.steps
    return np.select(
        [some(steps == PURCHASE), some(steps == CART), ~some(events.products >= 0),
         some(steps == CLICK)],
        [BOUGHT, IN_CART, HELP, CLICKED],
        VIEWED,
    ).astype(np.int64)  # fmt: skip


def after(events: SessionEvents) -> FloatArray:
    """[E, A] float64, the columns `AFTER` after each event, from it and what was before it."""
    if not len(events):
        return np.empty((0, len(AFTER)))
    first = events.starts[events.sessions]
    steps = [events.steps == step for step in range(len(STEPS))]
    has_product = events.products >= 0
    columns: list[FloatArray | IntArray | BoolArray] = [
        _so_far(mask, first) for mask in (*steps, ~has_product)
    ]
    columns += [
        np.arange(len(events)) - first + 1,
        events.steps,
        np.where(events.touchpoints >= 0, events.touchpoints, np.nan),
        has_product,
        has_product & (events.products == events.products[first]),
        events.when - events.when[first],
        events.when % DAY,
    ]
    return np.column_stack([*columns, _of_groups(events)]).astype(np.float64)


def _of_groups(events: SessionEvents) -> FloatArray:
    """[E, G] the columns of `AFTER` about earlier sessions with the group of each event."""
    # Events about no group share group 0, and get nan in the end.
    width = int(events.groups.max(initial=-1)) + 2
    pairs, visit = np.unique(events.sessions * width + events.groups + 1, return_inverse=True)
    session, group = pairs // width, pairs % width
    # A row a visit: a session and a group that it is about, sorted by customer, group and time.
    customers = events.customers[events.starts][session]
    order = np.lexsort((session, group, customers))
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    when = events.when[events.starts][session]
    owners = np.unique(customers * width + group, return_inverse=True)[1]
    runs = _Runs(owners[order], when[order])
    done = [
        np.bincount(visit, weights=events.steps == step, minlength=len(pairs))[order]
        for step in _GROUP_STEPS
    ]
    last_product = np.full(len(pairs), -1)
    np.maximum.at(last_product, visit, np.arange(len(events)))
    last_product = events.products[last_product][order]
    one, two = runs.back(1), runs.back(2)
    known = runs.within(one)
    columns = [runs.days_since(one), runs.days_since(two)]
    columns += [_at(each, known) for each in done]
    columns += [_at(last_product, known)]
    columns += [runs.count(np.ones(len(pairs)), STRAND)]
    columns += [runs.count(each, STRAND) for each in (done[1], done[2])]
    columns += [runs.days_since(runs.latest(done[3] > 0))]
    of_visits = np.column_stack(columns)[place][visit]
    same = len(_GROUP_STEPS) + 2
    of_visits[:, same] = np.where(
        np.isnan(of_visits[:, same]), np.nan, of_visits[:, same] == events.products
    )
    of_visits[events.groups < 0] = np.nan
    return of_visits


class _Runs:
    """Rows, at least one, by owner, then time; what came before each of them, of the same owner."""

    def __init__(self, owners: IntArray, when: IntArray) -> None:
        self.owners, self.when = owners, when
        self.rows = np.arange(len(owners))
        self.first = np.searchsorted(owners, owners)
        self.least = int(when.min(initial=0))
        self.stride = int(when.max(initial=0)) - self.least + 2
        # Seconds of centuries, times the customers of a market, fit into 64 bits.
        self.codes = owners * self.stride + (when - self.least)

    def back(self, count: int) -> IntArray:
        """[n] the row so many before, -1 for none."""
        return np.where(self.rows - count >= self.first, self.rows - count, -1)

    def latest(self, chosen: BoolArray) -> IntArray:
        """[n] the latest chosen row before each, -1 for none."""
        last = np.maximum.accumulate(np.where(chosen, self.rows, -1))
        last = np.append(-1, last[:-1])
        return np.where(last >= self.first, last, -1)

    def within(self, position: IntArray) -> IntArray:
        """[n] the positions, -1 where they lie beyond the horizon."""
        age = self.when - self.when[position]
        return np.where((position >= 0) & (age <= HORIZON), position, -1)

    def days_since(self, position: IntArray) -> FloatArray:
        """[n] days since the rows at some positions; nan for none."""
        inside = self.within(position)
        return np.where(inside >= 0, (self.when - self.when[inside]) / DAY, np.nan)

    def count(self, weights: FloatArray | IntArray | BoolArray, window: int) -> FloatArray:
        """[n] sum of the weights of the rows before each within so many seconds."""
        sums = np.concatenate([[0.0], np.cumsum(weights)])
        since = np.maximum(self.when - window, self.least) - self.least
        begin = np.searchsorted(self.codes, self.owners * self.stride + since)
        within: FloatArray = sums[self.rows] - sums[begin]
        return within


def _so_far(mask: BoolArray, first: IntArray) -> IntArray:
    """[E] how many events of the mask each session has up to an event."""
    total = np.concatenate([[0], np.cumsum(mask)])
    return np.asarray(total[1:] - total[first])


def _at(values: IntArray | FloatArray, position: IntArray) -> FloatArray:
    """Values [n] at positions, nan for -1."""
    return np.append(values.astype(np.float64), np.nan)[position]
