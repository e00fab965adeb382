"""Nothing that is read may run code: no pickle, safe YAML, weights only, arrays without objects."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FORBIDDEN = {
    "pickle.load", "pickle.loads", "pickle.Unpickler", "marshal.load", "marshal.loads",
    "shelve.open", "dill.load", "dill.loads", "cloudpickle.load", "cloudpickle.loads",
    "joblib.load", "pd.read_pickle", "pandas.read_pickle", "yaml.unsafe_load", "yaml.full_load",
    "yaml.load_all", "yaml.unsafe_load_all", "yaml.full_load_all", "os.system", "os.popen",
    "pd.eval", "pandas.eval", "torch.jit.load", "torch.package.PackageImporter", "eval", "exec",
    "mlflow.pyfunc.load_model", "builtins.eval", "builtins.exec",
}  # fmt: skip
NEEDED = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False),
          "numpy.load": ("allow_pickle", False)}  # fmt: skip
FILES = sorted(path for folder in ("recsys", "scripts") for path in (ROOT / folder).rglob("*.py"))


def faults(text: str) -> Iterator[str]:
    """Calls that could run code out of what they read."""
    tree = ast.parse(text)
    loaders = {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef)
        and any("SafeLoader" in ast.unparse(b) for b in node.bases)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module in (
            "pickle",
            "marshal",
            "joblib",
            "dill",
        ):
            yield f"line {node.lineno}: names of {node.module} without the module before them"
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        if name in FORBIDDEN:
            yield f"line {node.lineno}: {name}"
        if name in NEEDED:
            key, value = NEEDED[name]
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            if given.get(key) != str(value):
                yield f"line {node.lineno}: {name} without {key}={value}"
        if name == "yaml.load":
            used = [ast.unparse(word) for word in node.args[1:]]
            used += [ast.unparse(word.value) for word in node.keywords]
            if not used or used[0] not in {*loaders, "yaml.SafeLoader", "yaml.CSafeLoader"}:
                yield f"line {node.lineno}: yaml.load without a safe loader"
        shell = [word for word in node.keywords if word.arg == "shell"]
        if shell and ast.unparse(shell[0].value) != "False":
            yield f"line {node.lineno}: {name} through a shell"


def test_nothing_that_is_read_runs() -> None:
    assert len(FILES) > 500
    found = {str(path.relative_to(ROOT)): list(faults(path.read_text())) for path in FILES}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "code",
    [
        "pickle.load(file)", "yaml.load(text)", "yaml.load(text, yaml.Loader)",
        "yaml.load(text, Loader=yaml.FullLoader)", "yaml.unsafe_load(text)", "torch.load(path)",
        "torch.load(path, weights_only=False)", "np.load(path)", "np.load(path, allow_pickle=True)",
        "pd.read_pickle(path)", "eval(text)", "subprocess.run(text, shell=True)",
        "from pickle import loads", "class L(yaml.Loader): pass\nyaml.load(text, L)",
    ],
)  # fmt: skip
def test_what_could_run_is_seen(code: str) -> None:
    assert len(list(faults(code))) == 1


@pytest.mark.parametrize(
    "code",
    [
        "yaml.safe_load(text)", "yaml.load(text, yaml.SafeLoader)",
        "torch.load(path, weights_only=True)", "np.load(path, allow_pickle=False)",
        "class L(yaml.SafeLoader): pass\nyaml.load(text, L)", "frame.eval", "model.eval()",
    ],
)  # fmt: skip
def test_what_cannot_run_is_left_alone(code: str) -> None:
    assert list(faults(code)) == []
