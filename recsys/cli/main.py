"""`recsys COMMAND key=value ...`: imports the command and runs it with the other words.

A command is a module of `recsys.cli` with a function `main(words)`. Nothing heavy is imported
before a command is chosen. `eval "$(recsys -sc install=bash)"` installs completion in a shell
(fish and zsh as well). The shell then runs `recsys -sc query=bash`, with the line that is being
typed in the environment variable COMP_LINE.
"""

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from recsys import __version__
from recsys.errors import InputError
from recsys.ops.terminal import exit_on_input_error, say

COMMANDS = {
    "simulate": "write a simulated market, whose true probabilities are known",
    "check": "list every fault of your tables at once, and what they hold",
    "new_day": "take new parts of the events into a store, and say what they bring",
    "train": "fit one model, evaluate it on valid and track the run",
    "tune": "search the settings of a model, then fit the best of them",
    "compare": "rank finished runs, with paired comparisons",
    "backtest": "compare models over several windows, and what old training data cost",
    "ladder": "show who gains from one-to-one offers, on a page for decision makers",
    "closed_loop": "let policies decide, learn from their log and decide again, on the market",
    "export": "refit the best run on all events and write an artifact",
    "recommend": "offers out of an artifact, for one customer or for all",
    "decide": "plan a day for all customers under a policy, or decide for one",
    "funnel": "show what each rule of a policy takes away, and what it costs",
    "add_products": "add new products to an artifact by their features",
    "refresh": "take new consents, products, prices and offers into an artifact, untrained",
    "serve": "answer over HTTP, and take in new versions without a restart",
    "store": "put an artifact into Parquet files or PostgreSQL",
    "live_test": "plan a live test of a policy, assign its customers, read its log",
    "retrain": "check new data, refit champion and challengers, promote by a stated policy",
    "monitor": "watch a log of served answers: acceptance, calibration, coverage, drift",
    "promote": "make an artifact the champion of the MLflow registry, if it wins",
    "sync": "send to MLflow what was kept while its server did not answer",
    "identities": "find the records of each person, and keep ids from run to run",
    "value": "forecast what each customer will buy and spend",
    "segments": "count micro-segments: size, value, drift, stability, and who is in which",
    "signals": "find signals of customers, their lift, and make proven ones rules",
    "similar": "find similar customers, look-alikes of a list, and data-driven segments",
    "moments": "tell what sessions are for and who will leave, and how well that is told",
    "purposes": "find what customers are after: strands of events by purpose, and the open ones",
    "life_events": "predict the next life event of customers and its time, and how well",
    "customer": "show one customer on one page: strands, signals, value, consent, next offers",
    "journey_map": "draw journeys by stage and touchpoint: drop-offs, times, and what differs",
    "plan": "plan two steps for each customer: an offer now, and the next after each answer",
    "evaluate_policy": "tell what another policy would have earned on logged decisions",
    "forget": "remove a person from tables, artifacts, stores, MLflow, logs and checkpoints",
    "benchmark": "measure a suite of benchmarks/ (in a checkout only)",
}
"""Command -> what it does, in the order of the help."""

_WITH_HYDRA = ("train", "tune", "benchmark")


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command. Bad input ends the process with one line on stderr and code 2.

    Args:
        arguments: the command and its words; None for the arguments of the process.
    """
    words = list(sys.argv[1:] if arguments is None else arguments)
    with exit_on_input_error():
        _dispatch(words)


def _dispatch(words: Sequence[str]) -> None:
    if not words:
        raise InputError("no command is given; recsys --help lists them")
    first, *others = words
    if first in ("-h", "--help"):
        say(*usage().split("\n"))
    elif first == "--version":
        say(f"recsys {__version__}")
    elif first in ("-sc", "--shell-completion"):
        complete(words)
    else:
        import_module(f"recsys.cli.{known_command(first)}").main(others)


def usage() -> str:
    """The text of `recsys --help`."""
    listed = [f"  {name:<17}{about}" for name, about in COMMANDS.items()]
    return "\n".join(
        [
            "recsys COMMAND KEY=VALUE ...",
            "",
            "From events to the next best offer: train recommenders, compare them, serve the best.",
            "",
            "Commands:",
            *listed,
            "",
            "First steps, on simulated data:",
            "  recsys train -m model=popularity,segment,als,graph_filter data.events=20000",
            "  recsys compare",
            "  recsys export out=best",
            "  recsys recommend artifact=best customers=3 at=as_of",
            "",
            "recsys COMMAND --help     the keys of a command with their defaults",
            "recsys --version          the version",
            'recsys -sc install=bash   completion for the shell: eval "$(recsys -sc install=bash)"',
        ]
    )


def complete(words: Sequence[str]) -> None:
    """Installs or removes the completion of a shell, or answers its query.

    Args:
        words: `-sc` and `install=SHELL`, `uninstall=SHELL` or `query=SHELL`.
    """
    if not any(word.startswith("query=") for word in words):
        import_module("recsys.cli.train").main(words)
        return
    program, _, rest = os.environ.get("COMP_LINE", "").lstrip().partition(" ")
    command, space, typed = rest.lstrip().partition(" ")
    name = command.replace("-", "_")
    if not space:
        say(*[known for known in COMMANDS if known.startswith(name)])
    elif name in _WITH_HYDRA:
        # Hydra takes the first word as the program and all others as settings.
        os.environ["COMP_LINE"] = f"{program} {typed}"
        import_module(f"recsys.cli.{name}").main(words)
    elif name in COMMANDS:
        last = "" if typed.endswith(" ") else typed.split(" ")[-1]
        keys = import_module(f"recsys.cli.{name}").KEYS
        say(*[f"{key}=" for key in keys if key.startswith(last)])


def known_command(word: str) -> str:
    """The command that a word names.

    Args:
        word: as typed; hyphens count as underscores.

    Raises:
        InputError: there is no such command; names the nearest.
    """
    name = word.replace("-", "_")
    if name in COMMANDS:
        return name
    near = get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)};"
    raise InputError(f"unknown command '{word}'; {hint} recsys --help lists them")


if __name__ == "__main__":
    main()
