"""A script in several processes at once, which meet by gloo."""

import os
import subprocess
from pathlib import Path

from warm_programs import warm_python


def run_together(script: str, *words: object, count: int, store: Path) -> list[tuple[int, str]]:
    """Runs a script of this folder with the words and RANK COUNT STORE.

    Returns:
        code and stderr of each process.
    """
    started = [
        subprocess.Popen(
            [warm_python(), Path(__file__).with_name(script), *map(str, words), str(rank),
             str(count), store],
            env={**os.environ, "OMP_NUM_THREADS": "1"}, stderr=subprocess.PIPE, text=True,
        )
        for rank in range(count)
    ]  # fmt: skip
    said = [process.communicate(timeout=300)[1] for process in started]
    return [(process.returncode, output) for process, output in zip(started, said, strict=True)]
