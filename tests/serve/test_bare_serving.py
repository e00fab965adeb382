"""Loading, folding in and recommending where only numpy, pyarrow and safetensors are installed."""

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import numpy as np
from artifact_contents import contents

from recsys.serve import write

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
THERE = {"numpy", "pyarrow", "safetensors"}

SCRIPT = """
import sys
for name in sys.argv[2:]:
    sys.modules[name] = None  # an import of it fails
from recsys.serve import load
artifact = load(sys.argv[1])
ids = artifact.contents.customer_ids[:]
assert artifact.recommend_many(ids, 3).columns.shape == (40, 3)
assert artifact.recommend(ids[0], 3).offers[0].probability
assert artifact.recommend_offers(ids[0], 3).offers
assert artifact.fold_in(["P001"]).shape == (5,)
assert artifact.recommend_events(["P001"], 3).products
print("served")
"""


def test_serves_without_the_other_dependencies(tmp_path):
    write(tmp_path / "a", contents(
        fold_in_rule=np.zeros(3, np.float32), fold_in_actions=np.ones(2, np.float32),
        fold_in_rest=np.zeros(0, np.float32), calibrator={"line": np.array([0.0, 1.0])},
        consent=None,
    ))  # fmt: skip
    project = tomllib.loads(PYPROJECT.read_text())["project"]
    lines = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    needed = {line.split("[")[0].split(">")[0] for line in lines} - THERE
    owners_of = packages_distributions().items()
    modules = sorted(module for module, owners in owners_of if set(owners) & needed)
    assert {"pandas", "torch", "scipy", "mlflow", "tqdm", "faiss"} <= set(modules)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "a"), *modules],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "served\n"
