"""Files, folders and locks where Python has no `fcntl`, as on Windows.

No Windows is at hand. A process runs the branches for it: what Windows lacks is removed, `flock`
plays its `msvcrt`, and a file that is open cannot be removed.
"""

import os
import subprocess
import sys
from pathlib import Path

PRETENDED = """
import ctypes, fcntl, hashlib, os, pathlib, shutil, sys, tempfile, types
import pyarrow.compute, pyarrow.csv, pyarrow.parquet, pydoc, safetensors.numpy, sqlite3

def locking(descriptor, mode, length):
    assert (mode, length) == (msvcrt.LK_NBLCK, 1)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        raise PermissionError(13, "Permission denied") from None

unlink = pathlib.Path.unlink

def refusing(path, *words, **more):
    for number in os.listdir("/proc/self/fd"):
        if os.path.exists(f"/proc/self/fd/{number}"):
            if os.path.samefile(f"/proc/self/fd/{number}", path):
                raise PermissionError(13, "used by another process")
    unlink(path, *words, **more)

pathlib.Path.unlink = refusing
msvcrt = types.ModuleType("msvcrt")
msvcrt.LK_NBLCK, msvcrt.locking = 2, locking
sys.modules.update(msvcrt=msvcrt, fcntl=None, resource=None)
sys.platform = "win32"
del os.O_NOFOLLOW, os.O_CLOEXEC, os.getuid

import threading, time
from recsys.ops.locks import lock, own_folder
from recsys.ops.whole_file import partial, write_whole
from recsys.ops.whole_folder import replaced
folder = pathlib.Path(sys.argv[1])
"""


def pretended(code: str, folder: Path) -> str:
    temporary = folder / "temporary"
    temporary.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-c", PRETENDED + code, str(folder)],
        env={**os.environ, "TMPDIR": str(temporary)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    # A lock leaves no file behind.
    assert list(temporary.rglob("*.lock")) == []
    return done.stdout


def test_files_and_folders_are_replaced_whole(tmp_path: Path) -> None:
    out = tmp_path / "out"
    pretended(
        """
for text in ("first", "second"):
    write_whole(folder / "out" / "a.json", text)
    with replaced(folder / "out" / "b") as draft:
        (draft / "inside").write_text(text)
""",
        tmp_path,
    )
    assert (out / "a.json").read_text() == "second"
    assert (out / "b" / "inside").read_text() == "second"
    assert sorted(path.name for path in out.iterdir()) == ["a.json", "b"]


def test_a_killed_writer_is_cleaned_up_and_a_living_one_is_not(tmp_path: Path) -> None:
    left = tmp_path / f".a.json.{'0' * 16}.partial"
    left.write_text("half")
    said = pretended(
        """
with partial(folder / "a.json") as (beside, descriptor):
    write_whole(folder / "a.json", "quick")
    print(beside.exists())
""",
        tmp_path,
    )
    assert said == "True\n"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.json", "temporary"]


def test_a_held_lock_is_refused_or_waited_for(tmp_path: Path) -> None:
    said = pretended(
        """
def release_later():
    with lock(folder):
        held.set()
        time.sleep(0.3)

held = threading.Event()
other = threading.Thread(target=release_later)
other.start()
held.wait()
try:
    with lock(folder, wait=False):
        print("taken")
except BlockingIOError:
    print("refused")
before = time.monotonic()
with lock(folder):
    print(time.monotonic() - before > 0.1)
other.join()
try:
    with lock(folder / "missing"):
        pass
except FileNotFoundError:
    print("missing")
with lock(folder / "missing", make=True):
    print("made")
""",
        tmp_path,
    )
    assert said.split() == ["refused", "True", "missing", "made"]


def test_serving_tracking_and_experiments_are_imported(tmp_path: Path) -> None:
    pretended(
        "import recsys.serving, recsys.tracking.sqlite_file, recsys.experiments.cost", tmp_path
    )
