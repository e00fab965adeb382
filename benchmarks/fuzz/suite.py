"""Malformed inputs: each is refused in a line, at once, and without a trace elsewhere.

A case is its number: it depends on the seed and on nothing else, so that `suite.only=N` runs it
again. What a case spoils is drawn from five families: tables, settings, artifacts, requests to a
served artifact, and runs of MLflow that somebody else wrote. Commands run in processes forked off
this one, in a folder of their own, beside files that nobody may touch.
"""

import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from random import Random

from benchmarks.fuzz import artifacts, requests, runs, settings, tables, world
from benchmarks.fuzz.case import SECONDS, WALL, Spoil, Verdict
from benchmarks.fuzz.process import Process, warm_up
from benchmarks.suite import require_at_least, run_folder
from recsys.ops.shown_text import for_terminal
from recsys.ops.whole_file import write_whole

FAMILIES: Sequence[tuple[str, int]] = (
    ("tables", 40), ("settings", 16), ("artifacts", 18), ("requests", 16), ("runs", 10),
)  # fmt: skip
"""Families of input, and their shares in a hundred cases."""

_SPOIL: dict[str, tuple[Spoil, Sequence[str]]] = {
    "tables": (tables.spoil, tables.PARTS),
    "settings": (settings.spoil, settings.PARTS),
    "artifacts": (artifacts.spoil, artifacts.PARTS),
    "runs": (runs.spoil, runs.PARTS),
}
_CODES = (0, 2, 3, 4)
"""Refused is 2. A spoiled input may still be good; 3 and 4 are answers of retrain and monitor."""


class FuzzSuite:
    """Figures of how malformed inputs ended.

    Args:
        cases: how many.
        seed: of all choices.
        only: the number of a case to run alone, or null; its folder is kept and named.
    """

    def __init__(self, *, cases: int = 500, seed: int = 0, only: int | None = None) -> None:
        require_at_least(1, cases=cases)
        require_at_least(0, seed=seed)
        self.cases, self.seed, self.only = cases, seed, only

    def figures(self) -> Mapping[str, float]:
        """Keys cases, refused, tracebacks, hangs, touched_outside, wrong_codes.

        Cases that ended badly stand in `cases.txt` of the run's folder.
        """
        numbers = range(self.cases) if self.only is None else [self.only]
        with ExitStack() as held:
            folder = Path(tempfile.mkdtemp(prefix="recsys-fuzz-"))
            if self.only is None:
                held.callback(_remove, folder)
            else:
                sys.stderr.write(f"the case is kept in {folder}\n")
            verdicts, lines = [], []
            for verdict in judged(numbers, self.seed, folder, self.only is not None):
                verdicts.append(verdict)
                if verdict.is_bad or self.only is not None:
                    lines.append(f"{for_terminal(verdict.line())}\n")
                    sys.stderr.write(lines[-1])
        write_whole(run_folder() / "cases.txt", "".join(lines))
        return {
            "cases": len(verdicts),
            "refused": sum(verdict.refused for verdict in verdicts),
            "tracebacks": sum(verdict.traceback for verdict in verdicts),
            "hangs": sum(verdict.hang for verdict in verdicts),
            "touched_outside": sum(verdict.outside for verdict in verdicts),
            "wrong_codes": sum(verdict.wrong_code for verdict in verdicts),
        }


def judged(
    numbers: Sequence[int], seed: int, folder: Path, keep: bool = False, made: Path | None = None
) -> Iterator[Verdict]:
    """Runs cases.

    Args:
        numbers: of the cases.
        seed: of all choices.
        folder: where they run.
        keep: whether their folders stay.
        made: a world that was made before; None makes one in the folder.
    """
    # Threads of this process would not be in a fork.
    os.environ["OMP_NUM_THREADS"] = "1"
    warm_up()
    good = world.made(folder / "world") if made is None else made
    with ExitStack() as held:
        served: tuple[Process, int] | None = None
        for number in numbers:
            random = Random(f"{seed} {number}")
            family = _family(random)
            if family == "requests":
                if served is None:
                    inside = world.copied(good, folder / "served", ("artifact",))
                    serving = requests.server(inside / "artifact", inside)
                    served = held.enter_context(serving)
                yield requests.ask(number, *served, random)
                continue
            yield _ended(number, family, random, good, folder / str(number))
            if not keep:
                _remove(folder / str(number))


def _family(random: Random) -> str:
    names = [name for name, _ in FAMILIES]
    return random.choices(names, [share for _, share in FAMILIES])[0]


def _ended(number: int, family: str, random: Random, good: Path, folder: Path) -> Verdict:
    spoil, parts = _SPOIL[family]
    inside = world.copied(good, folder, parts)
    command = spoil(inside, random)
    ended = Process(command.words, inside).end(SECONDS, WALL)
    has_traceback = "Traceback (most recent call last)" in ended.said
    is_hung = ended.code is None
    return Verdict(
        number=number,
        family=family,
        about=f"{command.about}; recsys {' '.join(command.words)[:200]}",
        said=ended.said + "".join(f"\noutside: {each}" for each in ended.outside),
        traceback=has_traceback,
        hang=is_hung,
        outside=bool(ended.outside) or not world.is_untouched(folder),
        wrong_code=not is_hung and ended.code not in _CODES,
        refused=ended.code == 2,
    )


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
