"""What a run's folder remembers while its run goes into MLflow, so that a kill doubles none."""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recsys.ops.whole_file import write_whole

_NAME = ".logging"


@contextmanager
def attempt(folder: Path) -> Iterator[str]:
    """Yields a token for `log_run`, the same until a block with it has succeeded.

    Args:
        folder: of the run.

    Raises:
        InputError: the folder cannot be written.
    """
    path = folder / _NAME
    token = _kept(path)
    if not re.fullmatch("[0-9a-f]{16}", token):
        token = secrets.token_hex(8)
        write_whole(path, token)
    yield token
    # Where it cannot be removed the next start only finds this run again.
    with suppress(OSError):
        path.unlink(missing_ok=True)


def _kept(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii", errors="replace")
    except OSError:
        return ""
