"""A saved model brings the modules that serving needs, and no others."""

import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from artifact_contents import contents

import recsys
from recsys.serving import load, write
from recsys.serving.mlflow_model import pyfunc
from recsys.serving.mlflow_model.code_files import needed_files

PACKAGE = Path(recsys.__file__).parent

ASK = """
import json, sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pandas", "torch", "duckdb", "scipy", "mlflow", "hydra"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

model, artifact = sys.argv[1:]
sys.path = [path for path in sys.path if "site-packages" in path or "lib/python" in path]
sys.path.insert(0, f"{model}/code")
sys.meta_path.insert(0, Absent())
from recsys.serving.mlflow_model import pyfunc, request
import recsys
offers = pyfunc.OfferModel(pyfunc.load(f"{model}/data/{artifact}"))
rows = request.rows([{"customer_id": "C0001"}, {"events": ["P001"]}])
answers = offers.answers(rows, request.params({"k": 3, "at": "as_of"}))
loaded = sorted(name for name in sys.modules if name.partition(".")[0] == "recsys")
print(json.dumps([recsys.__file__, loaded, json.loads(answers)]))
"""


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("saved")
    # With a vector for new customers.
    folds = {"fold_in_rule": np.zeros(3, np.float32), "fold_in_rest": np.zeros(0, np.float32)}
    write(folder / "artifact", contents(**folds, fold_in_actions=np.array([1, 3], np.float32)))
    pyfunc.save(folder / "model", folder / "artifact")
    return folder


def names_of(files: list[Path], package: Path) -> set[str]:
    parts = (file.relative_to(package.parent).with_suffix("").parts for file in files)
    return {".".join(part).removesuffix(".__init__") for part in parts}


def test_it_answers_alone_from_the_modules_that_it_brought(saved: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-I", "-c", ASK, saved / "model", "artifact"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    file, loaded, told = json.loads(done.stdout)
    code = saved / "model" / "code" / "recsys"
    assert Path(file) == code / "__init__.py"
    # The list is whole, and nothing in it is there for nothing.
    assert names_of(sorted(code.rglob("*.py")), code) == set(loaded)
    artifact = load(saved / "artifact")
    known = artifact.recommend("C0001", 3, at="as_of")
    new = artifact.recommend_events(["P001"], 3, at="as_of")
    assert told == json.loads(json.dumps([asdict(known), asdict(new)], default=pyfunc._as_text))


def test_training_and_reports_stay_behind(saved: Path) -> None:
    code = saved / "model" / "code" / "recsys"
    folders = {path.name for path in code.iterdir() if path.is_dir()} - {"__pycache__"}
    assert folders == {"ops", "policy", "serving"}
    size, whole = (
        sum(path.stat().st_size for path in folder.rglob("*.py")) for folder in (code, PACKAGE)
    )
    assert size < whole / 4


def test_imports_are_followed_wherever_they_stand(tmp_path: Path) -> None:
    package = tmp_path / "shop"
    (package / "deep").mkdir(parents=True)
    texts = {
        "__init__.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import shop.types",
        "start.py": (
            "import json\nfrom shop import deep\ntry:\n    import shop.first\n"
            "except ImportError:\n    from shop.second import name\n"
            "def late():\n    from shop.deep.third import other\n"
        ),
        "first.py": "import shop.start",
        "second.py": "name = 1",
        "types.py": "",
        "unused.py": "",
        "deep/__init__.py": "",
        "deep/third.py": "other = 1",
    }
    for name, text in texts.items():
        (package / name).write_text(text)
    assert names_of(needed_files(package, "shop.start"), package) == {
        "shop", "shop.start", "shop.first", "shop.second", "shop.deep", "shop.deep.third",
    }  # fmt: skip
