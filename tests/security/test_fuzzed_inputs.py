"""A few cases of `benchmark suite=fuzz`, of every family, and that it sees what goes wrong."""

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks.fuzz import process, suite, world
from benchmarks.fuzz.process import Process

CASES = range(1_000, 1_016)


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Path:
    process.warm_up()
    return world.made(tmp_path_factory.mktemp("fuzz") / "world")


def test_malformed_inputs_are_refused_in_a_line(good: Path, tmp_path: Path) -> None:
    verdicts = list(suite.judged(CASES, 0, tmp_path, made=good))

    assert [verdict.line() for verdict in verdicts if verdict.is_bad] == []
    assert {verdict.family for verdict in verdicts} == {name for name, _ in suite.FAMILIES}
    assert sum(verdict.refused for verdict in verdicts) > len(CASES) / 3


@pytest.mark.parametrize("family", sorted(suite._SPOIL))
def test_a_case_comes_again_by_its_number(family: str, good: Path, tmp_path: Path) -> None:
    spoil, parts = suite._SPOIL[family]
    made = []
    for name in ("one", "two"):
        inside = world.copied(good, tmp_path / name, parts)
        command = spoil(inside, suite.Random("0 7"))
        files = {
            str(path.relative_to(inside)): path.read_bytes()
            for path in sorted(inside.rglob("*"))
            if path.is_file() and not path.is_symlink() and path.suffix != ".db"
        }
        made.append((command, files))

    assert made[0] == made[1]


def _writes(folder: Path) -> None:
    (folder.parent / "outside" / "canary").write_text("dead")


def _starts(_: Path) -> None:
    import subprocess

    subprocess.run(["true"], check=True)


def _breaks(_: Path) -> None:
    raise LookupError("ours")


def _hangs(_: Path) -> None:
    while True:
        pass


@pytest.mark.parametrize(
    ("act", "wrong"),
    [(_writes, "outside"), (_starts, "outside"), (_breaks, "traceback"), (_hangs, "hang")],
)
def test_what_goes_wrong_is_seen(
    act: Callable[[Path], None], wrong: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "outside").mkdir()
    monkeypatch.setattr(process, "main", lambda _: act(inside))

    ended = Process(["x"], inside).end(0.5, 300)

    seen = {
        "outside": bool(ended.outside),
        "traceback": "Traceback" in ended.said and ended.code == 1,
        "hang": ended.code is None,
    }
    assert {name for name, is_so in seen.items() if is_so} == {wrong}
