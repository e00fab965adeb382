"""What a customer is worth in a test: the rewards of a fixed time from the first decision on."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.data import columns
from recsys.errors import InputError


@dataclass(frozen=True, kw_only=True, eq=False)
class CustomerRewards:
    """One row a customer, in the order of entering.

    Attributes:
        customers: [M] row numbers.
        entered: [M] UTC seconds of the first decision.
        totals: [M] rewards of the decisions in the window; squares: [M] the same of their squares.
        decisions: [M] number of these decisions.
        is_complete: [M] whether the window was over at the moment of reading.
    """

    customers: IntArray
    entered: IntArray
    totals: FloatArray
    squares: FloatArray
    decisions: IntArray
    is_complete: BoolArray

    @property
    def moments(self) -> "Moments":
        """Of the customers whose window is over."""
        return Moments.of(self.totals[self.is_complete])


@dataclass(frozen=True)
class Moments:
    """Mean and variance of a customer's reward, and the customers that they are made from."""

    mean: float
    variance: float
    customers: int

    @classmethod
    def of(cls, totals: FloatArray) -> "Moments":
        """Of customers' rewards [M].

        Raises:
            InputError: fewer than two customers.
        """
        if len(totals) < 2:
            raise InputError(
                f"decisions: expected two customers with a whole window, got {len(totals)}; "
                "shorten window= or bring a longer log"
            )
        return cls(float(totals.mean()), float(totals.var(ddof=1)), len(totals))


def customer_rewards(
    customers: IntArray, when: IntArray, rewards: FloatArray, *, window: int, at: int
) -> CustomerRewards:
    """Sums the rewards of each customer from the first decision on, for a fixed time.

    Every customer counts once and for the same length of time, so customers are independent
    observations of one quantity: what intervals that are read day by day rest on. A running total
    would grow while the customer is watched.

    Args:
        customers: [N] row numbers of the decisions' customers.
        when: [N] UTC seconds of the decisions.
        rewards: [N] of the decisions.
        window: seconds that a customer is measured.
        at: UTC seconds; later decisions do not count.
    """
    order = np.lexsort((when, customers))
    order = order[when[order] <= at]
    people, first, inverse = np.unique(customers[order], return_index=True, return_inverse=True)
    entered = when[order][first]
    counts = when[order] < entered[inverse] + window
    counted = np.where(counts, rewards[order], 0)
    totals, squares, decisions = (
        np.bincount(inverse, amounts, minlength=len(people)).astype(np.float64)
        for amounts in (counted, counted**2, counts)
    )
    rank = np.lexsort((people, entered))
    return CustomerRewards(
        customers=people[rank],
        entered=entered[rank],
        totals=totals[rank],
        squares=squares[rank],
        decisions=decisions[rank].astype(np.int64),
        is_complete=entered[rank] + window <= at,
    )


def design_effect(rewards: CustomerRewards) -> float:
    """The variance of a decision's mean reward over what it were if decisions were independent.

    Kish's (1965) design effect of customers as clusters: how far a test that counts decisions
    understates its variance. Customers whose window is over count.

    Returns:
        1 where a customer's decisions have nothing in common; nan where no reward varies.
    """
    complete = rewards.is_complete
    totals, counts = rewards.totals[complete], rewards.decisions[complete]
    decisions = counts.sum()
    mean = totals.sum() / decisions
    independent = rewards.squares[complete].sum() - decisions * mean**2
    clustered = ((totals - mean * counts) ** 2).sum()
    return float(clustered / independent) if independent > 0 else float("nan")


def logged_rewards(decisions: pd.DataFrame) -> FloatArray:
    """[N] reward of each decision: the column `reward`, or 1 for an accept where there is none.

    An empty reward counts as 0.
    """
    if columns.REWARD in decisions:
        return decisions[columns.REWARD].fillna(0.0).to_numpy(np.float64)
    accepted = decisions[columns.OUTCOME] == columns.OUTCOMES[0]
    return np.asarray(accepted, np.float64)


def row_numbers(ids: Sequence[object] | pd.Series) -> tuple[IntArray, pd.Index]:
    """[N] row number of each id, and the ids of the rows."""
    codes, known = pd.factorize(pd.Series(ids), sort=False)
    return codes.astype(np.int64), pd.Index(known)
