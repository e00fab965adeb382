"""A day's plan for all customers of an artifact: at most one decision each, within all limits."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from recsys.arrays import IntArray
from recsys.ops.whole_file import whole_file
from recsys.policy.arbitration.allocate import Plan, arbitrate
from recsys.policy.arbitration.candidates import Candidates
from recsys.policy.arbitration.limits import Limits
from recsys.serving.artifact import times
from recsys.serving.artifact.times import Moment
from recsys.serving.decide.booked import read_booked, remaining_limits
from recsys.serving.decide.exploration import require_explorable
from recsys.serving.decide.inbound import require_policy
from recsys.serving.decide.plan_file import Planned, require_parquet, write_decisions
from recsys.serving.decide.planned_touchpoints import planned_touchpoints
from recsys.serving.decide.prices import Prices
from recsys.serving.decide.tiles import all_candidates
from recsys.serving.kept_parts import content_digest, kept_parts
from recsys.serving.query.artifact import Artifact

CANDIDATES = 20
"""Candidates kept for each customer; at least one for each touchpoint."""


@dataclass(frozen=True, kw_only=True)
class DayPlan:
    """What was planned.

    Attributes:
        customers: of the artifact.
        decisions: that were made, at most one a customer.
        by_touchpoint: touchpoint -> decisions, of those that are planned for.
        booked: touchpoint -> decisions of the day that were made before.
        explored: decisions that exploration changed.
        expected_value: euros of the plan before exploration.
        gap: by which share the plan may fall short of the best one.
        prices: of limits, for `Artifact.decide`.
        one_more: touchpoint -> euros that one more place there would earn, 0 where money lacks.
        too_dear: touchpoints where a decision costs more than is left of the budget.
        start: UTC seconds from which on the day counts.
    """

    customers: int
    decisions: int
    by_touchpoint: Mapping[str, int]
    booked: Mapping[str, int]
    explored: int
    expected_value: float
    gap: float
    prices: Prices
    one_more: Mapping[str, float]
    too_dear: Sequence[str]
    start: int


def decide_everyone(
    artifact: Artifact,
    path: str | Path,
    at: Moment | None = None,
    log: str | Path | None = None,
    explore: bool = True,
    k: int = CANDIDATES,
    touchpoints: Sequence[str] | None = None,
    allocate: Callable[[Candidates, Limits], Plan] = arbitrate,
) -> DayPlan:
    """Plans the day from a moment on, and writes it as rows of the table `decisions`.

    Each customer gets at most one decision: an offer at a touchpoint, in the part of the day that
    suits best, at the first moment of it that all rules permit. Limits of the day, capacities and
    budget, are kept by dual prices and admission by rank (`recsys.policy.arbitration.allocate`).
    The file is complete or not written at all; killed, the same call goes on with the candidates
    that it had found, if it says `at`. Memory: the artifact, 14 bytes a candidate, and a few tiles.

    Args:
        artifact: with a policy.
        path: of the Parquet file, see `recsys.serving.decide.plan_file`.
        at: when the day begins, as for `Artifact.recommend`.
        log: decisions since the export, whose contacts and places count, see `booked.read_booked`.
        explore: whether the policy's exploration is followed.
        k: candidates kept for each customer.
        touchpoints: the only ones to plan for, `["all"]` for every one. None: those where the firm
            makes contact (outbound), or every one where there are none: when customers come by
            themselves is not known the day before.
        allocate: chooses within the limits; `recsys.policy.arbitration.exact.best_plan`, which
            needs SciPy, is exact where there are few candidates.

    Raises:
        InputError: the artifact has no policy, an argument or the log is not usable, more is booked
            than there is room for, or the file cannot be written.
    """
    path = Path(path)
    require_parquet(path)
    contents = artifact.contents
    part = require_policy(contents)
    stated = part.exploration if explore else None
    require_explorable(contents, stated)
    moment = contents.moment(at)
    start = times.now() if moment is None else moment
    names = list(contents.touchpoints.names)
    rules = part.rules
    used = planned_touchpoints(names, rules.outbound, touchpoints)
    taken: IntArray = np.zeros(len(names), np.int64)
    if log is not None:
        booked = read_booked(Path(log), contents, artifact.customers)
        rules, taken = booked.added_to(rules), booked.of_day(start, len(names))
    limits = remaining_limits(rules, part.costs, taken, names)
    too_dear = limits.costs > limits.affordable
    kept = max(k, len(names))
    asked = [start, kept, used.tolist(), content_digest(contents.decisions, rules)]
    with whole_file(path, "out") as file, kept_parts(path, artifact.digest, asked) as parts:
        candidates = all_candidates(
            contents, artifact.decision_logits, rules, start, kept, used, parts
        )
        plan = allocate(candidates, limits)
        prices = Prices(
            touchpoints=dict(zip(names, plan.prices.tolist(), strict=True)),
            budget=float(plan.budget_price),
        )
        counts, changed = write_decisions(
            file,
            Planned(
                contents=contents,
                rules=rules,
                logits=artifact.decision_logits,
                candidates=candidates,
                plan=plan,
                limits=limits,
                prices=prices,
                start=start,
                exploration=stated,
            ),
        )
    return DayPlan(
        customers=len(contents.customers),
        decisions=int(counts.sum()),
        by_touchpoint={names[row]: int(counts[row]) for row in np.flatnonzero(used)},
        booked=dict(zip(names, taken.tolist(), strict=True)),
        explored=changed,
        expected_value=plan.objective,
        gap=plan.gap,
        prices=prices,
        one_more=dict(zip(names, np.where(too_dear, 0, plan.prices_low).tolist(), strict=True)),
        too_dear=[names[row] for row in np.flatnonzero(too_dear & used)],
        start=start,
    )
