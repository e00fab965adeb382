"""Deciding for one customer: all offers at all permitted touchpoints, ranked by net value."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.moment_rules import first_held
from recsys.policy.compiled.times import DAY, OPEN_END
from recsys.serving.artifact.acceptance_odds import probability
from recsys.serving.artifact.contents import Contents
from recsys.serving.decide.decision import DecidedOffer, Decision
from recsys.serving.decide.exploration import choose, draws_of
from recsys.serving.decide.inbound import Inbound
from recsys.serving.decide.logits import Logits, dayparts
from recsys.serving.decide.options import Options
from recsys.serving.query.customer_state import plain
from recsys.serving.query.query import remaining_text
from recsys.serving.query.session_moment import SessionMoment


@dataclass(frozen=True, kw_only=True, eq=False)
class _Ranked:
    """O offers at n touchpoints.

    Attributes:
        chances: [O, n] probability of acceptance in the best part of the day.
        values: [O, n] euros.
        costs: [n] euros.
        worth: [O, n] values less charges, -inf where an offer is not made.
    """

    chances: FloatArray
    values: FloatArray
    costs: FloatArray
    worth: FloatArray


def decide(
    contents: Contents,
    logits: Logits,
    customer: Inbound,
    touchpoints: IntArray,
    charges: FloatArray,
    k: int,
    explore: bool,
    session: SessionMoment | None = None,
) -> Decision:
    """The k offers with the highest net value under all rules.

    Each offer is made at its best touchpoint in the best part of the day. Of an offer id with
    several rows the best row counts. Equal values are ordered by offer, touchpoint, part of day.

    Args:
        contents: with decisions.
        logits: of the contents.
        customer: to decide for.
        touchpoints: [n] the rows that may be used.
        charges: [T] prices of a plan, which are taken off the values that rank.
        k: how many offers.
        explore: whether the policy's exploration chooses among the permitted offers.
        session: the moment of the session that the customer is in; None where it is not known.
    """
    part, rules = contents.decisions, customer.rules
    assert part is not None
    first = rules.refusals(customer.row, customer.moment)[:, touchpoints]
    times, permitted = _permitted(rules, customer, logits, touchpoints, first < 0)
    if session is not None:
        held = first_held(rules.moments, session.probabilities, len(first))[:, None]
        # A moment refuses what no other rule does, so it is the last of the names.
        refused = permitted.any(axis=2) & (held >= 0)
        first = np.where(refused, len(rules.names) + held, first)
        permitted &= held[:, :, None] < 0
    of_offers, of_touchpoints = logits.of_customers(customer.vector)
    # [O, n, D]: log-odds, then those of the best part of the day.
    total = of_offers[0][:, None, None] + of_touchpoints[:, touchpoints]
    total += logits.pairs[:, touchpoints]
    total[~permitted] = -np.inf
    best_parts = total.argmax(axis=2)
    best = np.take_along_axis(total, best_parts[:, :, None], axis=2)[:, :, 0]
    chance = probability(best)
    gains = part.gains(np.array([customer.gain_row])).reshape(-1)
    values = gains[:, None] * chance - part.costs[touchpoints]
    worth = values - charges[touchpoints]
    worth[(best == -np.inf) | (values <= 0) | ~(worth > 0)] = -np.inf
    ranked = _Ranked(chances=chance, values=values, costs=part.costs[touchpoints], worth=worth)
    stated = part.exploration if explore else None
    chosen, propensities = _choose(contents, customer, ranked, k, stated)
    columns = worth[chosen].argmax(axis=1) if len(chosen) else chosen
    offers = [
        _offer(
            contents,
            offer=int(offer),
            touchpoint=int(touchpoints[column]),
            send_at=int(times[column, best_parts[offer, column]]),
            chance=float(chance[offer, column]),
            value=float(values[offer, column]),
            propensity=float(propensity),
        )
        for offer, column, propensity in zip(chosen, columns, propensities, strict=True)
    ]
    refusals = _counts(rules, first, best > -np.inf)
    short = None
    if len(offers) < k:
        unworthy = int(((best > -np.inf) & (worth == -np.inf)).sum())
        removed = {**refusals, "not worth their cost": unworthy}
        short = remaining_text(removed, worth.size, "pairs of offer and touchpoint")
    return Decision(
        customer_id=customer.id,
        offers=offers,
        refusals=refusals,
        short_because=short,
        policy=rules.name,
        policy_version=contents.version,
        rules_version=rules.version,
        known=customer.known,
        moment=session,
        held_by=[]
        if session is None
        else [rule.name for rule in rules.moments if rule.holds(session.probabilities)],
    )


def _permitted(
    rules: CompiledRules,
    customer: Inbound,
    logits: Logits,
    touchpoints: IntArray,
    now: BoolArray,
) -> tuple[IntArray, BoolArray]:
    """First permitted moments [n, D], and [O, n, D] whether an offer may be made then.

    Customers start some touchpoints themselves, now; the firm may wait for the others.
    """
    rows, moment = np.array([customer.row]), customer.moment
    times = np.full((len(touchpoints), logits.dayparts), OPEN_END)
    part_of_day = 0
    if logits.dayparts > 1:
        part_of_day = int(dayparts(rules.zones, rows, np.array([moment]))[0])
    times[:, part_of_day] = moment
    outbound = rules.outbound[touchpoints]
    if outbound.any():
        later = logits.by_daypart(rules.send_times(rows, moment))[0, touchpoints]
        times[outbound] = later[outbound]
    permitted = now[:, :, None] & (times == moment)
    is_later = (times > moment) & (times < OPEN_END)
    if is_later.any():
        all_day = rules.offers(rows, moment, moment + DAY - 1)[0]
        pairs = all_day[:, None] & rules.pairs()[:, touchpoints]
        permitted |= pairs[:, :, None] & is_later
    return times, permitted


def _choose(
    contents: Contents,
    customer: Inbound,
    ranked: _Ranked,
    k: int,
    stated: Mapping[str, Any] | None,
) -> tuple[IntArray, FloatArray]:
    """[m] offer rows with different ids, m <= k, and [m] propensities."""
    by_offer = ranked.worth.max(axis=1)
    rows: IntArray = np.flatnonzero(by_offer > -np.inf)
    rows = rows[np.argsort(-by_offer[rows], kind="stable")]
    at_most = k if stated is None else None
    if contents.offers is None:
        rows = rows[:at_most]
    else:
        rows = contents.offers.one_of_each_id(rows, at_most)
    if stated is None or not len(rows):
        return rows, np.ones(len(rows))
    # Rows ascend, so that of equal values the one is first that is best without exploration.
    rows = np.sort(rows)
    places = ranked.worth[rows].argmax(axis=1)
    values = ranked.values[rows, places]
    options = Options(
        rows=np.array([customer.gain_row]),
        vectors=customer.vector,
        offers=rows[None],
        probabilities=ranked.chances[rows, places][None],
        values=values[None],
        costs=ranked.costs[places][None],
        charges=(values - by_offer[rows])[None],
        mask=np.ones((1, len(rows)), dtype=bool),
    )
    draws = draws_of(stated, np.array([customer.id]), customer.moment)
    choice = choose(contents, stated, options, draws, min(k, len(rows)))
    actions, propensities = choice.actions[0], choice.propensities[0]
    return rows[actions[actions >= 0]], propensities[actions >= 0]


def _offer(
    contents: Contents,
    *,
    offer: int,
    touchpoint: int,
    send_at: int,
    chance: float,
    value: float,
    propensity: float,
) -> DecidedOffer:
    table, ids = contents.offers, contents.products.ids
    products = [offer] if table is None else table.products[slice(*table.starts[offer:][:2])]
    return DecidedOffer(
        offer_id=plain(contents.offer_ids[offer]),
        products=[plain(ids[int(product)]) for product in products],
        variant=None if table is None or table.variants is None else table.variants[offer],
        touchpoint=contents.touchpoints.names[touchpoint],
        send_at=datetime.fromtimestamp(send_at, UTC),
        probability=chance,
        expected_value=value,
        propensity=propensity,
    )


def _counts(rules: CompiledRules, first: IntArray, permitted: BoolArray) -> dict[str, int]:
    """Rule -> pairs [O, n] that it refuses first, of those that are not permitted later."""
    names = (*rules.names, *(rule.name for rule in rules.moments))
    counts = np.bincount(first[~permitted & (first >= 0)], minlength=len(names))
    return {name: int(n) for name, n in zip(names, counts, strict=True) if n}
