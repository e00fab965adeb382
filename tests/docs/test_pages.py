"""Every block of code in README and docs runs as it stands; commands in the text are real ones.

Each page has a folder of its own, in which its blocks run in order: `bash` in a shell, `python` in
one namespace. What cannot run here (it takes hours, a server or the public data sets) is no block
but a command in the text, whose keys are held against those of the command.
"""

import shlex
import subprocess
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from hydra import compose, initialize_config_dir
from pages import ROOT, blocks, inline_commands, pages
from warm_programs import warm_path

from recsys.cli.main import COMMANDS

HYDRA = {"train": "config", "tune": "tune", "benchmark": "benchmark"}
EXECUTED, SHOWN = {"bash", "python"}, {"text", "json", "yaml"}
TITLES = [str(page.relative_to(ROOT)) for page in pages()]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the blocks of a page run: commands of this environment, figures without a screen."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", warm_path())
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("MPLBACKEND", "Agg")
    return tmp_path


@pytest.mark.parametrize("title", TITLES)
def test_blocks_run_as_they_stand(title: str, folder: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    for block in blocks(ROOT / title):
        if block.language == "bash":
            run = subprocess.run(
                ["bash", "-euo", "pipefail", "-c", block.code],
                cwd=folder, capture_output=True, text=True, check=False,
            )  # fmt: skip
            assert run.returncode == 0, f"{title}:{block.line}\n{run.stdout}\n{run.stderr}"
        elif block.language == "python":
            name = f"{title}:{block.line}"
            exec(compile(block.code, name, "exec"), namespace)


@pytest.mark.parametrize("title", TITLES)
def test_a_block_says_its_language(title: str) -> None:
    for block in blocks(ROOT / title):
        assert block.language in EXECUTED | SHOWN, f"{title}:{block.line}: {block.language!r}"


@pytest.mark.parametrize("title", TITLES)
def test_commands_in_the_text_have_keys_that_exist(
    title: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RECSYS_CONF", str(ROOT / "conf"))
    for command in inline_commands(ROOT / title):
        _, name, *words = shlex.split(command)
        assert name in COMMANDS, command
        words = [word for word in words if not word.startswith("-")]
        if name in HYDRA:
            _compose(name, words, command)
        else:
            known = import_module(f"recsys.cli.{name}").KEYS
            keys = {word.partition("=")[0] for word in words}
            if "data.KEY" in known:
                keys = {key for key in keys if not key.startswith(("data.", "model."))}
            assert keys <= set(known), command


def _compose(name: str, words: list[str], command: str) -> None:
    conf = ROOT / "benchmarks" / "conf" if name == "benchmark" else ROOT / "conf"
    swept = [word for word in words if not word.startswith("hydra")]
    plain = [word.split(",")[0] if "[" not in word else word for word in swept]
    with initialize_config_dir(str(conf), version_base="1.3"):
        assert compose(HYDRA[name], plain), command
