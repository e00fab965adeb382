"""How a server tells which version it answers by: a locked file beside what it serves.

Each server keeps a file of its own in a folder, with the digest of the artifact that new requests
are answered by. It holds a lock on the file as long as it lives; the system drops the lock when it
ends, however it ends, so a file that can be locked is of a dead server.
"""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from recsys.errors import InputError
from recsys.ops.locks import lock
from recsys.ops.whole_file import reason

_PAUSE = 0.02
_DIGITS = 64


class Acknowledgement:
    """The file of one server, whose lock it holds until `close`.

    Args:
        folder: see `served_folder`; created where it is missing.
        port: that the server listens on, for messages.

    Raises:
        InputError: the folder cannot be written.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self._held = ExitStack()
        self.path = folder / f"{os.getpid()}-{port}"
        with suppress(OSError):
            self.path.unlink()
        try:
            folder.mkdir(parents=True, exist_ok=True)
            # Before it is locked, somebody who waits may take it for that of a dead server.
            while not self.path.exists():
                self.path.write_text("")
                with suppress(FileNotFoundError), ExitStack() as attempt:
                    attempt.enter_context(lock(self.path))
                    if self.path.exists():
                        self._held = attempt.pop_all()
        except OSError as error:
            raise InputError(
                f"{folder} cannot be written: {reason(error)}; a server says there which version "
                "it answers by, so that recsys refresh can wait for it"
            ) from None

    def write(self, digest: str) -> None:
        """Says that from now on every new request is answered by this version."""
        # In place, because the lock is on the file. Shorter reads are of the middle of a write.
        self.path.write_text(digest.ljust(_DIGITS))

    def close(self) -> None:
        """Removes the file and lets go of its lock."""
        with suppress(OSError):
            self.path.unlink()
        self._held.close()


def served_folder(artifact: Path) -> Path:
    """Where servers of the artifact in a folder keep their files."""
    target = artifact.resolve()
    return target.with_name(f"{target.name}.served")


def wait_for_servers(folder: Path, digest: str, seconds: float) -> int:
    """Waits until every living server in `folder` answers new requests by this version.

    Args:
        folder: see `served_folder`.
        digest: of the new version.
        seconds: how long to wait at most.

    Returns:
        The number of servers.

    Raises:
        InputError: a server still answers by another version; the message names them.
    """
    end = time.monotonic() + seconds
    while True:
        servers = list(_living(folder))
        late = [path for path in servers if _version(path) != digest]
        if not late:
            return len(servers)
        if time.monotonic() >= end:
            raise InputError(_late(late, servers, seconds))
        time.sleep(_PAUSE)


def _late(late: Sequence[Path], servers: Sequence[Path], seconds: float) -> str:
    named = ", ".join("process {} on port {}".format(*path.name.split("-")) for path in late)
    return (
        f"the new version is written, and after {seconds:g} s {len(late)} of {len(servers)} "
        f"servers still answer by the former one: {named}; their log says why, or restart them"
    )


@contextmanager
def _is_free(path: Path) -> Iterator[bool]:
    with ExitStack() as held:
        try:
            held.enter_context(lock(path, wait=False))
        except BlockingIOError:
            yield False
        else:
            yield True


def _living(folder: Path) -> Iterator[Path]:
    """Files of living servers; those of dead ones are removed."""
    if not folder.is_dir():
        return
    for path in folder.iterdir():
        with suppress(FileNotFoundError), _is_free(path) as is_dead:
            if is_dead:
                # It may be another user's.
                with suppress(OSError):
                    path.unlink()
            else:
                yield path


def _version(path: Path) -> str | None:
    try:
        return path.read_text()
    except OSError:
        return None
