"""The closed loop: each arm decides on a market of its own, learns from its log, decides again."""

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pandas as pd

from recsys.errors import InputError
from recsys.experiments.closed_loop.arms import arms
from recsys.experiments.closed_loop.learner import Regressors
from recsys.experiments.closed_loop.market import Market, loop_data
from recsys.experiments.closed_loop.one_arm import CHECKED, figures_file, run_arm
from recsys.experiments.closed_loop.rounds import round_of
from recsys.experiments.closed_loop.rules import loop_rules
from recsys.experiments.closed_loop.settings import LoopSettings
from recsys.ops.locks import lock
from recsys.ops.whole_file import write_whole
from recsys.policy.rules.policy import Policy

SETTINGS = "settings.json"


def run_loop(
    settings: LoopSettings,
    policy: Policy,
    market_of: Callable[[int], Market],
    folder: Path,
    say: Callable[[str], None] = lambda line: None,
) -> pd.DataFrame:
    """Runs what is not in the folder yet, round by round.

    A killed run goes on after its last finished round and ends with the same result.

    Args:
        settings: of the loop.
        policy: whose rules hold for all decisions.
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
            _run_seed(settings, policy, seed, market_of, folder / f"seed_{seed}", say)
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
        if (path := figures_file(folder / f"seed_{seed}" / arm.name, number)).exists()
    ]
    return pd.DataFrame(rows)


def rule_checks(folder: Path, settings: LoopSettings) -> pd.DataFrame:
    """One row a seed and arm: decisions checked, and violations of each rule."""
    rows = [
        {"seed": seed, "arm": arm.name, **json.loads(path.read_text())}
        for seed in range(settings.seeds)
        for arm in arms(settings.epsilon)
        if (path := folder / f"seed_{seed}" / arm.name / CHECKED).exists()
    ]
    return pd.DataFrame(rows)


def _run_seed(
    settings: LoopSettings,
    policy: Policy,
    seed: int,
    market_of: Callable[[int], Market],
    folder: Path,
    say: Callable[[str], None],
) -> None:
    chosen = arms(settings.epsilon)
    if all((folder / arm.name / CHECKED).exists() for arm in chosen):
        return
    first, last = (pd.Timestamp(day, tz="UTC") for day in (settings.start, settings.end))
    loop = loop_data(market_of(seed), first, last)
    rules, regressors = loop_rules(policy, loop), Regressors.of(loop, settings.segment)
    rounds = [round_of(loop, rules, seed, *span) for span in settings.spans]
    for arm in chosen:
        if not (folder / arm.name / CHECKED).exists():
            run_arm(arm, loop, rules, regressors, rounds, folder / arm.name)
            say(f"seed {seed}: {arm.name} has decided {settings.rounds} rounds")
