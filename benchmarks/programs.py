"""Programs of suites: each is a process of its own, whose memory and seconds are its alone."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import recsys
from recsys.errors import InputError

CHECKOUT = Path(recsys.__file__).parents[1]


def printed_by(doing: str, *words: str, checkout: Path = CHECKOUT, **variables: str) -> str:
    """What Python prints, run with words.

    Args:
        doing: what the program does, for the error.
        words: after `python`, as the path of the program and its own words.
        checkout: whose packages the program imports.
        variables: of the environment, beside those of this process.

    Raises:
        InputError: the program failed; has its last line.
    """
    run = subprocess.run(
        [sys.executable, *words], env={**environment(checkout), **variables}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if run.returncode:
        last = run.stderr.strip().splitlines()[-1:] or ["no words"]
        raise InputError(f"{doing} ended with code {run.returncode}: {last[0]}")
    return run.stdout


def environment(checkout: Path = CHECKOUT) -> dict[str, str]:
    """Variables of a process that imports the packages of a checkout."""
    # The package benchmarks is not installed, and the folder of a program is not searched.
    paths = [str(checkout), os.environ.get("PYTHONPATH", "")]
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, paths)),
        "PYTHONSAFEPATH": "1",
    }


def free_port() -> int:
    """A port of loopback that no program has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])
