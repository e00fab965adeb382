"""A reader that has seen enough (`| head`) ends no script with a traceback, nor its work."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from recsys.errors import InputError
from recsys.ops.terminal import exit_on_input_error

SCRIPTS = Path(__file__).parents[1] / "scripts"
MORE = "x" * 100_000
"""More than a pipe holds."""


def piped(code: str) -> tuple[int, str]:
    """Exit code and stderr of Python whose standard output nobody reads."""
    read, write = os.pipe()
    started = subprocess.Popen(
        [sys.executable, "-c", code], stdout=write, stderr=subprocess.PIPE, text=True
    )
    os.close(write)
    os.close(read)
    stderr = started.communicate(timeout=120)[1]
    return started.returncode, stderr


GUARDED = "from recsys.ops.terminal import exit_on_input_error\nwith exit_on_input_error():\n"


@pytest.mark.parametrize("printed", ["'short'", f"'{'x' * 100}' * 1000"])
def test_the_script_goes_on_to_its_end(printed: str, tmp_path: Path) -> None:
    end = f"    open({str(tmp_path / 'end')!r}, 'w').write('reached')\n"
    assert piped(f"{GUARDED}    print({printed}); print({printed}, flush=True)\n{end}") == (0, "")
    assert (tmp_path / "end").read_text() == "reached"


def test_bad_input_is_said_all_the_same() -> None:
    code = f"from recsys.errors import InputError\n{GUARDED}    print('x' * 100_000)\n"
    assert piped(f"{code}    raise InputError('no k')\n") == (2, "error: no k\n")


def test_help_and_offers_may_be_cut_short(tmp_path: Path) -> None:
    run = "import runpy, sys; sys.argv = [{words}]; runpy.run_path({path!r}, run_name='__main__')"
    for name, words in (("recommend", "'recommend', '--help'"), ("simulate", "'s', '--help'")):
        path = str(SCRIPTS / f"{name}.py")
        assert piped(run.format(words=words, path=path)) == (0, ""), name


@pytest.mark.parametrize("script", sorted(path.name for path in SCRIPTS.glob("[!_]*.py")))
def test_every_script_stands_under_the_guard(script: str) -> None:
    text = (SCRIPTS / script).read_text()
    assert "with exit_on_input_error()" in text or "launch(" in text


def test_who_reads_gets_everything(capfd: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout

    def script() -> None:
        with exit_on_input_error():
            sys.stdout.write(MORE + "\n")
            raise InputError("no")

    with pytest.raises(SystemExit):
        script()
    assert sys.stdout is before
    assert capfd.readouterr().out == MORE + "\n"
