"""One round of one arm: decisions under the rules, and what customers answer."""

from dataclasses import dataclass

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.experiments.closed_loop.market import Opportunities
from recsys.policy.compiled import CompiledRules, Contacts
from recsys.policy.exploration import Draws, Epsilon

ACCEPTED, REJECTED, IGNORED = range(3)
"""Positions in `columns.OUTCOMES`."""

_ANSWER_STREAM = 1 << 20
"""Stream of the numbers by which customers answer: the same for all arms."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Round:
    """The opportunities of a span of time, the same for all arms.

    Attributes:
        chances: N opportunities in order of time.
        offers: [m] rows of the offers that run at some time of the span.
        allowed: [N, m] whether an offer runs then and may be made at the touchpoint.
        truth: [N, m] true probability of acceptance where it is allowed.
        refusal: [N] true probability that an offer that is not accepted is rejected.
        rewards: [m] euros of an acceptance.
        draws: random numbers of the opportunities.
    """

    chances: Opportunities
    offers: IntArray
    allowed: BoolArray
    truth: FloatArray
    refusal: FloatArray
    rewards: FloatArray
    draws: Draws


@dataclass(frozen=True, kw_only=True, eq=False)
class Made:
    """Arrays [D] over the decisions of a round, in order of time.

    Attributes:
        chance: position of the opportunity in the round; column: of the offer.
        propensity: with which it was chosen.
        outcome: `ACCEPTED`, `REJECTED` or `IGNORED`.
        best: column of the offer with the highest value.
    """

    chance: IntArray
    column: IntArray
    propensity: FloatArray
    outcome: IntArray
    best: IntArray


def decide(
    rules: CompiledRules, contacts: Contacts, now: Round, values: FloatArray, policy: Epsilon
) -> tuple[Made, Contacts]:
    """Decides for each opportunity, one customer's after the other.

    The n-th opportunities of all customers are decided together: rules on contacts concern one
    customer, so all contacts that matter to a decision were made before.

    Args:
        rules: of the policy.
        contacts: so far.
        now: the round.
        values: [N, m] what each offer is expected to earn.
        policy: chooses among the values.

    Returns:
        The decisions, and all contacts after them.
    """
    chances, parts = now.chances, []
    turn = turns(chances.customers)
    answers = now.draws.uniforms(2, _ANSWER_STREAM)
    for number in range(int(turn.max(initial=-1)) + 1):
        rows, mask = _permitted(rules.with_contacts(contacts), now, np.flatnonzero(turn == number))
        choice = policy.choose(values[rows], now.draws.rows(rows), 1, mask)
        column = choice.actions[:, 0]
        accepts = answers[rows, 0] < now.truth[rows, column]
        refuses = answers[rows, 1] < now.refusal[rows]
        made = Made(
            chance=rows,
            column=column,
            propensity=choice.propensities[:, 0],
            outcome=np.where(accepts, ACCEPTED, np.where(refuses, REJECTED, IGNORED)),
            best=np.where(mask, values[rows], -np.inf).argmax(axis=1),
        )
        parts.append(made)
        contacts = contacts.merged(
            rules.contacts_of(
                chances.customers[rows],
                chances.when[rows],
                chances.touchpoints[rows],
                now.offers[column],
                made.outcome == REJECTED,
            )
        )
    return _in_order(parts), contacts


def turns(customers: IntArray) -> IntArray:
    """[N] how many earlier entries have the same customer."""
    order = np.argsort(customers, kind="stable")
    ordered = customers[order]
    starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]]) if len(order) else order
    sizes = np.diff(np.r_[starts, len(order)])
    turn = np.empty(len(order), np.int64)
    turn[order] = np.arange(len(order)) - np.repeat(starts, sizes)
    return turn


def _permitted(rules: CompiledRules, now: Round, rows: IntArray) -> tuple[IntArray, BoolArray]:
    """Those of the opportunities at which something may be offered, and what: [n, m]."""
    customers, when = now.chances.customers[rows], now.chances.when[rows]
    touchpoints = rules.touchpoints(customers, when)
    open_rows = touchpoints[np.arange(len(rows)), now.chances.touchpoints[rows]]
    rows = rows[open_rows]
    offers = rules.offers(customers[open_rows], when[open_rows])[:, now.offers]
    mask = now.allowed[rows] & offers
    some = mask.any(axis=1)
    return rows[some], mask[some]


def _in_order(parts: list[Made]) -> Made:
    joined = {
        name: np.concatenate([getattr(part, name) for part in parts] or [np.zeros(0)])
        for name in ("chance", "column", "propensity", "outcome", "best")
    }
    order = np.argsort(joined["chance"])
    propensity = joined.pop("propensity")[order]
    whole = {name: values[order].astype(np.int64) for name, values in joined.items()}
    return Made(propensity=propensity, **whole)
