"""A command in a process that is forked off this one, watched for what it must not do.

All is imported already, so that hundreds of commands cost seconds and not minutes.
"""

import os
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from typing import TypeAlias

from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

import recsys
from recsys.cli.main import main

_PAUSE = 0.005
_WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
_CHANGES = frozenset(
    {
        "os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate",
        "os.chmod", "os.chown", "shutil.rmtree", "shutil.move",
    }
)  # fmt: skip
_PROGRAMS = frozenset({"os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pty.spawn"})
_HARMLESS = ("git", "uname", "ldconfig", "lscpu", "file", "gcc", "nvidia-smi", "fc-list")
Hook: TypeAlias = Callable[[str, tuple[object, ...]], None]
_ALLOWED = ("/dev/", "/proc/")


@dataclass(frozen=True)
class Ended:
    """How a command ended.

    Attributes:
        code: negative for a signal; None where it had to be stopped.
        said: on both streams.
        seconds: of processor time.
        outside: what it wrote, or started, outside of its folder.
    """

    code: int | None
    said: str
    seconds: float
    outside: Sequence[str]


class Process:
    """A command that runs.

    Args:
        words: the command and its words.
        folder: that it runs in, the only one that it may write to.
        environment: variables beside those of this process.
    """

    def __init__(
        self, words: Sequence[str], folder: Path, environment: dict[str, str] | None = None
    ) -> None:
        self._folder = folder
        self._said, self._watched = folder / ".said", folder / ".watched"
        for path in (self._said, self._watched):
            path.write_text("")
        sys.stdout.flush()
        sys.stderr.flush()
        self._began = time.monotonic()
        self.number = os.fork()
        if self.number == 0:
            _become(words, folder, self._said, self._watched, environment or {})

    def said(self) -> str:
        """What it has said until now."""
        return self._said.read_text(encoding="utf-8", errors="replace")

    def end(self, seconds: float, wall: float) -> Ended:
        """Waits for its end, and stops it after so many seconds.

        Args:
            seconds: of processor time.
            wall: of the clock: it may wait, for a lock or an answer that never comes.
        """
        used, status = 0.0, None
        while status is None:
            ended, found, usage = os.wait4(self.number, os.WNOHANG)
            if ended:
                used, status = usage.ru_utime + usage.ru_stime, found
                break
            waited = time.monotonic() - self._began
            if waited > wall or (waited > seconds and _used(self.number) > seconds):
                os.kill(self.number, signal.SIGKILL)
                _, _, usage = os.wait4(self.number, 0)
                used = usage.ru_utime + usage.ru_stime
                break
            time.sleep(_PAUSE)
        return Ended(
            code=None if status is None else os.waitstatus_to_exitcode(status),
            said=self.said(),
            seconds=used,
            outside=self._watched.read_text().splitlines(),
        )


def warm_up() -> None:
    """Imports all that commands need, before the first fork."""
    for module in walk_packages(recsys.__path__, "recsys."):
        if not module.name.startswith(("recsys.__main__", "recsys.testing")):
            import_module(module.name)
    for name in ("mlflow.store.tracking.sqlalchemy_store", "pandera.pandas", "implicit.als"):
        import_module(name)


def _used(number: int) -> float:
    """Seconds of processor time of a process."""
    fields = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _become(
    words: Sequence[str], folder: Path, said: Path, watched: Path, environment: dict[str, str]
) -> None:
    code = 1
    try:
        with said.open("ab", buffering=0) as log:
            os.dup2(log.fileno(), 1)
            os.dup2(log.fileno(), 2)
        sys.stdout = os.fdopen(1, "w", closefd=False)
        sys.stderr = os.fdopen(2, "w", closefd=False)
        (folder / "tmp").mkdir(exist_ok=True)
        os.environ.update({"TMPDIR": str(folder / "tmp"), "HOME": str(folder / "tmp")})
        os.environ.update(environment)
        tempfile.tempdir = None
        os.chdir(folder)
        # This process may itself be a job of Hydra.
        GlobalHydra.instance().clear()
        HydraConfig.instance().cfg = None
        sys.argv = ["recsys", *words]
        sys.addaudithook(_watch(folder, watched.open("a", buffering=1).write))
        main(words)
        code = 0
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        os._exit(code)


def _watch(folder: Path, note: Callable[[str], object]) -> Hook:
    """A hook that notes what is changed outside of a folder, and programs that are started."""
    inside = (f"{folder.resolve()}{os.sep}", f"{folder}{os.sep}", *_ALLOWED)
    own = {str(folder), str(folder.resolve())}

    def hook(event: str, arguments: tuple[object, ...]) -> None:
        if event == "open":
            path, mode, flags = arguments
            is_written = (isinstance(flags, int) and flags & _WRITES) or (
                isinstance(mode, str) and set(mode) & set("wax+")
            )
            if not is_written:
                return
        elif event in _PROGRAMS:
            program = Path(str(arguments[0])).name
            if program not in _HARMLESS:
                note(f"{event} {arguments!r}"[:300].replace("\n", " ") + "\n")
            return
        elif event in _CHANGES:
            path = arguments[0]
        else:
            return
        if isinstance(path, bytes):
            path = os.fsdecode(path)
        if not isinstance(path, str | os.PathLike):
            return
        full = os.path.abspath(path)  # noqa: PTH100 - links are not followed
        if full not in own and not full.startswith(inside):
            note(f"{event} {full}\n")

    return hook
