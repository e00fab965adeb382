"""Two-step plans against greedy ones, by the truth of markets that plans do not know.

A network, odds of acceptance and after-effects are learned before a cut-off; plans are made for all
customers at moments after it, under a policy's rules. A plan is worth the true probability of each
step, after each outcome of the first, times its reward, less its cost, and loses some of it with
each day of waiting. Nothing is drawn: given a plan, its true value is a sum.

Plans are made twice: by the rules alone, and with after-effects (keys with `_effects`). `gain` is
against greedy, `effects` what after-effects add to the plan.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import pandas as pd

from benchmarks.signal_levers import deciding_artifact, with_log
from benchmarks.suite import cell, ends, require_at_least, run_folder
from recsys.arrays import FloatArray, IntArray
from recsys.data.dataset import Dataset
from recsys.data.interactions import DAY, SECOND
from recsys.data.split import TimeSplit
from recsys.evaluation.intervals import bootstrap
from recsys.experiments.cost import peak_memory_mb
from recsys.journeys.plans.effects import IGNORED, AfterEffects
from recsys.journeys.plans.learn import effect_table, learn_after_effects
from recsys.ops.whole_file import write_whole
from recsys.serving import Artifact
from recsys.serving.decide.planned_touchpoints import planned_touchpoints
from recsys.serving.decide.step_plans import Offered, Steps, TwoStepPlans, step_times
from recsys.serving.decide.two_steps import plan_two_steps
from recsys.simulation import SimulatedMarket

Worth = dict[str, FloatArray]


class PlansSuite:
    """Markets of several seeds; a customer of each is one observation.

    Args:
        events: of each market.
        seeds: of the markets.
        waits: days until the second step.
        fade: share of its value that an offer loses a day.
        policy: whose rules hold.
        model: settings of `TouchpointGNN`.
        resamples: of customers.
    """

    def __init__(
        self,
        *,
        events: int,
        seeds: Sequence[int],
        waits: Sequence[int],
        fade: float,
        policy: str,
        model: Mapping[str, Any],
        resamples: int = 1000,
    ) -> None:
        require_at_least(1, resamples=resamples, events=events)
        self.events, self.seeds, self.waits, self.fade = events, seeds, list(waits), fade
        self.policy, self.model, self.resamples = policy, model, resamples

    def figures(self) -> Mapping[str, float]:
        """Cents a customer of each way to plan, and differences from greedy; writes table.md."""
        parts, lines, spent = [], [], 0.0
        for seed in self.seeds:
            worth, table, seconds = self._market(SimulatedMarket(events=self.events, seed=seed))
            parts.append(worth)
            spent += seconds
            lines += [f"seed {seed}", "```", table.round(3).to_string(index=False), "```", ""]
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        people = np.arange(len(joined["greedy"]))
        intervals = bootstrap(joined, people, resamples=self.resamples)
        figures: dict[str, float] = {"customers": len(people), "seconds_a_plan": spent / len(parts)}
        rows = ["| cents a customer | mean |", "|---|---|"]
        for name, interval in intervals.items():
            figures |= ends(name, interval)
            rows.append(f"| {name} | {cell(interval)} |")
        write_whole(run_folder() / "table.md", "\n".join([*rows, "", *lines]) + "\n")
        return figures | {"peak_mb": peak_memory_mb()}

    def _market(self, market: SimulatedMarket) -> tuple[Worth, pd.DataFrame, float]:
        past = TimeSplit().split(Dataset.from_source(market)).test.past
        assert past.as_of is not None
        earlier = past.as_of - 90 * DAY
        with tempfile.TemporaryDirectory() as name:
            former, artifact = (
                deciding_artifact(known, Path(name) / part, self.model, self.policy)
                for part, known in (("former", past.before(earlier)), ("artifact", past))
            )
            log = with_log(past, former, earlier, logged=True).side_tables["decisions"]
            effects = learn_after_effects(log, list(artifact.contents.touchpoints.names))
            return self._compared(artifact, effects, market, past.as_of // SECOND)

    def _compared(
        self, artifact: Artifact, effects: AfterEffects, market: SimulatedMarket, start: int
    ) -> tuple[Worth, pd.DataFrame, float]:
        contents, logits = artifact.contents, artifact.decision_logits
        assert contents.decisions is not None
        rules = contents.decisions.rules
        used = planned_touchpoints(list(contents.touchpoints.names), rules.outbound, None)
        steps = Steps(start=start, waits=self.waits, fade=self.fade)
        worth: Worth = {}
        for ending, told in (("", effects.silent()), ("_effects", effects)):
            began = perf_counter()
            best, greedy = plan_two_steps(contents, logits, rules, steps, told, used)
            seconds = perf_counter() - began
            for name, plans in (("greedy", greedy), ("plan", best)):
                worth[f"{name}{ending}"] = true_cents(artifact, market, steps, plans)
                worth[f"{name}{ending}_expected"] = 100 * plans.value
            for expected in ("", "_expected"):
                key = f"{ending}{expected}"
                worth[f"gain{key}"] = worth[f"plan{key}"] - worth[f"greedy{key}"]
            worth[f"waits_first{ending}"] = 1.0 * (best.first.offers < 0)
            same = (best.first.offers == greedy.first.offers) & (
                best.first.touchpoints == greedy.first.touchpoints
            )
            worth[f"differs{ending}"] = 1.0 * ~same
        worth["effects"] = worth["plan_effects"] - worth["plan"]
        return worth, effect_table(effects), seconds


def true_cents(
    artifact: Artifact, market: SimulatedMarket, steps: Steps, plans: TwoStepPlans
) -> FloatArray:
    """[C] what plans bring of each customer in expectation, discounted as they are."""
    contents, logits = artifact.contents, artifact.decision_logits
    assert contents.decisions is not None
    first, then = step_times(contents.decisions.rules, logits, steps, plans)
    chance, euros = _truth(artifact, market, plans.first, first)
    names = np.array(contents.touchpoints.names, object)
    refusal = np.zeros(len(chance))
    some = plans.first.offers >= 0
    refusal[some] = market.refusal_probability(names[plans.first.touchpoints[some]])
    outcomes = np.stack([chance, (1 - chance) * refusal, (1 - chance) * (1 - refusal)], axis=1)
    outcomes[~some] = np.eye(3)[IGNORED]
    for outcome in range(3):
        offered = plans.then.column(outcome)
        _, later = _truth(artifact, market, offered, then[:, outcome])
        euros = euros + outcomes[:, outcome] * (1 - steps.fade) ** offered.waits * later
    return 100 * euros


def _truth(
    artifact: Artifact, market: SimulatedMarket, offered: Offered, when: IntArray
) -> tuple[FloatArray, FloatArray]:
    """[C] true probability and net euros of offers at moments; 0 where there is none."""
    contents = artifact.contents
    part = contents.decisions
    assert part is not None
    chance, euros = np.zeros(len(when)), np.zeros(len(when))
    rows = np.flatnonzero(offered.offers >= 0)
    offers, places = offered.offers[rows], offered.touchpoints[rows]
    chance[rows] = market.acceptance_probability(
        np.asarray(contents.customers.ids[rows]).astype(object),
        np.asarray(contents.offer_ids)[offers].astype(object),
        np.array(contents.touchpoints.names, object)[places],
        when[rows].astype("datetime64[s]"),
    )
    euros[rows] = chance[rows] * part.values[offers] - part.costs[places]
    return chance, euros
