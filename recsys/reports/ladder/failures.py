"""Why offers failed: traits of an offer that go with a no, as far as the tables tell."""

from dataclasses import replace

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, Interactions
from recsys.evaluation.contrast import contrast
from recsys.evaluation.intervals import Interval, bootstrap
from recsys.experiments.pairs import LEVEL
from recsys.graph.touchpoints import DAYPARTS, dayparts
from recsys.ops.temporal_counts import earlier
from recsys.reports.ladder.offers import PastOffers

OFTEN, WITHIN_DAYS = 1, 7
"""An offer comes too often where there were more than so many in so many days, itself included."""

KNOWN_FROM = 3
"""Events of their own after which a customer has a usual touchpoint and time of day."""

JUDGED_FROM = 20
"""Offers to others from which a product counts as seldom accepted, or as not."""

SELDOM = 0.5
"""Of the acceptance that other offers had at the same touchpoints."""

OWN_ACTIONS = ("view", "click", "cart", "accept", "purchase")

HAD = "they already had the product"
ELSEWHERE = "not shown where they usually act"
OTHER_TIME = "not shown at the time of day they usually act"
TOO_OFTEN = f"more than {OFTEN} offer in {WITHIN_DAYS} days, this one included"
UNLOVED = "a product that few accept anywhere"
NONE = "none of these"


def traits(past: Dataset, made: PastOffers) -> dict[str, FloatArray]:
    """Reason in words -> [D] 1 where it holds, 0 where not, nan where it cannot be known.

    What the customer did later than the offer does not count; what others ever answered to the
    same product does.
    """
    own = past.interactions.select(past.interactions.has_action(OWN_ACTIONS))
    shown = made.events
    found: dict[str, FloatArray] = {
        HAD: _had(past, made),
        ELSEWHERE: _unusual(own, own.touchpoints, shown, shown.touchpoints, len(past.touchpoints)),
        OTHER_TIME: _unusual(
            own, _dayparts(past, own), shown, _dayparts(past, shown), len(DAYPARTS)
        ),
        TOO_OFTEN: _too_often(shown),
        UNLOVED: _unloved(made),
    }
    holds = np.nansum(list(found.values()), axis=0) > 0
    found[NONE] = (~holds).astype(np.float64)
    return found


def failure_table(past: Dataset, made: PastOffers) -> pd.DataFrame:
    """Every answer and reason with its share of the failed offers, and the acceptance beside it.

    Returns:
        One row an answer or reason: reason, share, share_low, share_high (of the offers that were
        not accepted, and of which it is known), with, with_low, with_high (accepted where it
        holds), without, ... (where not), difference, ... (with - without), offers (where it holds),
        known (offers of which it is known). An answer is no reason: it has a share alone.
    """
    customers, failed = made.events.customers, ~made.accepted
    found = traits(past, made)
    said = {answer: made.events.has_action((answer,)) for answer in ("ignore", "reject")}
    of_failed = {name: np.where(failed, value, np.nan) for name, value in (said | found).items()}
    shares = bootstrap(of_failed, customers, level=LEVEL)
    rows = []
    for name, share in shares.items():
        row = {"reason": name} | _named("share", share)
        if name in found:
            both = contrast(made.accepted.astype(float), found[name], customers, level=LEVEL)
            row |= _named("with", both.with_it) | _named("without", both.without_it)
            row |= _named("difference", both.difference)
        held = (said | found)[name]
        rows.append(row | {"offers": int(np.nansum(held)), "known": int((~np.isnan(held)).sum())})
    return pd.DataFrame(rows)


def _had(past: Dataset, made: PastOffers) -> FloatArray:
    """Whether the customer had taken any product of the offer before; nan for one without."""
    taken, shown = past.interactions.select(past.is_target), made.events
    width, asked = len(past.products), made.covers[made.offers]
    covered = np.diff(asked.indptr)
    owner = np.repeat(np.arange(len(made)), covered)
    times = earlier(
        taken.customers.astype(np.int64) * width + taken.products,
        _moments(taken),
        shown.customers[owner].astype(np.int64) * width + asked.indices,
        _moments(shown)[owner],
    )
    had = np.bincount(owner, times > 0, minlength=len(made)) > 0
    return np.where(covered > 0, had, np.nan)


def _unusual(
    own: Interactions, labels: IntArray, shown: Interactions, asked: IntArray, width: int
) -> FloatArray:
    """Whether the customer had acted more often under another label than under that of the offer.

    Args:
        own: what customers did themselves.
        labels: of these events, 0 .. width - 1; -1 for none.
        shown: the offers.
        asked: [D] label of each offer.
        width: number of labels.
    """
    labelled = labels >= 0
    every = shown.customers[:, None].astype(np.int64) * width + np.arange(width)
    counts = earlier(
        own.customers[labelled].astype(np.int64) * width + labels[labelled],
        _moments(own)[labelled],
        every.ravel(),
        np.repeat(_moments(shown), width),
    ).reshape(-1, width)
    here = counts[np.arange(len(shown)), asked]
    return np.where(counts.sum(axis=1) < KNOWN_FROM, np.nan, here < counts.max(axis=1))


def _too_often(shown: Interactions) -> FloatArray:
    moments = _moments(shown)
    before = earlier(shown.customers, moments, shown.customers, moments, within=WITHIN_DAYS * DAY)
    return (before >= OFTEN).astype(np.float64)


def _unloved(made: PastOffers) -> FloatArray:
    """Whether all others took the offer's products seldom, wherever they were shown them.

    What a customer answered does not count for the judgement on their own offers, else a product
    would be unloved because they said no. Expected is what all offers had at the same touchpoints.
    """
    shown, accepted = made.events, made.accepted
    rate = np.bincount(shown.touchpoints, accepted) / np.maximum(np.bincount(shown.touchpoints), 1)
    covered = np.split(made.covers.indices, made.covers.indptr[1:-1])
    product = pd.factorize(pd.Series([row.tobytes() for row in covered]))[0][made.offers]
    amounts = (accepted, rate[shown.touchpoints], np.ones(len(made)))
    pair = product.astype(np.int64) * (int(shown.customers.max()) + 1) + shown.customers
    mine = np.unique(pair, return_inverse=True)[1]
    taken, expected, others = (_sums(product, amount) - _sums(mine, amount) for amount in amounts)
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
    assert events.when is not None  # offers_made asks for a clock of time
    return events.when


def _named(name: str, found: Interval) -> dict[str, float]:
    return {name: found.mean, f"{name}_low": found.low, f"{name}_high": found.high}
