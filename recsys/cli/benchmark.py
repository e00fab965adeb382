"""Measures a suite of benchmarks/, which a checkout has and a wheel has not."""

from collections.abc import Sequence
from importlib import import_module
from pathlib import Path

from recsys.errors import InputError

_CHECKOUT = Path(__file__).parents[2]


def main(words: Sequence[str]) -> None:
    """One suite.

    Args:
        words: key=value and flags, as Hydra takes them.

    Raises:
        InputError: the package is installed without benchmarks/.
    """
    if not (_CHECKOUT / "benchmarks" / "run.py").is_file():
        raise InputError("benchmark runs in a checkout only: a wheel holds no benchmarks/")
    import_module("benchmarks.run").main(words)
