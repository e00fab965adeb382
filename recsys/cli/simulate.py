"""Writes a simulated market, whose true probabilities are known, to a folder.

recsys simulate out=FOLDER
recsys simulate out=FOLDER events=1000000 seed=1

Equal seeds give equal tables.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

from recsys.cli.words import Key, key_values, new_folder, truth
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_numbers import parse_whole_number
from recsys.simulation import SimulatedMarket
from recsys.simulation.shape import shape

KEYS = {
    "out": Key("a new or empty folder for the tables", "FOLDER"),
    "events": Key("number of events, 1,000 to 100 million", default="100000"),
    "seed": Key("a whole number of 0 or more", default="0"),
    "records": Key("false leaves out the table of records, which no model reads", default="true"),
    "version": Key("of the market; in 2 life events can be predicted", default="1"),
}


def main(words: Sequence[str]) -> None:
    """Writes a market and prints its size and shape.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, or the folder is not empty.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the market is to be written")
    events, seed, version = (_whole(key, given[key]) for key in ("events", "seed", "version"))
    records = truth("records", given["records"])
    market = SimulatedMarket(events=events, seed=seed, version=version, records=records)
    out = new_folder("out", given["out"])
    report(out, market.write(out))


def _whole(key: str, text: str) -> int:
    number = parse_whole_number(text)
    if number is None:
        raise InputError(f"{key}: expected a whole number, got '{text}'")
    return number


def report(folder: Path, rows: Mapping[str, int]) -> None:
    """Prints the size and shape of a market.

    Args:
        folder: the folder of the market.
        rows: table -> number of rows.
    """
    for name in sorted(rows):
        say(f"{name:<13}{rows[name]:>13,} rows")
    # The first part represents the market: reading 100 million events back would take minutes.
    first = "part-00000.parquet"
    events = pd.read_parquet(folder / "interactions" / first)
    measured = shape(events, pd.read_parquet(folder / "identities" / first))
    begin, end = events["timestamp"].min(), events["timestamp"].max()
    say(
        f"from .. to   {begin:%Y-%m-%d} .. {end:%Y-%m-%d}",
        f"no product   {measured.without_product:.1%} of the events (in the first file)",
        f"Gini index   {measured.popularity:.3f} of events by product, {measured.history:.3f} by "
        f"customer, {measured.gaps:.3f} of times between events (in the first file)",
        f"folder       {folder}",
    )
