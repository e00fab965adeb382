"""A file of one's own that Hydra cannot read is one line, in all commands that compose."""

from pathlib import Path

import pytest
from script_runner import run_script

BROKEN = {
    "brackets": ("targets: [a: 1\n", "expected YAML, got a fault"),
    "a number": ("1e400", "expected a mapping in YAML"),
    "depth": ("{a: " * 20_000, "nested too deeply"),
}


@pytest.mark.parametrize("command", [("check",), ("train", "model=popularity")])
@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_is_one_line(
    name: str, command: tuple[str, ...], tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    text, said = BROKEN[name]
    (tmp_path / "own" / "data").mkdir(parents=True)
    (tmp_path / "own" / "data" / "own.yaml").write_text(text)
    script, *words = command

    code = run_script(script, "--config-dir=own", "data=own", *words, cwd=tmp_path)

    lines = capfd.readouterr().err.strip().splitlines()
    assert code == 2
    assert len(lines) == 1
    assert said in lines[0]
