"""An artifact is there whole or not at all, and nothing else is ever deleted."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from artifact_contents import contents

from recsys.errors import InputError
from recsys.ops import whole_folder as folder_module
from recsys.serving import load, write
from recsys.serving import storage as artifact_module

FIRST, SECOND = {"model": "first"}, {"model": "second"}


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_an_artifact_is_replaced_only_when_told(tmp_path):
    write(tmp_path / "a", contents(facts=FIRST))
    with pytest.raises(InputError, match="already holds an artifact; say overwrite=true"):
        write(tmp_path / "a", contents(facts=SECOND))
    assert load(tmp_path / "a").facts == FIRST
    write(tmp_path / "a", contents(facts=SECOND), overwrite=True)
    assert load(tmp_path / "a").facts == SECOND
    assert names(tmp_path) == ["a"]


def test_an_empty_folder_is_filled(tmp_path):
    (tmp_path / "a").mkdir()
    write(tmp_path / "a", contents())
    load(tmp_path / "a")


def test_a_linked_folder_is_replaced_where_it_lies(tmp_path):
    write(tmp_path / "a", contents(facts=FIRST))
    (tmp_path / "link").symlink_to(tmp_path / "a")
    write(tmp_path / "link", contents(facts=SECOND), overwrite=True)
    assert (tmp_path / "link").is_symlink()
    assert load(tmp_path / "a").facts == SECOND


@pytest.mark.parametrize("stranger", ["thesis.txt", "manifest.json"])
def test_a_folder_with_other_things_is_left_alone(tmp_path, stranger):
    (tmp_path / stranger).write_text("{}")
    with pytest.raises(InputError, match="left alone"):
        write(tmp_path, contents(), overwrite=True)
    assert names(tmp_path) == [stranger]


def test_an_artifact_with_something_added_is_left_alone(tmp_path):
    write(tmp_path / "a", contents())
    (tmp_path / "a" / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"also holds notes.txt, .* move it elsewhere"):
        write(tmp_path / "a", contents(), overwrite=True)
    assert (tmp_path / "a" / "notes.txt").read_text() == "mine"


def test_unwritable_places_are_one_line(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="is a file; give a folder"):
        write(tmp_path / "file", contents())
    with pytest.raises(InputError, match=r"cannot be written to .*/file/artifact: File"):
        write(tmp_path / "file" / "artifact", contents())
    with pytest.raises(InputError, match="cannot be written to"):
        write("/proc/artifact", contents())


def test_a_failed_write_leaves_nothing_and_harms_nothing(tmp_path, monkeypatch):
    write(tmp_path / "a", contents(facts=FIRST))

    def full(*arguments):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(artifact_module, "save_file", full)
    with pytest.raises(InputError, match="No space left on device"):
        write(tmp_path / "a", contents(facts=SECOND), overwrite=True)
    assert load(tmp_path / "a").facts == FIRST
    assert names(tmp_path) == ["a"]


WRITER = """
import sys
from artifact_contents import contents
from recsys.serving import write
ready = contents(customer_rows=3000, facts={"model": "second"})
print("ready", flush=True)
while True:
    write(sys.argv[1], ready, overwrite=True)
"""


def start_writer(folder):
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder)],
        stdout=subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parent)},
    )
    assert writer.stdout.readline() == b"ready\n"
    return writer


@pytest.mark.parametrize("kills", [5, pytest.param(20, marks=pytest.mark.slow)])
def test_a_killed_write_leaves_an_artifact_whole(tmp_path, kills):
    moments = random.Random(kills)
    for _ in range(kills):
        write(tmp_path / "a", contents(facts=FIRST), overwrite=True)
        assert names(tmp_path) == ["a"], "what the last killed write left is cleaned up"
        with start_writer(tmp_path / "a") as writer:
            time.sleep(moments.uniform(0, 0.2))
            writer.send_signal(signal.SIGKILL)
        assert load(tmp_path / "a").facts in (FIRST, SECOND)


def test_readers_find_an_artifact_while_it_is_replaced(tmp_path):
    write(tmp_path / "a", contents(facts=FIRST))
    with start_writer(tmp_path / "a") as writer:
        for _ in range(20):
            current = load(tmp_path / "a")
            assert len(current.customers.ids) == (40 if current.facts == FIRST else 3000)
        writer.kill()


def test_a_draft_that_is_being_written_is_not_cleaned_up(tmp_path):
    with folder_module.replaced(tmp_path / "a") as draft:
        write(tmp_path / "a", contents(facts=FIRST))
        assert draft.exists()
        (draft / "later").write_text("")
    assert names(tmp_path / "a") == ["later"]


class TestWithoutAtomicExchange:
    @pytest.fixture(autouse=True)
    def _no_exchange(self, monkeypatch):
        monkeypatch.setattr(folder_module, "_exchange", lambda source, other: False)

    def test_an_artifact_is_replaced(self, tmp_path):
        write(tmp_path / "a", contents(facts=FIRST))
        write(tmp_path / "a", contents(facts=SECOND), overwrite=True)
        assert load(tmp_path / "a").facts == SECOND
        assert names(tmp_path) == ["a"]

    def test_a_crash_between_the_steps_leaves_the_old_one(self, tmp_path, monkeypatch):
        folder = tmp_path / "a"
        write(folder, contents(facts=FIRST))
        steps, rename = [], Path.rename

        def crash_at_second(path, target):
            steps.append(target)
            if len(steps) == 2:
                raise OSError("crash")
            return rename(path, target)

        monkeypatch.setattr(Path, "rename", crash_at_second)
        with pytest.raises(InputError):
            write(folder, contents(facts=SECOND), overwrite=True)
        assert not folder.exists()
        assert load(folder).facts == FIRST
        monkeypatch.setattr(Path, "rename", rename)
        with pytest.raises(InputError, match="already holds an artifact"):
            write(folder, contents(facts=SECOND))
        write(folder, contents(facts=SECOND), overwrite=True)
        assert load(folder).facts == SECOND
        assert names(tmp_path) == ["a"]
