"""Runs all jobs of a sweep, and reports those that failed at the end."""

import json
import os
import secrets
import sys
import traceback
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser

from recsys.errors import InputError
from recsys.ops.whole_file import write_whole

_FOLDER = "RECSYS_FAILED_JOBS"
"""Variable with a folder for failures: jobs may run in other processes, which return nothing."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A job that failed.

    Attributes:
        number: of the job, from 0.
        settings: of the command line, KEY=VALUE.
        why: the error in one line.
        code: exit status of the job.
    """

    number: int
    settings: Sequence[str]
    why: str
    code: int


@contextmanager
def continue_on_failure() -> Iterator[None]:
    """Runs a job of a sweep inside; a failure is recorded, and the sweep continues."""
    try:
        yield
    except InputError as error:
        _record(str(error), 2)
    except SystemExit as stop:
        if stop.code:
            _record("see its message above", stop.code if isinstance(stop.code, int) else 1)
    except Exception as error:
        traceback.print_exc()
        message = " ".join(str(error).split())
        _record(f"{type(error).__name__}: {message}; see its traceback above", 1)


@contextmanager
def report_failures() -> Iterator[None]:
    """Runs a sweep inside; at the end, writes one line for each kind of failure to stderr.

    Raises:
        SystemExit: a job failed; with code 1 for a crash and 2 for bad input.
    """
    former = os.environ.get(_FOLDER)
    with TemporaryDirectory(prefix="recsys-sweep-") as folder:
        os.environ[_FOLDER] = folder
        try:
            yield
        finally:
            if former is None:
                del os.environ[_FOLDER]
            else:
                os.environ[_FOLDER] = former
        failures = [Failure(**json.loads(path.read_text())) for path in Path(folder).iterdir()]
    if failures:
        lines = failure_lines(failures, _swept_keys())
        sys.stderr.write("".join(f"error: {line}\n" for line in lines))
        raise SystemExit(min(failure.code for failure in failures))


@contextmanager
def failures_apart() -> Iterator[list[str]]:
    """Runs a job on another machine inside; afterwards the list has its failures, as texts."""
    failures: list[str] = []
    with TemporaryDirectory(prefix="recsys-job-") as folder:
        os.environ[_FOLDER] = folder
        yield failures
        failures += [path.read_text() for path in Path(folder).iterdir()]


def keep_failures(failures: Sequence[str]) -> None:
    """Adds the failures of a job that ran on another machine to those of this sweep."""
    for text in failures:
        _write(text)


def failure_lines(failures: Sequence[Failure], swept: Collection[str]) -> list[str]:
    """One line for all jobs with the same error.

    Args:
        failures: in any order.
        swept: keys that have several values; only these are shown beside a job's number.
    """
    by_error: dict[str, list[Failure]] = {}
    for failure in sorted(failures, key=lambda failure: failure.number):
        by_error.setdefault(failure.why, []).append(failure)
    return [
        f"job{'s' if len(jobs) > 1 else ''} "
        f"{', '.join(_job_name(job, swept) for job in jobs)}: {why}"
        for why, jobs in by_error.items()
    ]


def _job_name(failure: Failure, swept: Collection[str]) -> str:
    # Not all settings: an address may hold a password.
    settings = [word for word in failure.settings if word.lstrip("+").partition("=")[0] in swept]
    return f"{failure.number} ({', '.join(settings)})" if settings else str(failure.number)


def _swept_keys() -> set[str]:
    """Keys of the command line that have several values."""
    words = [word for word in sys.argv[1:] if "=" in word and not word.startswith("-")]
    overrides = OverridesParser.create().parse_overrides(words)
    return {override.key_or_group for override in overrides if override.is_sweep_override()}


def _record(why: str, code: int) -> None:
    hydra = HydraConfig.get()
    settings = list(hydra.overrides.task)
    failure = Failure(number=int(hydra.job.num), settings=settings, why=why, code=code)
    _write(json.dumps(asdict(failure)))


def _write(text: str) -> None:
    write_whole(Path(os.environ[_FOLDER]) / f"{secrets.token_hex(8)}.json", text)
