"""Lets policies decide on a simulated market, learn from their own log, and decide again.

recsys closed_loop out=FOLDER
recsys closed_loop out=FOLDER rounds=10 events=100000 seeds=5 epsilon=0.1

One-to-one, segment and popularity, each with and without exploration, under consent and contact
rules, and the oracle as the ceiling. Writes closed_loop.html, closed_loop.png, tables and the logs
of all decisions. A killed run goes on where it was when the same words are given again.
"""

from collections.abc import Sequence

from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.words import Key, key_values, new_folder, whole_number
from recsys.errors import InputError
from recsys.experiments.closed_loop.run import rule_checks, run_loop
from recsys.experiments.closed_loop.settings import LoopSettings
from recsys.ops.terminal import say
from recsys.policy.rules.read import read_policy
from recsys.reports.closed_loop.page import PAGE, PICTURE
from recsys.reports.closed_loop.tracked import write_report
from recsys.simulation import SimulatedMarket

KEYS = {
    "out": Key("folder for the page, the picture, the tables and the logs", "FOLDER"),
    "rounds": Key("how often each policy learns again, 1 to 300", default="10"),
    "events": Key("size of each market, 1,000 to 100 million; 20 a customer", default="100000"),
    "seeds": Key("number of markets; 3 or more give intervals", default="5"),
    "policy": Key("whose rules hold: a shipped policy, or a .yaml file", default="closed_loop"),
    "epsilon": Key("share of decisions that exploring policies draw uniformly", default="0.1"),
    **LOG,
}

_MOST_ROUNDS = 300


def main(words: Sequence[str]) -> None:
    """Runs a closed loop and writes its page.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, or the folder holds something else or cannot be written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the loop is to be written")
    require_log(given)
    rounds, events, seeds = (whole_number(key, given[key]) for key in ("rounds", "events", "seeds"))
    if rounds > _MOST_ROUNDS:
        raise InputError(f"rounds: expected 1 to {_MOST_ROUNDS}, got {rounds}; a round takes a day")
    SimulatedMarket(events=events)  # refuses a size before anything is written
    policy = read_policy(given["policy"])
    settings = LoopSettings(
        market=f"simulated, {events:,} events",
        rounds=rounds,
        seeds=seeds,
        epsilon=_share("epsilon", given["epsilon"]),
        policy=policy.name,
        policy_version=policy.version,
    )
    out = new_folder("out", given["out"])
    figures = run_loop(
        settings, policy, lambda seed: SimulatedMarket(events=events, seed=seed), out, say
    )
    report = write_report(out, settings, figures, rule_checks(out, settings))
    say(*report.note.split("\n\n"))
    say(f"Page: {out / PAGE}; picture: {out / PICTURE}; tables: CSV files beside them")
    log_if_wanted(given, lambda: report)


def _share(key: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 < value <= 1:
        raise InputError(f"{key}: expected a number above 0 and up to 1, got '{text}'")
    return value
