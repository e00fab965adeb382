"""A file is there whole or not at all: after kills, beside other writers, on a full disk."""

import os
import signal
import stat
import subprocess
import sys
from multiprocessing import get_context
from pathlib import Path

import pytest

from recsys.errors import InputError
from recsys.ops.locks import lock, own_folder
from recsys.ops.whole_file import whole_file, write_whole
from recsys.ops.whole_folder import replaced

KILLED = """
import os, signal, sys
from pathlib import Path
from recsys.ops.whole_file import whole_file
with whole_file(Path(sys.argv[1])) as file:
    file.write(b"half")
    file.flush()
    os.kill(os.getpid(), signal.SIGKILL)
"""


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_text_and_bytes_are_kept_as_they_are(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "text.json", "größer\n")
    write_whole(tmp_path / "new" / "bytes", b"\x00\xff")
    assert (tmp_path / "new" / "text.json").read_text(encoding="utf-8") == "größer\n"
    assert (tmp_path / "new" / "bytes").read_bytes() == b"\x00\xff"
    assert names(tmp_path / "new") == ["bytes", "text.json"]


def test_what_breaks_off_leaves_the_former_file_and_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "former")

    def write_half() -> None:
        with whole_file(path) as file:
            file.write(b"half")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        write_half()
    assert path.read_text() == "former"
    assert names(tmp_path) == ["a.json"]


def test_a_killed_writer_leaves_the_former_file_and_the_next_one_cleans_up(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    write_whole(path, "former")
    killed = subprocess.run([sys.executable, "-c", KILLED, path])
    assert killed.returncode == -signal.SIGKILL
    assert path.read_text() == "former"
    assert len(names(tmp_path)) == 2
    write_whole(path, "next")
    assert names(tmp_path) == ["a.json"]


def test_what_is_still_being_written_is_not_cleaned_up(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    with whole_file(path) as slow:
        slow.write(b"slow")
        write_whole(path, "quick")
        assert path.read_text() == "quick"
    assert path.read_text() == "slow"
    assert names(tmp_path) == ["a.json"]


def test_files_of_others_that_only_look_alike_stay(tmp_path: Path) -> None:
    alike = {".a.json.partial", ".a.json.notes.partial", ".b.json.0123456789abcdef.partial"}
    for name in alike:
        (tmp_path / name).write_text("mine")
    write_whole(tmp_path / "a.json", "new")
    assert set(names(tmp_path)) == {"a.json", *alike}


def test_a_planted_link_is_replaced_and_not_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    for name in ("out.json", ".out.json.partial"):
        (tmp_path / name).symlink_to(victim)
    write_whole(tmp_path / "out.json", "offers")
    assert victim.read_text() == "precious"
    assert (tmp_path / "out.json").read_text() == "offers"
    assert not (tmp_path / "out.json").is_symlink()


def test_a_planted_link_for_a_lock_is_refused_and_harms_no_file(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious")
    (tmp_path / "x.lock").symlink_to(victim)
    with pytest.raises(OSError, match="symbolic links"), lock(tmp_path / "x.lock", make=True):
        pass
    assert victim.read_text() == "precious"


def test_a_file_of_its_own_kind_is_not_replaced_by_an_ordinary_one(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="/dev/null cannot be written: it is no ordinary file"):
        write_whole(Path("/dev/null"), "x")
    assert stat.S_ISCHR(Path("/dev/null").stat().st_mode)
    with pytest.raises(InputError, match=r"out=.* cannot be written: Is a directory"):
        write_whole(tmp_path, "x", "out")


def test_files_obey_the_umask(tmp_path: Path) -> None:
    former = os.umask(0o027)
    try:
        write_whole(tmp_path / "a", "x")
        with replaced(tmp_path / "b") as draft:
            (draft / "inside").write_text("x")
    finally:
        os.umask(former)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o640
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == 0o750


def test_a_name_of_255_bytes_is_written(tmp_path: Path) -> None:
    write_whole(tmp_path / ("ß" * 127), "long")
    assert (tmp_path / ("ß" * 127)).read_text() == "long"


def test_a_file_that_grows_too_large_leaves_the_former_one(tmp_path: Path) -> None:
    write_whole(tmp_path / "a", "former")
    script = (
        "import resource, sys; from pathlib import Path\n"
        "from recsys.ops.terminal import exit_on_input_error\n"
        "from recsys.ops.whole_file import write_whole\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        "with exit_on_input_error():\n"
        "    write_whole(Path(sys.argv[1]), 'x' * 2000, 'out')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, tmp_path / "a"], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr == f"error: out={tmp_path / 'a'} cannot be written: File too large\n"
    assert (tmp_path / "a").read_text() == "former"
    assert names(tmp_path) == ["a"]


def test_locks_of_one_user_lie_in_a_folder_that_only_that_user_may_write() -> None:
    about = own_folder().stat()
    assert about.st_uid == os.getuid()
    assert about.st_mode & 0o022 == 0


def test_a_lock_folder_that_another_user_could_have_planted_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.gettempdir", lambda: str(tmp_path))
    planted = tmp_path / f"recsys-{os.getuid()}"
    planted.symlink_to(tmp_path)
    with pytest.raises(PermissionError):
        own_folder()
    planted.unlink()
    planted.mkdir()
    planted.chmod(0o777)
    with pytest.raises(PermissionError):
        own_folder()


def test_what_may_not_be_replaced_is_found_out_before_it_is(tmp_path: Path) -> None:
    def refuse() -> None:
        if (tmp_path / "a").exists():
            raise InputError("taken")

    def write_beside_another() -> None:
        with replaced(tmp_path / "a", refuse) as slow:
            (slow / "x").write_text("slow")
            with replaced(tmp_path / "a", refuse) as quick:
                (quick / "x").write_text("quick")

    with pytest.raises(InputError, match="taken"):
        write_beside_another()
    assert (tmp_path / "a" / "x").read_text() == "quick"
    assert names(tmp_path) == ["a"]


def write_many(path: Path, letter: str, times: int) -> None:
    for _ in range(times):
        write_whole(path, letter * 100_000)


def test_of_many_writers_at_once_each_leaves_a_whole_file(tmp_path: Path) -> None:
    path, context = tmp_path / "a", get_context("fork")
    writers = [context.Process(target=write_many, args=(path, letter, 25)) for letter in "abcd"]
    for writer in writers:
        writer.start()
    seen = set()
    while any(writer.is_alive() for writer in writers):
        if path.exists():
            content = path.read_text()
            assert content == content[:1] * 100_000
            seen.add(content[:1])
    assert [writer.exitcode for writer in writers] == [0, 0, 0, 0]
    assert seen <= set("abcd")
    assert names(tmp_path) == ["a"]
