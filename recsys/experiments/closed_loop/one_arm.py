"""One arm on one market: learn, decide, log, for each round that is not on the disk yet."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray
from recsys.experiments.closed_loop.arms import Arm
from recsys.experiments.closed_loop.deciding import ACCEPTED, REJECTED, Made, Round, decide
from recsys.experiments.closed_loop.learner import Learner, Regressors
from recsys.experiments.closed_loop.log import Logged, read_log, table_of
from recsys.experiments.closed_loop.market import LoopData
from recsys.experiments.closed_loop.rules import longest_window
from recsys.ops.whole_file import write_whole
from recsys.policy.compiled import CompiledRules, Contacts
from recsys.policy.compiled.violations import violations
from recsys.policy.decision_log.parts import DecisionLog

CHECKED = "violations.json"
"""The file that a finished arm ends with."""

_TILE = 4_096
"""Opportunities whose offers are scored at a time."""


def run_arm(
    arm: Arm,
    loop: LoopData,
    rules: CompiledRules,
    regressors: Regressors,
    rounds: Sequence[Round],
    folder: Path,
) -> None:
    """Runs the rounds that are missing in a folder, then checks all decisions.

    Args:
        arm: the policy.
        loop: the market.
        rules: for all decisions, with the contacts before the loop.
        regressors: what learners may look at.
        rounds: in order of time.
        folder: gets `decisions/`, the figures of each round, and `CHECKED` at the end.
    """
    log, on_disk = read_log(loop, loop.logged), DecisionLog(folder / "decisions")
    contacts, horizon = rules.contacts, longest_window(rules)
    before = len(log.offers)
    for number, now in enumerate(rounds):
        if figures_file(folder, number).exists():
            table = pd.read_parquet(on_disk.folder / f"{_name(number)}.parquet")
            part = read_log(loop, table)
            contacts = contacts.merged(_contacts(rules, part))
        else:
            values = _values(arm, now, regressors, log)
            if len(now.chances):
                contacts = contacts.only(contacts.when > now.chances.when[0] - horizon)
            made, contacts = decide(rules, contacts, now, values, arm.exploration)
            table = table_of(
                loop, now, made, policy=arm.name, version=_name(number), rules_version=rules.version
            )
            on_disk.append(_name(number), table)
            part = read_log(loop, table)
            figures = _measured(rules, now, made)
            # Last: where the figures are, the decisions are too.
            write_whole(figures_file(folder, number), json.dumps(figures) + "\n", "out")
        log = log.and_then(part)
    counts = _violations(rules, log, before)
    write_whole(folder / CHECKED, json.dumps(counts) + "\n", "out")


def figures_file(folder: Path, number: int) -> Path:
    """Where the figures of round `number`, from 0, of an arm are."""
    return folder / f"{_name(number)}.json"


def _values(arm: Arm, now: Round, regressors: Regressors, log: Logged) -> FloatArray:
    """[N, m] euros that the arm expects of each offer where it is allowed, else 0."""
    if arm.look is None:
        return now.truth * now.rewards
    learner = Learner.fit(
        arm.look,
        regressors.matrix(log.chances, log.offers, arm.look),
        log.outcomes == ACCEPTED,
    )
    values = np.zeros(now.allowed.shape)
    for start in range(0, len(values), _TILE):
        rows, column = np.nonzero(now.allowed[start : start + _TILE])
        rows += start
        matrix = regressors.matrix(now.chances.select(rows), now.offers[column], arm.look)
        values[rows, column] = learner.probability(matrix) * now.rewards[column]
    return values


def _measured(rules: CompiledRules, now: Round, made: Made) -> dict[str, Any]:
    accepted = made.outcome == ACCEPTED
    rewards, truth = now.rewards[made.column], now.truth[made.chance, made.column]
    best = now.truth[made.chance, made.best] * now.rewards[made.best]
    return {
        "decisions": len(accepted),
        "outbound": int(rules.outbound[now.chances.touchpoints[made.chance]].sum()),
        "accepted": int(accepted.sum()),
        "reward": float((accepted * rewards).sum()),
        "expected": float((truth * rewards).sum()),
        "greedy": float(best.sum()),
        "smallest_propensity": float(made.propensity.min(initial=1.0)),
    }


def _violations(rules: CompiledRules, log: Logged, before: int) -> dict[str, int]:
    """Decisions checked one by one, and how many break each rule."""
    chances = log.chances.select(slice(before, None))
    counts = violations(
        rules,
        chances.customers,
        log.offers[before:],
        chances.touchpoints,
        chances.when,
        rejected=log.outcomes[before:] == REJECTED,
    )
    return {"decisions": len(chances), **counts}


def _contacts(rules: CompiledRules, log: Logged) -> Contacts:
    chances = log.chances
    return rules.contacts_of(
        chances.customers,
        chances.when,
        chances.touchpoints,
        log.offers,
        log.outcomes == REJECTED,
    )


def _name(number: int) -> str:
    return f"round_{number + 1:03d}"
