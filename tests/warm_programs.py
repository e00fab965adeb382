"""`recsys` and `python` for tests: a process of its own each, without the seconds of its imports.

A server has imported what the commands need. Two small programs, `recsys` and `warm_python`, hand
it their words, folder, environment and three streams; the server forks, and the fork is the
process. Who starts it sees no difference: streams, the code or the signal at the end, and that a
kill ends it.
"""

import atexit
import json
import multiprocessing
import os
import runpy
import select
import shutil
import signal
import socket
import stat
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, NoReturn

_CLIENT = """#!{python} -IS
import json, os, signal, socket, sys

with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    socket.send_fds(server, [b"-"], [0, 1, 2])
    call = [os.path.basename(sys.argv[0]), sys.argv[1:], os.getcwd(), dict(os.environ)]
    server.sendall(json.dumps(call).encode() + b"\\n")
    answers = server.makefile()
    process = int(answers.readline())
    for end in (signal.SIGINT, signal.SIGTERM):
        signal.signal(end, lambda number, _: os.kill(process, number))
    code = int(answers.readline())
if code < 0:
    signal.signal(-code, signal.SIG_DFL)
    os.kill(os.getpid(), -code)
sys.exit(code)
"""


def warm_python() -> str:
    """Stands for `sys.executable` before a script or `-c`."""
    return str(_programs() / "warm_python")


def warm_path() -> str:
    """A PATH on which `recsys` is the warm one, and all else is of this environment."""
    parts = [str(_programs()), str(Path(sys.executable).parent), os.environ["PATH"]]
    return os.pathsep.join(parts)


@cache
def _programs() -> Path:
    """A folder with both programs, whose server ends with this process and removes it."""
    # A short path, as that of a socket must be.
    folder = Path(mkdtemp(prefix="recsys-"))
    address = folder / "socket"
    for program in ("recsys", "warm_python"):
        file = folder / program
        file.write_text(_CLIENT.format(python=sys.executable, address=str(address)))
        file.chmod(file.stat().st_mode | stat.S_IXUSR)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    command = [sys.executable, __file__, address]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)
    assert server.stdout is not None
    with server.stdout:
        assert server.stdout.readline() == "ready\n"
    return folder


def serve(address: str) -> None:
    """Answers calls until the process that started it is gone."""
    caller, answering = os.getppid(), []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(address)
        listening.listen()
        print("ready", flush=True)  # noqa: T201
        while os.getppid() == caller:
            answering = [one for one in answering if os.waitpid(one, os.WNOHANG)[0] == 0]
            if not select.select([listening], [], [], 1)[0]:
                continue
            call, _ = listening.accept()
            with call:
                answering.append(os.fork())
                if not answering[-1]:
                    listening.close()
                    _answer(call, Path(address).parent)
    shutil.rmtree(Path(address).parent)


def _answer(call: socket.socket, server: Path) -> None:
    """Forks the process, waits for its end and says how it ended."""
    _, streams, _, _ = socket.recv_fds(call, 1, 3)
    program, words, folder, environment = json.loads(call.makefile().readline())
    process = os.fork()
    if process == 0:
        call.close()
        for number, stream in enumerate(streams):
            os.dup2(stream, number)
            os.close(stream)
        os.chdir(folder)
        os.environ.clear()
        os.environ.update(environment)
        _end(lambda: _become(program, words, server))
    for stream in streams:
        os.close(stream)
    call.sendall(f"{process}\n".encode())
    ended, status = 0, 0
    while not ended:
        # The caller was killed, who says nothing more otherwise.
        if select.select([call], [], [], 0.02)[0]:
            os.kill(process, signal.SIGKILL)
        ended, status = os.waitpid(process, os.WNOHANG)
    call.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _become(program: str, words: list[str], server: Path) -> None:
    # What the server imported may have replaced them.
    sys.stdin, sys.stdout, sys.stderr = (
        os.fdopen(number, mode, closefd=False) for number, mode in enumerate(("r", "w", "w"))
    )
    sys.path[1:1] = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    start = multiprocessing.get_context

    def without_imports(method: str | None = None) -> Any:
        return start("fork" if method == "spawn" else method)

    multiprocessing.get_context = without_imports  # type: ignore[assignment]
    if program == "recsys":
        from quick_stores import quick_stores

        from recsys.cli.main import main

        sys.argv = ["recsys", *words]
        with quick_stores(server / "empty.db"):
            main(words)
    elif words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        exec(compile(words[1], "<string>", "exec"), {"__name__": "__main__"})
    else:
        sys.argv = words
        sys.path[0] = str(Path(words[0]).parent)
        runpy.run_path(words[0], run_name="__main__")


def _end(run: Callable[[], object]) -> NoReturn:
    """Runs it and ends the process as Python does, but takes nothing apart: that takes seconds."""
    code, interrupted = 0, False
    try:
        run()
    except SystemExit as ended:
        code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        if isinstance(ended.code, str):
            sys.stderr.write(f"{ended.code}\n")
    except BaseException as error:
        code, interrupted = 1, isinstance(error, KeyboardInterrupt)
        traceback.print_exc()
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):
            stream.flush()
    if interrupted:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGINT)
    os._exit(code)


if __name__ == "__main__":
    import warm_imports  # noqa: F401

    _end(lambda: serve(sys.argv[1]))
