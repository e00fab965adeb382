"""As `recsys simulate`, from a checkout; takes --events, --seed and --out as well."""

import argparse
import sys
from collections.abc import Sequence
from typing import NoReturn

from recsys.cli.simulate import main
from recsys.errors import InputError
from recsys.ops.terminal import exit_on_input_error


class Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, as the commands do."""

    def error(self, message: str) -> NoReturn:
        """Raises `InputError`."""
        raise InputError(f"{message}; --help lists what there is")


def key_values_of(words: Sequence[str]) -> list[str]:
    """The flags as key=value; words without a flag as they are."""
    if words and not any(word.startswith("--") and word != "--help" for word in words):
        return list(words)
    parser = Parser(add_help=False, allow_abbrev=False)
    parser.add_argument("--events", type=whole, default=100_000)
    parser.add_argument("--seed", type=whole, default=0)
    parser.add_argument("--out", required=True)
    return [f"{key}={value}" for key, value in vars(parser.parse_args(words)).items()]


def whole(text: str) -> int:
    """A whole number, in words that argparse puts behind the name of the argument."""
    try:
        return int(text)
    except ValueError:
        message = f"expected a whole number, got '{text}'"
        raise argparse.ArgumentTypeError(message) from None


if __name__ == "__main__":
    with exit_on_input_error():
        main(key_values_of(sys.argv[1:]))
