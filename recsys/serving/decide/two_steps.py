"""Two-step plans: an offer now, and for each answer the best one after a waiting time."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from recsys.arrays import BoolArray, FloatArray, IntArray
from recsys.journeys.plans.effects import IGNORED, AfterEffects, cells
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.compiled import CompiledRules
from recsys.policy.compiled.times import DAY
from recsys.serving.artifact.acceptance_odds import probability
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.decision_part import DecisionPart
from recsys.serving.decide.inbound import require_policy
from recsys.serving.decide.logits import Logits
from recsys.serving.decide.step_plans import Offered, Steps, TwoStepPlans, moments, rules_after
from recsys.serving.decide.tiles import all_candidates

SECOND_CHOICES = 10
"""Candidates for a second step at each wait, among which after-effects choose."""


def plan_two_steps(
    contents: Contents,
    logits: Logits,
    rules: CompiledRules,
    steps: Steps,
    effects: AfterEffects,
    touchpoints: BoolArray,
) -> tuple[TwoStepPlans, TwoStepPlans]:
    """The best two-step plan of each customer, and the greedy one.

    With the outcomes o of the first offer and the wait w of the second,

        value = p1 g1 - c1 + sum over o of P(o) max over second steps of (1 - fade)^w (p2|o g2 - c2)

    by backward induction: for each of the best first offers, and for none, the second steps that
    the rules still permit after it. The first contact counts for contact limits, pauses and
    campaigns as if it had been made. What was accepted or rejected is not offered again (offers are
    told apart by their first product); what was ignored may be, where rules permit it. Second steps
    are the `SECOND_CHOICES` best before after-effects (see `recsys.journeys.plans.effects`) of each
    wait. A second step that costs more than it brings is left out.

    The greedy plan takes the offer with the highest value now, and later again, on the first day
    of `waits` on which anything is worth it. It is one of those the best plan is chosen from.

    Capacities and budgets of a day concern all customers together and are not looked at.

    Args:
        contents: with decisions.
        logits: of the contents.
        rules: of the policy, with all contacts that are known.
        steps: how.
        effects: of outcomes on the odds of the second step.
        touchpoints: [T] bool that plans may use.

    Returns:
        The best plans and the greedy ones.
    """
    search = _Search(contents, logits, rules, steps, effects, touchpoints)
    today = search.candidates(rules, 0, steps.firsts)
    best, greedy = search.after(_column(today, 0, search.part))
    for number in range(1, steps.firsts):
        first = _column(today, number, search.part)
        if (first.offers >= 0).any():
            plans, _ = search.after(first)
            best.put((first.offers >= 0) & (plans.value > best.value), plans)
    if steps.waits:
        plans, _ = search.after(Offered.nothing(len(contents.customers)))
        best.put(plans.value > best.value, plans)
    return best, greedy


@dataclass(frozen=True, eq=False)
class _Search:
    """Second steps after given first ones."""

    contents: Contents
    logits: Logits
    rules: CompiledRules
    steps: Steps
    effects: AfterEffects
    touchpoints: BoolArray

    @cached_property
    def part(self) -> DecisionPart:
        return require_policy(self.contents)

    @cached_property
    def products(self) -> IntArray:
        """[O + 1] the first product of each offer; -1 for no offer, at the end."""
        table = self.contents.offers
        if table is None:
            return np.append(np.arange(len(self.contents.products)), -1)
        return np.append(table.products[table.starts[:-1]].astype(np.int64), -1)

    def candidates(self, rules: CompiledRules, wait: int, k: int) -> Candidates:
        """[C, k or more] best offers of a day."""
        kept = max(k, len(self.touchpoints))
        at = self.steps.start + wait * DAY
        return all_candidates(self.contents, self.logits, rules, at, kept, self.touchpoints)

    def after(self, first: Offered) -> tuple[TwoStepPlans, TwoStepPlans]:
        """Plans that begin so: with the best second steps, and with the greedy ones."""
        count = len(first.offers)
        best, greedy = Offered.nothing(count, 3), Offered.nothing(count, 3)
        when = moments(self.rules, self.logits, self.steps.start, first)
        for ruled, outcomes in rules_after(self.rules, first, when):
            for wait in self.steps.waits:
                found = self.candidates(ruled, wait, SECOND_CHOICES)
                for outcome in outcomes:
                    offered = self._best_of(found, first, outcome, wait)
                    of_best, of_greedy = best.column(outcome), greedy.column(outcome)
                    of_best.put(offered.worth > of_best.worth, offered)
                    of_greedy.put((offered.worth > 0) & (of_greedy.offers < 0), offered)
        return self._plans(first, best), self._plans(first.copy(), greedy)

    def _best_of(self, found: Candidates, first: Offered, outcome: int, wait: int) -> Offered:
        """[C] the best of candidates after an outcome of the first step."""
        rows = np.arange(len(found))
        none = found.offers < 0
        places = found.touchpoints.astype(np.int64)
        cell = cells(outcome, float(wait), places == first.touchpoints[:, None])
        added = np.where((first.offers < 0)[:, None], 0.0, self.effects.added(cell))
        costs = self.part.costs[places].astype(np.float64)
        before = np.where(none, 0.5, found.probabilities).astype(np.float64)
        gains = _gains(np.where(none, 0.0, found.values), costs, before)
        odds = np.log(np.maximum(before, 1e-30)) - np.log1p(-np.minimum(before, 1 - 1e-12))
        chances = np.where(added == 0, before, probability(odds + added))
        if outcome != IGNORED:
            none |= self.products[found.offers] == self.products[first.offers][:, None]
        kept = (1 - self.steps.fade) ** wait
        worth = np.where(none, -np.inf, kept * (chances * gains - costs))
        column = worth.argmax(axis=1)
        some = worth[rows, column] > 0
        return Offered(
            offers=np.where(some, found.offers[rows, column], -1).astype(np.int64),
            touchpoints=np.where(some, places[rows, column], -1),
            dayparts=np.where(some, found.dayparts[rows, column], -1).astype(np.int64),
            waits=np.where(some, wait, 0),
            chances=np.where(some, chances[rows, column], 0.0),
            gains=np.where(some, kept * gains[rows, column], 0.0),
            worth=np.where(some, worth[rows, column], 0.0),
        )

    def _plans(self, first: Offered, then: Offered) -> TwoStepPlans:
        outcomes = self.effects.outcomes(first.chances, first.touchpoints)
        outcomes[first.offers < 0] = np.eye(3)[IGNORED]
        same = then.touchpoints == first.touchpoints[:, None]
        cell = cells(np.arange(3), then.waits.astype(np.float64), same)
        cell[(then.offers < 0) | (first.offers < 0)[:, None]] = -1
        # How the value moves with the effect of each outcome's cell.
        slope = outcomes * then.gains * then.chances * (1 - then.chances)
        padded = np.pad(self.effects.covariance, (0, 1))
        between = padded[cell[:, :, None], cell[:, None, :]]
        return TwoStepPlans(
            first=first,
            then=then,
            outcomes=outcomes,
            value=first.worth + (outcomes * then.worth).sum(axis=1),
            deviation=np.sqrt(np.einsum("co,cop,cp->c", slope, between, slope)),
        )


def _column(found: Candidates, number: int, part: DecisionPart) -> Offered:
    """[C] the candidates at a place of the order, as first steps."""
    offers = found.offers[:, number].astype(np.int64)
    some = offers >= 0
    touchpoints = found.touchpoints[:, number].astype(np.int64)
    chances = np.where(some, found.probabilities[:, number], 0.0).astype(np.float64)
    worth = np.where(some, found.values[:, number], 0.0).astype(np.float64)
    return Offered(
        offers=offers,
        touchpoints=touchpoints,
        dayparts=found.dayparts[:, number].astype(np.int64),
        waits=np.zeros(len(offers), np.int64),
        chances=chances,
        gains=np.where(some, _gains(worth, part.costs[touchpoints], chances), 0.0),
        worth=worth,
    )


def _gains(worth: FloatArray, costs: FloatArray, chances: FloatArray) -> FloatArray:
    """Euros of an acceptance, from the net value of an offer."""
    return (worth + costs) / np.maximum(chances, 1e-30)
