"""`recsys COMMAND key=value ...`: finds the command, imports it and hands it the other words.

A command is a module of `recsys.cli` with a function `main(words)`. Nothing heavy is imported
before one is chosen.
"""

import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module

from recsys import __version__
from recsys.errors import InputError
from recsys.ops.terminal import exit_on_input_error, say

COMMANDS = {
    "train": "fit one model, evaluate it on valid and track the run",
    "tune": "search the settings of a model, and fit the best of them",
    "compare": "leaderboard of runs, with paired comparisons",
    "ladder": "page from one list for all to one-to-one, for people who decide",
    "export": "refit the best run on all events and write an artifact",
    "recommend": "offers from an artifact, for one customer or for all",
    "add_products": "add new products to an artifact by their features",
    "store": "put an artifact into Parquet files or PostgreSQL",
    "promote": "make an artifact the champion of MLflow's registry, if it wins",
    "simulate": "write a simulated market, whose truth is known",
    "benchmark": "measure a suite of benchmarks/ (in a checkout only)",
}
"""The commands, each with what it does."""


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs one command; bad input ends the process with one line and code 2.

    Args:
        arguments: the command and its words; None for those of the process.
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
        import_module("recsys.cli.completion").main(words)
    else:
        import_module(f"recsys.cli.{known_command(first)}").main(others)


def usage() -> str:
    """What `recsys --help` prints: the commands, one a line."""
    listed = [f"  {name:<14}{about}" for name, about in COMMANDS.items()]
    return "\n".join(
        [
            "recsys COMMAND key=value ...",
            "",
            *listed,
            "",
            "recsys COMMAND --help lists the keys of a command; recsys --version says which it is.",
        ]
    )


def known_command(word: str) -> str:
    """The command that a word names; hyphens stand for underscores.

    Args:
        word: as typed.

    Raises:
        InputError: there is no such command; the nearest is named.
    """
    name = word.replace("-", "_")
    if name in COMMANDS:
        return name
    near = get_close_matches(name, COMMANDS, n=1)
    hint = f"did you mean {near[0]}?" if near else f"there are {', '.join(COMMANDS)};"
    raise InputError(f"unknown command '{word}'; {hint} recsys --help lists them")


if __name__ == "__main__":
    main()
