"""Why offers failed: what offers that were not accepted have in common, as the tables show it."""

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, Interactions
from recsys.evaluation.contrast import contrast
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.experiments.pairs import LEVEL
from recsys.graph.dayparts import DAYPARTS, dayparts
from recsys.ops.temporal_counts import earlier
from recsys.reports.ladder.offers import PastOffers

OFTEN, WITHIN_DAYS = 1, 7
"""More than `OFTEN` offers in `WITHIN_DAYS` days, the offer itself included, are too often."""

KNOWN_FROM = 3
"""Number of own events from which a customer's usual touchpoint and time of day are known."""

JUDGED_FROM = 20
"""Number of offers to other customers from which it is known whether few accept a product."""

SELDOM = 0.5
"""Share of the acceptance of other offers at the same touchpoints below which few accept."""

OWN_ACTIONS = ("view", "click", "cart", "accept", "purchase")

HAD = "they already had the product"
ELSEWHERE = "not shown where they usually act"
OTHER_TIME = "not shown at the time of day they usually act"
TOO_OFTEN = f"more than {OFTEN} offer in {WITHIN_DAYS} days, this one included"
UNLOVED = "a product that few accept anywhere"
NONE = "none of these"


def traits(past: Dataset, made: PastOffers) -> dict[str, FloatArray]:
    """The possible reasons of every offer.

    What the customer did after the offer does not count; what other customers answered to the same
    product counts at any time.

    Args:
        past: the data before the cut-off.
        made: the D offers.

    Returns:
        reason in words -> [D] 1 where it holds, 0 where not, nan where it cannot be known.
    """
    own_events = past.interactions.select(past.interactions.has_action(OWN_ACTIONS))
    shown = made.events
    reasons: dict[str, FloatArray] = {
        HAD: _had(past, made),
        ELSEWHERE: _unusual(
            own_events, own_events.touchpoints, shown, shown.touchpoints, len(past.touchpoints)
        ),
        OTHER_TIME: _unusual(
            own_events,
            _dayparts(past, own_events),
            shown,
            _dayparts(past, shown),
            len(DAYPARTS),
        ),
        TOO_OFTEN: _too_often(shown),
        UNLOVED: _unloved(made),
    }
    holds = np.nansum(list(reasons.values()), axis=0) > 0
    reasons[NONE] = (~holds).astype(np.float64)
    return reasons


def failure_table(past: Dataset, made: PastOffers) -> pd.DataFrame:
    """Every answer and reason with its share of the failed offers and the acceptance with it.

    Args:
        past: the data before the cut-off.
        made: the offers.

    Returns:
        One row an answer or reason: reason, share, share_low, share_high (of the offers that were
        not accepted and of which it is known), with, with_low, with_high (share accepted where it
        holds), without, ... (where it does not hold), difference, ... (with - without), offers
        (where it holds), known (offers of which it is known). Answers have a share only.
    """
    customers, failed = made.events.customers, ~made.accepted
    reasons = traits(past, made)
    given = {answer: made.events.has_action((answer,)) for answer in ("ignore", "reject")}
    of_failed = {name: np.where(failed, value, np.nan) for name, value in (given | reasons).items()}
    shares = bootstrap(of_failed, customers, level=LEVEL)
    rows = []
    for name, share in shares.items():
        row = {"reason": name} | _named("share", share)
        if name in reasons:
            acceptance = made.accepted.astype(float)
            both = contrast(acceptance, reasons[name], customers, level=LEVEL)
            row |= _named("with", both.with_it) | _named("without", both.without_it)
            row |= _named("difference", both.difference)
        holds = (given | reasons)[name]
        rows.append(row | {"offers": int(np.nansum(holds)), "known": int((~np.isnan(holds)).sum())})
    return pd.DataFrame(rows)


def _had(past: Dataset, made: PastOffers) -> FloatArray:
    """Whether the customer had taken any product of the offer before; nan for one without."""
    taken, shown = past.interactions.select(past.is_target), made.events
    width, offered = len(past.products), made.covers[made.offers]
    covered = np.diff(offered.indptr)
    owner = np.repeat(np.arange(len(made)), covered)
    times = earlier(
        taken.customers.astype(np.int64) * width + taken.products,
        _moments(taken),
        shown.customers[owner].astype(np.int64) * width + offered.indices,
        _moments(shown)[owner],
    )
    is_owned = np.bincount(owner, times > 0, minlength=len(made)) > 0
    return np.where(covered > 0, is_owned, np.nan)


def _unusual(
    own_events: Interactions,
    labels: IntArray,
    shown: Interactions,
    shown_labels: IntArray,
    width: int,
) -> FloatArray:
    """Whether the customer acted more often under another label than that of the offer.

    Args:
        own_events: [E] what customers did themselves.
        labels: [E] label of each event, 0 .. width - 1; -1 for none.
        shown: [D] the offers.
        shown_labels: [D] label of each offer.
        width: number of labels.
    """
    labelled = labels >= 0
    every = shown.customers[:, None].astype(np.int64) * width + np.arange(width)
    counts = earlier(
        own_events.customers[labelled].astype(np.int64) * width + labels[labelled],
        _moments(own_events)[labelled],
        every.ravel(),
        np.repeat(_moments(shown), width),
    ).reshape(-1, width)
    with_label = counts[np.arange(len(shown)), shown_labels]
    return np.where(counts.sum(axis=1) < KNOWN_FROM, np.nan, with_label < counts.max(axis=1))


def _too_often(shown: Interactions) -> FloatArray:
    moments = _moments(shown)
    before = earlier(shown.customers, moments, shown.customers, moments, within=WITHIN_DAYS * DAY)
    return (before >= OFTEN).astype(np.float64)


def _unloved(made: PastOffers) -> FloatArray:
    """Whether few other customers took the offer's products, at whatever touchpoint.

    A customer's own answers do not count for their own offers, or a product would be unpopular
    because this customer refused it. The expected acceptance is that of all offers at the same
    touchpoints.
    """
    shown, accepted = made.events, made.accepted
    rate = np.bincount(shown.touchpoints, accepted) / np.maximum(np.bincount(shown.touchpoints), 1)
    covered = np.split(made.covers.indices, made.covers.indptr[1:-1])
    product = pd.factorize(pd.Series([row.tobytes() for row in covered]))[0][made.offers]
    amounts = (accepted, rate[shown.touchpoints], np.ones(len(made)))
    pair = product.astype(np.int64) * (int(shown.customers.max()) + 1) + shown.customers
    product_and_customer = np.unique(pair, return_inverse=True)[1]
    taken, expected, others = (
        _sums(product, amount) - _sums(product_and_customer, amount) for amount in amounts
    )
    known = (others >= JUDGED_FROM) & (np.diff(made.covers.indptr)[made.offers] > 0)
    return np.where(known, taken < SELDOM * expected, np.nan)


def _sums(groups: IntArray, amounts: FloatArray | BoolArray) -> FloatArray:
    """[D] sum over everything in the same group."""
    sums = np.zeros(int(groups.max()) + 1)
    np.add.at(sums, groups, amounts)
    return sums[groups]


def _dayparts(past: Dataset, events: Interactions) -> IntArray:
    return dayparts(replace(past, interactions=events))


def _moments(events: Interactions) -> IntArray:
    assert events.when is not None  # offers_made requires timestamps
    return events.when


def _named(name: str, interval: Interval) -> dict[str, float]:
    return {name: interval.mean, f"{name}_low": interval.low, f"{name}_high": interval.high}
