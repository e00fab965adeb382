"""The files of docs/orchestrators name commands and keys that there are; serving needs little."""

import os
import re
import runpy
import shlex
import subprocess
import sys
import types
from importlib import import_module
from pathlib import Path

import pytest

from recsys.cli.main import COMMANDS

FOLDER = Path(__file__).parents[2] / "docs" / "orchestrators"
FILES = sorted(path.name for path in FOLDER.iterdir() if path.is_file())
HEAVY = (
    "torch",
    "torch_geometric",
    "duckdb",
    "sklearn",
    "hydra",
    "implicit",
    "matplotlib",
    "optuna",
)


def commands(text: str) -> list[list[str]]:
    """Words of each `recsys COMMAND ...` of a text, up to the end of the command."""
    shell = r"(?<![\w./-])recsys ([a-z_]+(?: [^\n;|&>`#,]*)?)"
    python = r'recsys\(context, "([a-z_]+"(?:, f?"[^"]*")*)'
    lines = [*re.findall(shell, text), *re.findall(python, text)]
    return [re.split(r"[\s\"',]+", line.strip()) for line in lines]


@pytest.mark.parametrize("name", FILES)
def test_commands_and_keys_are_those_of_the_library(name: str) -> None:
    words = [line for line in commands((FOLDER / name).read_text()) if line[0] in COMMANDS]
    assert words, "no command at all"
    for command, *others in words:
        keys = import_module(f"recsys.cli.{command}").KEYS
        for key in re.findall(r"(?:^|\s)([a-z_.]+)=", " ".join(others)):
            assert key in keys or key.startswith("data."), f"{command}: {key}"


@pytest.mark.skipif(sys.platform == "win32", reason="bash")
def test_the_plain_form_is_shell_and_says_what_it_lacks() -> None:
    subprocess.run(["bash", "-n", str(FOLDER / "monday.sh")], check=True)
    done = subprocess.run(
        ["bash", str(FOLDER / "monday.sh")], capture_output=True, text=True, env={"PATH": "/bin"}
    )
    assert done.returncode != 0
    assert "set DATA=FOLDER of the export" in done.stderr


STEP = """#!/bin/bash
echo "$*" >> "$0.calls"
[ "$1" != check ] || echo "the line that says why"
name="CODE_$1"; exit "${!name:-0}"
"""


@pytest.mark.skipif(sys.platform == "win32", reason="bash")
@pytest.mark.parametrize(
    ("codes", "steps", "code", "said"),
    [
        ({}, ["check", "monitor", "retrain"], 0, ""),
        ({"retrain": 3}, ["check", "monitor", "retrain"], 3, ""),
        ({"retrain": 2}, ["check", "monitor", "retrain"], 2, ""),
        ({"check": 2}, ["check"], 2, "the line that says why"),
        ({"monitor": 4}, ["check", "monitor", "retrain"], 0, "ALARM"),
        ({"monitor": 2}, ["check", "monitor", "retrain"], 0, "could not tell"),
    ],
)
def test_the_plain_form_goes_on_or_stops_by_the_codes_of_its_commands(
    tmp_path: Path, codes: dict[str, int], steps: list[str], code: int, said: str
) -> None:
    """`recsys` is a stand-in here that keeps its words and ends as it is told."""
    program = tmp_path / "recsys"
    program.write_text(STEP)
    program.chmod(0o755)
    settings = {"DATA": "export", "MAPPING": "map.yaml", "ANSWERS": "answers", "MODEL": "shop"}
    told = {f"CODE_{name}": str(value) for name, value in codes.items()}
    done = subprocess.run(
        ["bash", str(FOLDER / "monday.sh")],
        cwd=tmp_path,
        env={**os.environ, **settings, **told, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
    )
    calls = [line.split() for line in (tmp_path / "recsys.calls").read_text().splitlines()]
    assert [call[0] for call in calls] == steps
    assert (done.returncode, said in done.stdout) == (code, True)
    for call in calls:
        assert {"data=files", "data.root=export", "data.mapping=map.yaml"} <= set(call)
    if "retrain" in steps:
        assert "model_name=shop" in calls[-1]
        assert "decisions=answers" in calls[1]


def test_the_dag_has_the_three_steps_and_a_kept_champion_is_no_failure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Airflow is not installed here: stand-ins record what the file builds."""
    tasks: dict[str, dict] = {}
    after: list[tuple[str, str]] = []

    class Task:
        def __init__(self, **settings) -> None:
            self.name = settings["task_id"]
            tasks[self.name] = settings

        def __rshift__(self, others: "list[Task]") -> None:
            after.extend((self.name, other.name) for other in others)

    class Dag:
        def __init__(self, *words, **settings) -> None:
            assert settings["max_active_runs"] == 1

        def __enter__(self) -> None: ...

        def __exit__(self, *error) -> None: ...

    bash, sdk = types.ModuleType("bash"), types.ModuleType("sdk")
    bash.BashOperator, sdk.DAG = Task, Dag
    for name in ("airflow", "airflow.providers", "airflow.providers.standard",
                 "airflow.providers.standard.operators"):  # fmt: skip
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "airflow.providers.standard.operators.bash", bash)
    monkeypatch.setitem(sys.modules, "airflow.sdk", sdk)
    runpy.run_path(str(FOLDER / "airflow_dag.py"))
    assert set(tasks) == {"check", "watch", "retrain", "refresh"}
    assert after == [("check", "watch"), ("check", "retrain")]
    assert tasks["retrain"]["skip_on_exit_code"] == 3
    assert shlex.split(tasks["check"]["bash_command"])[:2] == ["recsys", "check"]


def test_serving_runs_without_what_the_container_leaves_out() -> None:
    blocked = "; ".join(f"sys.modules['{name}'] = None" for name in HEAVY)
    program = f"import sys; {blocked}; import recsys.cli.serve"
    subprocess.run([sys.executable, "-c", program], check=True)
