"""Which offers leave whose list, and until when: from events and from outcomes of decisions."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, IntArray
from recsys.data import columns
from recsys.data.dataset import Dataset
from recsys.data.interactions import ACTION_CODES, NEVER, microseconds
from recsys.errors import InputError
from recsys.ops.csr import expand_ranges
from recsys.ops.until import ends
from recsys.policy.compiled.eligibility import LeaveOut
from recsys.policy.compiled.times import DAY, OPEN_END, OPEN_START
from recsys.policy.rules.offers import Offers
from recsys.policy.rules.policy import LeaveOutRule


def leave_out(rules: Sequence[LeaveOutRule], data: Dataset, offers: Offers) -> LeaveOut | None:
    """The entries of all rules; None without a rule.

    An action counts where the interactions have it, and `accept`, `reject` and `ignore` also where
    a decision has that outcome, for every product of its offer. An offer leaves the list while
    all its products are to be left out. Offers and entries that have ended before the cut-off of
    the data are not kept.

    Raises:
        InputError: a rule counts days, and the interactions have no timestamp.
    """
    if not rules:
        return None
    now = data.as_of_seconds
    running = offers.valid_to > (OPEN_START if now is None else now)
    parts = []
    for number, rule in enumerate(rules):
        customers, products, until = _products_until(rule, number, data, offers)
        kept = until > now if now is not None else np.ones(len(until), dtype=bool)
        entries = _by_offer(customers[kept], products[kept], until[kept], offers, running)
        parts.append((*entries, np.full(len(entries[0]), number, np.int8)))
    customers, rows, until, numbers = (np.concatenate(part) for part in zip(*parts, strict=True))
    order = np.lexsort((rows, numbers, customers))
    per_customer = np.bincount(customers, minlength=len(data.customers))
    return LeaveOut(
        names=[rule.name for rule in rules],
        starts=np.concatenate([[0], np.cumsum(per_customer)]).astype(np.int64),
        offers=rows[order].astype(np.int32),
        rules=numbers[order],
        until=until[order].astype(np.int64),
    )


def _products_until(
    rule: LeaveOutRule, number: int, data: Dataset, offers: Offers
) -> tuple[IntArray, IntArray, IntArray]:
    """Customer, product and the end of the rule [n], each pair of customer and product once."""
    events = data.interactions
    chosen = (events.actions == ACTION_CODES[rule.action]) & (events.products >= 0)
    if events.when is not None:
        chosen &= events.when != NEVER
    customers, products = events.customers[chosen], events.products[chosen]
    until = np.full(len(customers), OPEN_END)
    if rule.days is not None:
        if data.clock != "timestamp" or events.when is None:
            raise InputError(
                f"policy.leave_out[{number}].days: expected interactions with a timestamp, got "
                "none; leave out 'days', which leaves the product out for ever"
            )
        until = ends(events.when[chosen], rule.days * DAY)
    if rule.action in columns.OUTCOMES:
        more = _of_decisions(rule, data, offers)
        customers, products, until = (
            np.concatenate(pair) for pair in zip((customers, products, until), more, strict=True)
        )
    width = max(len(data.products), 1)
    keys = customers.astype(np.int64) * width + products
    distinct, which = np.unique(keys, return_inverse=True)
    latest = np.full(len(distinct), OPEN_START)
    np.maximum.at(latest, which, until)
    return distinct // width, distinct % width, latest


def _of_decisions(
    rule: LeaveOutRule, data: Dataset, offers: Offers
) -> tuple[IntArray, IntArray, IntArray]:
    nothing = np.zeros(0, np.int64)
    table = data.side_tables.get("decisions")
    if table is None:
        return nothing, nothing, nothing
    chosen = table[table[columns.OUTCOME] == rule.action]
    # As texts: a table may hold 7 where another, with ids such as "coupon", holds "7".
    known = pd.DataFrame(
        {"id": offers.ids.astype(str).take(offers.owners).to_numpy(), "product": offers.products}
    ).drop_duplicates()
    when = microseconds(chosen[columns.TIMESTAMP])
    made = pd.DataFrame(
        {
            "id": chosen[columns.OFFER].astype(str).to_numpy(),
            "customer": data.customers.rows(chosen[columns.CUSTOMER]),
            "until": OPEN_END if rule.days is None else ends(when, rule.days * DAY),
        }
    )
    joined = made.merge(known, on="id")
    return (
        joined["customer"].to_numpy(np.int64),
        joined["product"].to_numpy(np.int64),
        joined["until"].to_numpy(np.int64),
    )


def _by_offer(
    customers: IntArray, products: IntArray, until: IntArray, offers: Offers, running: BoolArray
) -> tuple[IntArray, IntArray, IntArray]:
    """Customer, offer and end [n] of the running offers all of whose products are left out."""
    kept = running[offers.owners]
    of_product, owners = offers.products[kept], offers.owners[kept]
    order = np.argsort(of_product, kind="stable")
    bounds = np.searchsorted(of_product[order], [products, products + 1])
    entries, positions = expand_ranges(bounds[0], bounds[1])
    rows = owners[order][positions]
    width = max(len(offers), 1)
    keys, which = np.unique(customers[entries] * width + rows, return_inverse=True)
    first_back = np.full(len(keys), OPEN_END)
    np.minimum.at(first_back, which, until[entries])
    complete = np.bincount(which, minlength=len(keys)) == np.diff(offers.starts)[keys % width]
    keys, first_back = keys[complete], first_back[complete]
    return keys // width, keys % width, first_back
