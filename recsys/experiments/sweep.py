"""The jobs of a sweep: one that cannot run stops no other, and each of them is named in the end."""

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
"""Jobs may run in other processes, which inherit what surrounds them and return nothing."""


@dataclass(frozen=True, kw_only=True)
class Failure:
    """A job that did not end well.

    Attributes:
        number: of the job, from 0.
        settings: of the command line, KEY=VALUE.
        why: in one line.
        code: that it would have ended with by itself.
    """

    number: int
    settings: Sequence[str]
    why: str
    code: int


@contextmanager
def going_on() -> Iterator[None]:
    """Runs a job of a sweep; where it fails that is noted, and the sweep goes on."""
    try:
        yield
    except InputError as error:
        _note(str(error), 2)
    except SystemExit as ended:
        if ended.code:
            _note("it said why above", ended.code if isinstance(ended.code, int) else 1)
    except Exception as error:
        traceback.print_exc()
        words = " ".join(str(error).split())
        _note(f"{type(error).__name__}: {words}; its traceback stands above", 1)


@contextmanager
def failures_named() -> Iterator[None]:
    """Runs a sweep and says in the end what failed, one line each, with code 2 (or 1 for a crash).

    Raises:
        SystemExit: a job failed.
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
        found = [Failure(**json.loads(path.read_text())) for path in Path(folder).iterdir()]
    if found:
        sys.stderr.write("".join(f"error: {line}\n" for line in lines(found, _swept())))
        raise SystemExit(min(failure.code for failure in found))


def lines(found: Sequence[Failure], swept: Collection[str]) -> list[str]:
    """One line for all jobs that failed alike.

    Args:
        found: the failures.
        swept: keys that jobs are told apart by.
    """
    alike: dict[str, list[Failure]] = {}
    for failure in sorted(found, key=lambda failure: failure.number):
        alike.setdefault(failure.why, []).append(failure)
    return [
        f"job{'s' if len(failures) > 1 else ''} "
        f"{', '.join(_named(failure, swept) for failure in failures)}: {why}"
        for why, failures in alike.items()
    ]


def _named(failure: Failure, swept: Collection[str]) -> str:
    # Only these: other settings, as an address with a password, are nobody's business here.
    own = [word for word in failure.settings if word.lstrip("+").partition("=")[0] in swept]
    return f"{failure.number} ({', '.join(own)})" if own else str(failure.number)


def _swept() -> set[str]:
    """Keys of the command line that have several values."""
    words = [word for word in sys.argv[1:] if "=" in word and not word.startswith("-")]
    typed = OverridesParser.create().parse_overrides(words)
    return {one.key_or_group for one in typed if one.is_sweep_override()}


def _note(why: str, code: int) -> None:
    hydra = HydraConfig.get()
    settings = list(hydra.overrides.task)
    failure = Failure(number=int(hydra.job.num), settings=settings, why=why, code=code)
    path = Path(os.environ[_FOLDER]) / f"{secrets.token_hex(8)}.json"
    write_whole(path, json.dumps(asdict(failure)))
