"""SIGKILL at random moments of long jobs: every one, given again, ends as if nothing had been."""

import random
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.kill_jobs import Job, Left, jobs, prepare
from benchmarks.suite import require_at_least, run_folder
from benchmarks.warm_commands import Command, Ended, run
from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_TRIES = 5
"""Starts for each kill: some jobs have ended before their moment."""


@dataclass
class Row:
    """Of one job: kills before its end, and what its continuations lack, repeat or have wrong."""

    seconds: float
    kills: int = 0
    failed: int = 0
    lost: int = 0
    doubled: int = 0
    different: int = 0

    def add(self, wanted: Left, left: Left) -> None:
        """Counts what differs from an undisturbed job."""
        self.lost += len(wanted.keys() - left.keys())
        self.doubled += len(left.keys() - wanted.keys())
        self.different += sum(left[name] != wanted[name] for name in wanted.keys() & left.keys())


class KillsSuite:
    """Kills each job in turn, with all it started, and gives the same command again.

    Moments are drawn evenly between the start of a job and the end of an undisturbed one.

    Args:
        kills: in all.
        events: of the simulated markets.
        only: names of the jobs to kill; None for all of `benchmarks.kill_jobs`.
        seed: of the moments.
    """

    def __init__(
        self, *, kills: int = 100, events: int = 2000, only: Sequence[str] | None = None,
        seed: int = 0,
    ) -> None:  # fmt: skip
        require_at_least(1, kills=kills)
        require_at_least(1000, events=events)
        self.kills, self.events, self.seed = kills, events, seed
        self.only = None if only is None else list(only)

    def figures(self) -> Mapping[str, float]:
        """Keys kills, jobs, failed, lost, doubled, different; a table of the jobs."""
        with TemporaryDirectory(prefix="kills-") as folder, _postgresql() as address:
            chosen = self._chosen(jobs(self.events, address))
            begin = Path(folder) / "begin"
            begin.mkdir()
            for words in prepare(self.events):
                _require_done(words, run(*words, folder=begin))
            rows = self._rows(chosen, begin, Path(folder) / "work")
        return {
            "kills": sum(row.kills for row in rows.values()),
            "jobs": len(rows),
            "failed": sum(row.failed for row in rows.values()),
            "lost": sum(row.lost for row in rows.values()),
            "doubled": sum(row.doubled for row in rows.values()),
            "different": sum(row.different for row in rows.values()),
        }

    def _chosen(self, known: Mapping[str, Job]) -> dict[str, Job]:
        unknown = set(self.only or ()) - set(known)
        if unknown:
            raise InputError(
                f"suite.only: expected some of {', '.join(known)}, got {', '.join(sorted(unknown))}"
            )
        return {name: job for name, job in known.items() if self.only is None or name in self.only}

    def _rows(self, chosen: Mapping[str, Job], begin: Path, work: Path) -> dict[str, Row]:
        rows, wanted, order = {}, {}, list(chosen)
        for name, job in chosen.items():
            _copy(begin, work)
            ended = run(*job.words, folder=work)
            _require_done(job.words, ended)
            rows[name], wanted[name] = Row(ended.seconds), job.left(work)
        moments = random.Random(self.seed)
        for number in range(_TRIES * self.kills):
            if sum(row.kills for row in rows.values()) == self.kills:
                return rows
            name = order[number % len(order)]
            _copy(begin, work)
            started = Command(*chosen[name].words, folder=work)
            if started.kill(moments.uniform(0, rows[name].seconds)):
                rows[name].kills += 1
                again = run(*chosen[name].words, folder=work)
                rows[name].failed += again.code != 0
                rows[name].add(wanted[name], chosen[name].left(work))
                write_whole(run_folder() / "table.md", _table(rows))
        kills = sum(row.kills for row in rows.values())
        raise InputError(
            f"suite: only {kills} were killed before their end; set suite.events higher"
        )


def _copy(begin: Path, work: Path) -> None:
    shutil.rmtree(work, ignore_errors=True)
    shutil.copytree(begin, work)


def _require_done(words: Sequence[str], ended: Ended) -> None:
    if ended.code != 0:
        last = ended.said.strip().splitlines()[-1:]
        raise InputError(f"recsys {' '.join(words)} ended with code {ended.code}: {last}")


@contextmanager
def _postgresql() -> Iterator[str | None]:
    """The address of a PostgreSQL with pgvector of its own; None where pgserver is missing."""
    try:
        import pgserver
    except ImportError:
        yield None
        return
    with TemporaryDirectory(prefix="postgres-") as folder:
        server = pgserver.get_server(folder, cleanup_mode="stop")
        yield server.get_uri()
        server.cleanup()


def _table(rows: Mapping[str, Row]) -> str:
    counts = ("kills", "failed", "lost", "doubled", "different")
    lines = ["| job | seconds | " + " | ".join(counts) + " |", "|---|---|" + "---|" * len(counts)]
    for name, row in rows.items():
        cells = [str(getattr(row, count)) for count in counts]
        lines.append(f"| {name} | {row.seconds:.1f} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
