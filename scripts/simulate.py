"""Writes a simulated market to a folder.

python scripts/simulate.py --events 100000 --seed 0 --out market
"""

import argparse
from pathlib import Path
from typing import NoReturn

import pandas as pd

from recsys.cli.words import new_folder
from recsys.errors import InputError
from recsys.ops.terminal import exit_on_input_error, say
from recsys.simulation import SimulatedMarket
from recsys.simulation.shape import shape


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as the other scripts do."""

    def error(self, message: str) -> NoReturn:
        """Ends with an `InputError`."""
        raise InputError(f"{message}; --help lists what there is")


def main() -> None:
    """Parses, writes, prints."""
    with exit_on_input_error():
        arguments = parse()
        market = SimulatedMarket(events=arguments.events, seed=arguments.seed)
        rows = market.write(new_folder("--out", str(arguments.out)))
    report(arguments.out, rows)


def parse() -> argparse.Namespace:
    """The arguments of the command line."""
    parser = Parser(description="Writes a simulated market to a folder.", allow_abbrev=False)
    parser.add_argument("--events", type=whole, default=100_000, help="1,000 to 100 million")
    parser.add_argument("--seed", type=whole, default=0, help="equal seeds give equal tables")
    parser.add_argument("--out", type=Path, required=True, help="folder, new or empty")
    return parser.parse_args()


def whole(text: str) -> int:
    """A whole number, in words that argparse puts behind the name of the argument."""
    try:
        return int(text)
    except ValueError:
        message = f"expected a whole number, got '{text}'"
        raise argparse.ArgumentTypeError(message) from None


def report(folder: Path, rows: dict[str, int]) -> None:
    """Prints what lies in the folder."""
    for name in sorted(rows):
        say(f"{name:<13}{rows[name]:>13,} rows")
    # The first customers stand for all: reading a hundred million events back would take minutes.
    first = "part-00000.parquet"
    events = pd.read_parquet(folder / "interactions" / first)
    found = shape(events, pd.read_parquet(folder / "identities" / first))
    say(
        f"span         {events['timestamp'].min():%Y-%m-%d} .. {events['timestamp'].max():%Y-%m-%d}"
    )
    say(
        f"gini         popularity {found.popularity:.3f}, history {found.history:.3f}, "
        f"gaps {found.gaps:.3f} (first part)"
    )
    say(f"no product   {found.without_product:.1%} of events (first part)")
    say(f"folder       {folder}")


if __name__ == "__main__":
    main()
