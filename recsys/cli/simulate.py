"""Writes a simulated market, whose truth is known, to a folder.

recsys simulate out=FOLDER [events=100000] [seed=0]

FOLDER is new or empty; events are 1,000 to 100 million; equal seeds give equal tables.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from recsys.cli.words import key_values, new_folder
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_numbers import parse_whole_number
from recsys.simulation import SimulatedMarket
from recsys.simulation.shape import shape

KEYS = ("events", "seed", "out")


def main(words: Sequence[str]) -> None:
    """Reads the words, writes the market, says what lies in the folder.

    Raises:
        InputError: a word is no use, or the folder is not empty.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the market is to be written")
    events, seed = _whole("events", given, 100_000), _whole("seed", given, 0)
    out = new_folder("out", given["out"])
    report(out, SimulatedMarket(events=events, seed=seed).write(out))


def _whole(key: str, given: Mapping[str, str], default: int) -> int:
    if key not in given:
        return default
    number = parse_whole_number(given[key])
    if number is None:
        raise InputError(f"{key}: expected a whole number, got '{given[key]}'")
    return number


def report(folder: Path, rows: Mapping[str, int]) -> None:
    """Prints what lies in the folder.

    Args:
        folder: of the market.
        rows: the number of rows of each table.
    """
    for name in sorted(rows):
        say(f"{name:<13}{rows[name]:>13,} rows")
    # The first customers stand for all: reading a hundred million events back would take minutes.
    first = "part-00000.parquet"
    events = pd.read_parquet(folder / "interactions" / first)
    measured = shape(events, pd.read_parquet(folder / "identities" / first))
    begin, end = events["timestamp"].min(), events["timestamp"].max()
    say(f"span         {begin:%Y-%m-%d} .. {end:%Y-%m-%d}")
    say(
        f"gini         popularity {measured.popularity:.3f}, history {measured.history:.3f}, "
        f"gaps {measured.gaps:.3f} (first part)"
    )
    say(f"no product   {measured.without_product:.1%} of events (first part)")
    say(f"folder       {folder}")
