"""Measures a suite of benchmarks/, which only a checkout has."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from recsys.errors import InputError

_CHECKOUT = Path(__file__).parents[2]


def main(words: Sequence[str]) -> None:
    """One suite.

    Args:
        words: settings as key=value, and flags of Hydra.

    Raises:
        InputError: the package is installed, without benchmarks/.
    """
    if not (_CHECKOUT / "benchmarks" / "run.py").is_file():
        raise InputError("benchmark runs in a checkout only: a wheel holds no benchmarks/")
    import_module("benchmarks.run").main(words)
