"""Fits models in the processes of a torchrun and says what each took; a program of its own.

`torchrun --nproc-per-node=N processes_fit.py FOLDER` reads FOLDER/task.json: {"shard": bool,
"memory": arguments of `fit_memory`, "metrics": arguments of `metrics`}. Process R writes
FOLDER/R.json.
"""

import gc
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.data.dataset import Dataset
from recsys.data.split import TimeSplit
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.evaluate import measure
from recsys.experiments.cost import peak_memory_mb, reset_peak_memory
from recsys.experiments.run import load
from recsys.models.lightgcn import LightGCN
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.models.xsimgcl import XSimGCL
from recsys.simulation import SimulatedMarket
from recsys.training.objectives import BPR
from recsys.training.processes import Processes, joined

MODELS = {"lightgcn": LightGCN, "xsimgcl": XSimGCL, "touchpoint_gnn": TouchpointGNN}


def metrics(events: int, epochs: int, shard: bool) -> dict[str, dict[str, float]]:
    """Model -> metric -> mean on valid of the simulated market; in the first process."""
    _, split = load(SimulatedMarket(events=events), TimeSplit())
    measured = {}
    for name, kind in MODELS.items():
        model = kind(epochs=epochs, stop_after=epochs, shard=shard, device="cpu")
        model.fit(split.valid.past)
        if Processes.here().first:
            intervals = measure(model.score, split.valid, EvaluateConfig()).intervals
            measured[name] = {metric: interval.mean for metric, interval in intervals.items()}
    return measured


def fit_memory(customers: int, products: int, dim: int, shard: bool) -> float:
    """MiB that a fit of LightGCN on random pairs, three a customer, takes on top of its data."""
    generator = np.random.default_rng(0)
    owners = np.tile(np.arange(customers), 3)
    chosen = generator.integers(0, products, len(owners))
    data = Dataset.from_frames(pd.DataFrame({"customer_id": owners, "product_id": chosen}))
    model = LightGCN(
        dim=dim, objective=BPR(), start="random", epochs=1, batch_size=len(owners) // 8,
        shard=shard, device="cpu",
    )  # fmt: skip
    gc.collect()
    reset_peak_memory()
    before = peak_memory_mb()
    model.fit(data)
    return peak_memory_mb() - before


def main(folder: Path) -> None:
    """Runs the task of the folder."""
    task: dict[str, Any] = json.loads((folder / "task.json").read_text())
    with joined() as processes:
        result: dict[str, Any] = {"memory_mb": fit_memory(**task["memory"], shard=task["shard"])}
        result["metrics"] = metrics(**task["metrics"], shard=task["shard"])
        (folder / f"{processes.rank}.json").write_text(json.dumps(result))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
