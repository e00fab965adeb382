"""The guides of docs/extending: their commands and programs run, their refusals are true.

Commands run in one copy of docs/extending/code, as a reader would run them in a folder of their
own. The suites of its tests/ are collected by pytest itself.
"""

import json
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hydra.core.global_hydra import GlobalHydra
from pages import ROOT, blocks

from recsys.cli.main import main

GUIDES = ROOT / "docs" / "extending"
NAMES = sorted(path.stem for path in GUIDES.glob("*.md") if path.stem != "index")
SNIPPET = re.compile(r'^--8<-- "(.+)"$', re.MULTILINE)


@pytest.fixture(scope="module")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the code, in which commands leave their files."""
    folder = tmp_path_factory.mktemp("guides") / "work"
    shutil.copytree(GUIDES / "code", folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


@pytest.fixture
def inside(workplace: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.chdir(workplace)
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    yield workplace
    GlobalHydra.instance().clear()


def commands(guide: str) -> list[str]:
    return [
        line
        for block in blocks(GUIDES / f"{guide}.md")
        if block.language == "bash"
        for line in block.code.splitlines()
    ]


def run(line: str) -> None:
    """A command of a guide, in this process; pytest is not started, as it is running already."""
    program, *words = shlex.split(line)
    if program == "pytest":
        assert (GUIDES / "code" / words[0]).is_file(), line
        return
    assert program == "recsys", line
    main(words)
    GlobalHydra.instance().clear()


def program(guide: str) -> str:
    """The blocks for a notebook, which are no snippets, in their order."""
    python = [block.code for block in blocks(GUIDES / f"{guide}.md") if block.language == "python"]
    return "\n".join(code for code in python if not SNIPPET.match(code))


@pytest.mark.parametrize("guide", NAMES)
class TestEveryGuide:
    def test_shows_files_that_exist_under_the_name_it_gives_them(self, guide: str) -> None:
        text = (GUIDES / f"{guide}.md").read_text()
        titles = re.findall(r'title="(.+)"\n--8<-- "docs/extending/code/(.+)"', text)
        assert len(titles) == len(SNIPPET.findall(text)) >= 2
        for title, path in titles:
            assert title == path
            assert (GUIDES / "code" / path).is_file()

    def test_is_at_most_eighty_lines_without_its_code(self, guide: str) -> None:
        assert len((GUIDES / f"{guide}.md").read_text().splitlines()) <= 80

    def test_has_commands_that_run(self, guide: str, inside: Path) -> None:
        lines = commands(guide)
        assert any(line.startswith("pytest") for line in lines)
        assert any(line.startswith("recsys train") for line in lines)
        for line in lines:
            run(line)
        exec(compile(program(guide), guide, "exec"), {"__name__": "__main__"})


class TestWhatTheGuidesPromise:
    """Beyond an exit without error; on the folders that the commands leave behind."""

    @pytest.fixture
    def ran(self, inside: Path, request: pytest.FixtureRequest) -> Path:
        guide, left_behind = request.param
        if not (inside / left_behind).exists():
            for line in commands(guide):
                run(line)
        return inside / left_behind

    @pytest.mark.parametrize("ran", [("metric", "measured")], indirect=True)
    def test_a_metric_appears_in_metrics_json_with_an_interval(self, ran: Path) -> None:
        valid = json.loads((ran / "metrics.json").read_text())["valid"]
        for name in ("first_hit@5", "first_hit@10", "nobody_has@20"):
            assert valid[name]["low"] <= valid[name]["mean"] <= valid[name]["high"]

    @pytest.mark.parametrize("ran", [("exportable_model", "artifact")], indirect=True)
    def test_the_artifact_is_served_without_the_package(
        self, ran: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from recsys import load_artifact

        monkeypatch.setitem(sys.modules, "mybank", None)
        artifact = load_artifact(ran)
        known = artifact.recommend("C0000949", k=3, at="as_of").offers
        fresh = artifact.recommend_events(["P0017"], k=3, at="as_of").offers
        assert len(known) == len(fresh) == 3
        assert all(offer.reasons for offer in (*known, *fresh))
        facts: dict[str, Any] = json.loads((ran / "manifest.json").read_text())
        assert facts["fidelity"]["overlap@10"] > 0.99

    def test_a_killed_fit_is_resumed_by_the_same_command(
        self, inside: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        import torch

        (line,) = [line for line in commands("model_in_steps") if line.startswith("recsys")]
        line += " model.batch_size=128 model.checkpoint_seconds=0 hydra.run.dir=killed"
        line = line.replace(" hydra.run.dir=steps", "")
        step, taken = torch.optim.Adam.step, 0

        def killed_after_some(self: Any, *words: Any) -> Any:
            nonlocal taken
            taken += 1
            if taken > 12:
                raise KeyboardInterrupt
            return step(self, *words)

        monkeypatch.setattr(torch.optim.Adam, "step", killed_after_some)
        with pytest.raises(KeyboardInterrupt):
            run(line)
        monkeypatch.setattr(torch.optim.Adam, "step", step)
        run(line)
        assert "resumed from" in capsys.readouterr().err
        run(line.replace("killed", "undisturbed"))
        resumed, undisturbed = (
            json.loads((inside / name / "metrics.json").read_text())["valid"]
            for name in ("killed", "undisturbed")
        )
        assert resumed == undisturbed
