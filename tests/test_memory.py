"""Columns within a bound of memory: what does not fit lies in files that nobody sees."""

import errno
import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from recsys.data.sources.files import Files
from recsys.errors import InputError
from recsys.ops.memory import Memory, machine_bytes, page_out

MB = 2**20


def in_files() -> int:
    """Bytes of the files without a name that this process has mapped."""
    sizes = 0
    for line in Path("/proc/self/maps").read_text().splitlines():
        if line.endswith("(deleted)"):
            start, end = (int(number, 16) for number in line.split()[0].split("-"))
            sizes += end - start
    return sizes


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


@pytest.mark.skipif(not Path("/proc/self/maps").exists(), reason="only Linux lists mapped files")
def test_only_what_exceeds_the_bound_lies_in_files(folder: Path) -> None:
    memory, before = Memory(2), in_files()
    first = memory.allocate(MB, np.int8)
    second = memory.allocate((2, MB // 4), np.int16)
    assert in_files() == before
    third = memory.allocate(MB // 8, np.int64)
    assert in_files() == before + MB
    assert [array.sum() for array in (first, second, third)] == [0, 0, 0]
    del first
    fourth = memory.allocate(MB, np.int8)
    assert in_files() == before + MB
    del third
    assert in_files() == before
    assert len(fourth) == MB


@pytest.mark.parametrize("megabytes", [0.001, 100])
def test_values_stay_when_their_pages_go(folder: Path, megabytes: float) -> None:
    column = Memory(megabytes).allocate(MB, np.int32)
    column[:] = np.arange(MB)
    page_out(column)
    page_out(column[10:])
    assert (column == np.arange(MB)).all()


def test_files_have_no_name_from_the_start(folder: Path) -> None:
    column = Memory(0.001).allocate(MB, np.int8)
    assert not list(folder.iterdir())
    assert len(column) == MB


def test_a_full_disk_is_one_line(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(InputError) as error:
        Memory(0.001).allocate(MB, np.int64)
    assert str(error.value) == (
        f"data.memory_mb: expected room for 8 MiB in {folder}, got: No space left on device; set "
        "TMPDIR to a folder with more room, or a larger data.memory_mb"
    )


def test_no_bytes_and_few_bytes_need_no_file(folder: Path) -> None:
    memory = Memory(0.001)
    assert memory.allocate(0, np.int64).shape == (0,)
    assert memory.allocate((3, 0), bool).shape == (3, 0)
    assert machine_bytes() > 2**28


def test_a_bound_of_nothing_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"data.memory_mb: expected a number above 0, got 0"):
        Files(root=str(tmp_path), memory_mb=0)
