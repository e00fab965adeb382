"""The one command line: its commands, its help, its grammar."""

import runpy
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig

import recsys
from recsys.cli import conf
from recsys.cli.main import COMMANDS, complete, main

ROOT = Path(__file__).parents[1]
SLOW_TO_IMPORT = ["torch", "mlflow", "sklearn", "scipy.stats", "implicit", "matplotlib"]
HEAVY = ("torch", "hydra", "omegaconf", "mlflow", "pandas", "scipy", "sklearn", "pyarrow")


@pytest.fixture(autouse=True)
def _no_hydra_is_left(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    yield
    GlobalHydra.instance().clear()
    HydraConfig.instance().cfg = None


def code_of(*words: str) -> int:
    try:
        main(words)
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_help_lists_every_command_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("--help") == 0
    lines = capsys.readouterr().out.splitlines()
    for name, about in COMMANDS.items():
        assert [line for line in lines if line.split()[:1] == [name] and about in line]
    assert max(map(len, lines)) <= 100


def test_there_is_a_module_and_a_script_for_every_command() -> None:
    scripts = {path.stem for path in (ROOT / "scripts").glob("*.py")} - {"__init__"}
    assert scripts == set(COMMANDS)
    for name in COMMANDS:
        assert (ROOT / "recsys" / "cli" / f"{name}.py").is_file()


def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("--version") == 0
    assert capsys.readouterr().out == f"recsys {recsys.__version__}\n"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["trian"], "unknown command 'trian'; did you mean train? recsys --help lists them"),
        (["add-product"], "did you mean add_products?"),
        (["zzz"], "unknown command 'zzz'; there are simulate, check, train, tune"),
        (["--verbose"], "unknown command '--verbose'"),
        ([], "no command is given; recsys --help lists them"),
        (["train", "modle=als"], "did you mean model?"),
        (["compare", "metrc=x"], "did you mean metric="),
    ],
)
def test_bad_words_are_one_line_and_code_2(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of(*words) == 2
    output = capsys.readouterr()
    assert output.out == ""
    assert output.err.startswith("error: ")
    assert len(output.err.splitlines()) == 1
    assert message in output.err


def test_help_imports_nothing_heavy() -> None:
    program = (
        "import sys; from recsys.cli.main import main; main(['--help']); main(['--version']); "
        f"print(sorted(set({HEAVY!r}) & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stderr == "[]\n"


def test_no_command_imports_what_takes_long_before_its_words_are_read() -> None:
    names = [f"recsys.cli.{name}" for name in COMMANDS]
    program = (
        f"import sys; from importlib import import_module; [import_module(n) for n in {names}]; "
        f"print(sorted(set({SLOW_TO_IMPORT}) & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_python_m_recsys_is_the_same_command() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "recsys", "--version"],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == f"recsys {recsys.__version__}\n"


def test_simulate_takes_keys_as_the_other_commands_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    market = tmp_path / "market"
    assert code_of("simulate", "events=1000", "seed=3", f"out={market}") == 0
    output = capsys.readouterr()
    assert f"folder       {market}" in output.out
    assert (market / "interactions").is_dir()
    flags = ["simulate.py", "--events", "1000", "--seed", "3", "--out", str(tmp_path / "flags")]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", flags)
        runpy.run_path(str(ROOT / "scripts" / "simulate.py"), run_name="__main__")
    assert capsys.readouterr().out.splitlines()[:-1] == output.out.splitlines()[:-1]


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "say out=FOLDER"),
        (["out=m", "events=many"], "events: expected a whole number, got 'many'"),
        (["out=m", "seed=-1"], "seed must be a whole number of 0 or more"),
        (["out=m", "events=5"], "events must lie between 1,000 and 100,000,000"),
        (["out=m", "evnts=5"], "did you mean events="),
        (["out=m.csv"], "out=m.csv: expected a folder"),
        (["--out", "m"], "unknown argument '--out'"),
    ],
)
def test_simulate_refuses_bad_words(
    words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert code_of("simulate", *words) == 2
    assert message in capsys.readouterr().err


def test_help_of_train_shows_keys_with_defaults_of_the_parts_that_are_chosen(
    capsys: pytest.CaptureFixture[str],
) -> None:
    before = sys.argv
    assert code_of("train", "model=lightgcn", "seed=4", "--help") == 0
    assert sys.argv is before
    lines = [line.strip().split("  ")[0] for line in capsys.readouterr().out.splitlines()]
    layers = yaml.safe_load((ROOT / "conf" / "model" / "lightgcn.yaml").read_text())["layers"]
    assert f"model.layers={layers}" in lines
    assert "seed=4" in lines
    assert "device=auto" in lines
    assert not [line for line in lines if "_target_" in line]
    assert "data=simulated" in lines


def test_help_tells_what_a_key_sets_by_the_comment_in_its_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text(
        "_target_: recsys.models.popularity.Popularity\n"
        "outer:\n  inner: 1  # how deep it is\n  # and what else it is\n  bare: 2\n"
        "after: 3  # of the model again\n"
    )
    assert code_of("train", f"--config-dir={tmp_path}", "model=mine", "--help") == 0
    lines = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "model.outer.inner=1 how deep it is and what else it is" in lines
    assert "model.outer.bare=2" in lines
    assert "model.after=3 of the model again" in lines
    assert [line for line in lines if line.startswith("device=auto auto, cpu or cuda")]


def test_help_of_train_shows_no_password_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "postgresql://ann:secret@host/runs")
    for command in ("train", "compare", "export"):
        assert code_of(command, "--help") == 0
        help_text = capsys.readouterr().out
        assert "MLFLOW_TRACKING_URI" in help_text
        assert "secret" not in help_text


def test_help_of_tune_shows_the_budget(capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of("tune", "-h") == 0
    assert "  study.minutes=15.0  " in capsys.readouterr().out


def test_a_folder_of_ones_own_adds_parts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "mine.yaml").write_text(
        "_target_: recsys.models.popularity.Popularity\nmy_key: 7\n"
    )
    flag = f"--config-dir={tmp_path}"
    assert code_of("train", flag, "model=mine", "--help") == 0
    assert "  model.my_key=7\n" in capsys.readouterr().out
    assert code_of("train", flag, "--cfg=job", "model=mine") == 0
    assert "my_key: 7" in capsys.readouterr().out


@pytest.mark.parametrize("name", sorted(set(COMMANDS) - {"train", "tune", "benchmark"}))
def test_help_of_the_others_names_every_key(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert code_of(name.replace("_", "-"), "--help") == 0
    help_text = capsys.readouterr().out
    assert f"recsys {name} " in help_text
    for key_name, key in __import__(f"recsys.cli.{name}", fromlist=["KEYS"]).KEYS.items():
        assert f"  {key_name}={key.value or key.default}" in help_text
        assert key.about.split()[0] in help_text
    assert max(map(len, help_text.splitlines())) <= 100


def test_benchmark_of_a_wheel_says_that_it_wants_a_checkout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("recsys.cli.benchmark._CHECKOUT", tmp_path)
    assert code_of("benchmark", "suite=evaluation") == 2
    assert capsys.readouterr().err.splitlines() == [
        "error: benchmark runs in a checkout only: a wheel holds no benchmarks/"
    ]


def test_conf_is_that_of_the_checkout_unless_the_package_holds_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert conf.conf_folder() == ROOT / "conf"
    assert conf.tuned_folder() == ROOT / "conf" / "experiment" / "tuned"
    assert conf.use_tuned(conf.tuned_folder() / "a.yaml") == []
    (tmp_path / "conf").mkdir()
    monkeypatch.setattr("recsys.ops.conf_folder._PACKAGE", tmp_path)
    assert conf.conf_folder() == tmp_path / "conf"
    # Below the current folder, not in the installed package.
    assert conf.tuned_folder() == Path("conf/experiment/tuned")
    assert conf.use_tuned(conf.tuned_folder() / "a.yaml") == [
        "  train with them: recsys train --config-dir=conf experiment=tuned/a"
    ]
    assert conf.use_tuned(tmp_path / "mine.yaml") == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("recsys ", list(COMMANDS)),
        ("recsys tr", ["train"]),
        ("recsys add", ["add_products"]),
        ("recsys export o", ["out=", "overwrite="]),
        ("recsys train model=touch", ["model=touchpoint_filter", "model=touchpoint_gnn"]),
        ("recsys unknown x", []),
    ],
)
def test_the_shell_completes_commands_and_settings(
    line: str, answer: list[str], monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    monkeypatch.setenv("COMP_LINE", line)
    complete(["-sc", "query=bash"])
    assert capsys.readouterr().out.split() == answer


def test_the_shell_gets_what_installs_its_completion(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["/usr/bin/recsys"])
    assert code_of("-sc", "install=bash") == 0
    assert capsys.readouterr().out.rstrip().endswith("-F hydra_bash_completion recsys")
