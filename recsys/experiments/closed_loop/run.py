"""The closed loop: each arm decides on a market of its own, learns from its log, decides again."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import FloatArray, IntArray
from recsys.data import columns
from recsys.errors import InputError
from recsys.experiments.closed_loop.arms import Arm, arms
from recsys.experiments.closed_loop.deciding import ACCEPTED, REJECTED, Made, Round, decide
from recsys.experiments.closed_loop.learner import Learner, Regressors
from recsys.experiments.closed_loop.log import Logged, read_log, table_of
from recsys.experiments.closed_loop.market import LoopData, Market, loop_data
from recsys.experiments.closed_loop.rules import loop_rules, longest_window
from recsys.ops.locks import lock
from recsys.ops.whole_file import write_whole
from recsys.policy.compiled import CompiledRules, Contacts
from recsys.policy.compiled.violations import violations
from recsys.policy.decision_log.parts import DecisionLog
from recsys.policy.exploration import Draws

SETTINGS = "settings.json"
_TILE = 4_096
"""Opportunities whose offers are scored at a time."""


@dataclass(frozen=True, kw_only=True)
class LoopSettings:
    """Settings of a closed loop.

    Attributes:
        market: what the market is called, with its own settings.
        rounds: equal spans of time from `start` to `end`.
        seeds: number of markets, of the seeds from 0.
        epsilon: of the exploring arms.
        start: UTC day; end: UTC day.
        segment: column of the customers that is their segment.
    """

    market: str
    rounds: int
    seeds: int
    epsilon: float
    start: str = "2025-03-01"
    end: str = "2026-01-01"
    segment: str = "life_stage"

    @property
    def starts(self) -> IntArray:
        """[rounds + 1] UTC seconds where rounds begin, and where the last ends."""
        first, last = (pd.Timestamp(day, tz="UTC").timestamp() for day in (self.start, self.end))
        return np.linspace(first, last, self.rounds + 1).astype(np.int64)


def run_loop(
    settings: LoopSettings,
    market_of: Callable[[int], Market],
    folder: Path,
    say: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Runs what is not in the folder yet, round by round.

    A killed run goes on after its last finished round and ends with the same result.

    Args:
        settings: of the loop.
        market_of: the market of a seed.
        folder: gets `settings.json` and `seed_S/ARM/`: `decisions/round_R.parquet`,
            `round_R.json` and `violations.json`.
        say: told about each finished arm.

    Returns:
        One row a seed, arm and round: decisions, outbound, accepted, reward (of the answers drawn),
        expected (reward at the true probabilities), greedy (the same if the arm had never explored
        but chosen its best offer), smallest_propensity.

    Raises:
        InputError: the folder holds a loop with other settings, or cannot be written.
    """
    claim(folder, settings)
    with lock(folder):
        for seed in range(settings.seeds):
            _run_seed(settings, seed, market_of, folder / f"seed_{seed}", say)
    return results(folder, settings)


def claim(folder: Path, settings: LoopSettings) -> None:
    """Writes the settings into a new folder, or compares them with those of an earlier run.

    Raises:
        InputError: they differ.
    """
    path, wanted = folder / SETTINGS, asdict(settings)
    if path.exists():
        before = json.loads(path.read_text())
        other = [key for key in wanted if before.get(key) != wanted[key]]
        if other:
            raise InputError(
                f"out={folder}: holds a loop with {other[0]}={before.get(other[0])}, got "
                f"{wanted[other[0]]}; name a new folder, or use its settings"
            )
        return
    if folder.exists() and any(folder.iterdir()):
        raise InputError(f"out={folder}: expected a new or empty folder, or one of this command")
    write_whole(path, json.dumps(wanted, indent=1) + "\n", "out")


def results(folder: Path, settings: LoopSettings) -> pd.DataFrame:
    """The figures of all finished rounds, see `run_loop`."""
    rows = [
        {"seed": seed, "arm": arm.name, "round": number, **json.loads(path.read_text())}
        for seed in range(settings.seeds)
        for arm in arms(settings.epsilon)
        for number in range(settings.rounds)
        if (path := _figures(folder / f"seed_{seed}" / arm.name, number)).exists()
    ]
    return pd.DataFrame(rows)


def rule_checks(folder: Path, settings: LoopSettings) -> pd.DataFrame:
    """One row a seed and arm: decisions checked, and violations of each rule."""
    rows = [
        {"seed": seed, "arm": arm.name, **json.loads(path.read_text())}
        for seed in range(settings.seeds)
        for arm in arms(settings.epsilon)
        if (path := folder / f"seed_{seed}" / arm.name / "violations.json").exists()
    ]
    return pd.DataFrame(rows)


def _run_seed(
    settings: LoopSettings,
    seed: int,
    market_of: Callable[[int], Market],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    chosen = arms(settings.epsilon)
    if all((folder / arm.name / "violations.json").exists() for arm in chosen):
        return
    first, last = (pd.Timestamp(day, tz="UTC") for day in (settings.start, settings.end))
    loop = loop_data(market_of(seed), first, last)
    rules, regressors = loop_rules(loop), Regressors.of(loop, settings.segment)
    rounds = [_round(loop, rules, seed, *span) for span in _spans(settings)]
    for arm in chosen:
        if not (folder / arm.name / "violations.json").exists():
            _run_arm(arm, loop, rules, regressors, rounds, folder / arm.name)
            say(f"seed {seed}: {arm.name} has decided {settings.rounds} rounds")


def _run_arm(
    arm: Arm,
    loop: LoopData,
    rules: CompiledRules,
    regressors: Regressors,
    rounds: Sequence[Round],
    folder: Path,
) -> None:
    log, on_disk = read_log(loop, loop.logged), DecisionLog(folder / "decisions")
    contacts, horizon = rules.contacts, longest_window(rules)
    before = len(log.offers)
    for number, now in enumerate(rounds):
        if _figures(folder, number).exists():
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
            write_whole(_figures(folder, number), json.dumps(figures) + "\n", "out")
        log = log.and_then(part)
    counts = _violations(rules, log, before)
    write_whole(folder / "violations.json", json.dumps(counts) + "\n", "out")


def _round(loop: LoopData, rules: CompiledRules, seed: int, start: int, end: int) -> Round:
    """The opportunities of a span and the truth about them."""
    when = loop.opportunities.when
    chances = loop.opportunities.select((when >= start) & (when < end))
    runs = (rules.valid_from < end) & (rules.valid_to > start)
    offers = np.flatnonzero(runs)
    moment = chances.when[:, None]
    allowed = (rules.valid_from[offers] <= moment) & (moment < rules.valid_to[offers])
    allowed &= rules.pairs()[offers][:, chances.touchpoints].T
    rows, columns_ = np.nonzero(allowed)
    truth = np.zeros(allowed.shape)
    truth[rows, columns_] = loop.acceptance(chances.select(rows), offers[columns_])
    return Round(
        chances=chances,
        offers=offers,
        allowed=allowed,
        truth=truth,
        refusal=loop.refusals(chances.touchpoints),
        rewards=loop.offer_rewards[offers],
        draws=Draws.of(
            seed=seed, customers=loop.data.customers.ids[chances.customers], moments=chances.when
        ),
    )


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


def _spans(settings: LoopSettings) -> list[tuple[int, int]]:
    starts = settings.starts.tolist()
    return list(zip(starts[:-1], starts[1:], strict=True))


def _name(number: int) -> str:
    return f"round_{number + 1:03d}"


def _figures(folder: Path, number: int) -> Path:
    return folder / f"{_name(number)}.json"
