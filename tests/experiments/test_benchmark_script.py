"""What scripts/benchmark.py prints: the table of a suite, or its figures."""

import json
from pathlib import Path

import pytest
from script_runner import run_script

from benchmarks.suite import run_folder


class Tabled:
    """A suite that writes a table into the run's folder."""

    def figures(self) -> dict[str, float]:
        (run_folder() / "table.md").write_text("| a | table |\n")
        return {"answer": 42.5}


class Plain:
    """One that writes none."""

    def figures(self) -> dict[str, float]:
        return {"answer": 42.5}


@pytest.mark.parametrize("name", ["Tabled", "Plain"])
def test_the_table_is_printed_where_this_run_wrote_one(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    # What an earlier run left in the folder is not this run's.
    (tmp_path / "table.md").write_text("| an old | table |\n")
    words = [f"suite._target_=test_benchmark_script.{name}", "~suite.runs", "~suite.customers"]
    words.append("allow=[test_benchmark_script]")
    code = run_script("benchmark", "suite=compare", *words, f"hydra.run.dir={tmp_path}",
                      cwd=tmp_path)  # fmt: skip
    said = capsys.readouterr()
    assert code == 0, said.err
    assert ("| a | table |" in said.out) == (name == "Tabled")
    assert ("answer " in said.out) == (name == "Plain")
    assert "an old" not in said.out
    assert json.loads((tmp_path / "benchmark.json").read_text())["figures"] == {"answer": 42.5}
