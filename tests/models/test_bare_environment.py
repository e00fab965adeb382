"""Graph networks fit where only torch, PyG, numpy, scipy and pandas are installed."""

import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"
# PyG brings tqdm.
THERE = {"torch", "torch-geometric", "numpy", "scipy", "pandas", "tqdm"}

SCRIPT = """
import sys

for name in sys.argv[1:]:
    sys.modules[name] = None  # an import of it fails

import numpy as np
import pandas as pd

from recsys.data.dataset import build
from recsys.data.tables import Tables
from recsys.models.lightgcn import LightGCN
from recsys.models.xsimgcl import XSimGCL
from recsys.training.objectives import BPR


class Source:
    name, version, targets, filter_seen, cutoffs = "bare", "1", ("purchase",), True, None


pairs = np.random.default_rng(0).integers(0, (30, 20), (200, 2)).astype(str)
table = pd.DataFrame(pairs, columns=["customer_id", "product_id"])
data = build(Source(), Tables(interactions=table))
for model in (LightGCN(dim=4, epochs=2), XSimGCL(dim=4, epochs=2, objective=BPR())):
    assert np.isfinite(model.fit(data).score(np.arange(3))).all()
print("fitted")
"""


def test_fits_without_the_other_dependencies() -> None:
    lines = tomllib.loads(PYPROJECT.read_text())["project"]["dependencies"]
    needed = {line.split("[")[0].split(">")[0] for line in lines} - THERE
    modules = sorted(
        module for module, owners in packages_distributions().items() if set(owners) & needed
    )
    assert {"implicit", "mlflow", "hydra", "sklearn", "pandera", "pyarrow"} <= set(modules)
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, *modules],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout == "fitted\n"
