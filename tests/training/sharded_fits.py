"""Some fits, as a script: python sharded_fits.py OUT CASES STEPS RANK COUNT STORE.

CASES are names, with commas between. With several processes the vectors are sharded. The first
process writes losses, learning curve, metrics of valid and folding rows of each case.
"""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
from torch import distributed

from recsys.data.split import TimeSplit
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.evaluate import measure
from recsys.experiments.run import load
from recsys.experiments.validator import Validator
from recsys.models.graph_network import GraphNetwork
from recsys.models.lightgcn import LightGCN
from recsys.models.simplex import SimpleX
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.models.ultragcn import UltraGCN
from recsys.models.xsimgcl import XSimGCL
from recsys.simulation import SimulatedMarket
from recsys.training import objectives

CASES: dict[str, tuple[type[GraphNetwork], dict[str, Any]]] = {
    "lightgcn": (LightGCN, {}),
    "lightgcn svd": (LightGCN, {"start": "svd"}),
    "lightgcn bpr": (LightGCN, {"objective": objectives.BPR(pool=4), "l2": 1e-3, "clip": 0.02}),
    "lightgcn in_batch": (LightGCN, {"objective": objectives.InBatchSoftmax()}),
    "lightgcn whole_data": (LightGCN, {"objective": objectives.WholeData()}),
    "xsimgcl": (XSimGCL, {}),
    "lightgcn bilateral": (LightGCN, {"objective": objectives.BilateralSoftmax()}),
    "ultragcn": (UltraGCN, {}),
    "simplex": (SimpleX, {}),
    "simplex attention": (SimpleX, {"pooling": "attention", "layers": 1}),
    "touchpoint_gnn": (TouchpointGNN, {"l2": 1e-3}),
    "touchpoint_gnn learned": (TouchpointGNN, {"learn_actions": True, "features": False}),
}


def main(out: Path, cases: str, steps: int, rank: int, count: int, store: str) -> None:
    if count > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{store}", rank=rank, world_size=count
        )
    _, split = load(SimulatedMarket(events=6000), TimeSplit())
    results = {}
    for name in cases.split(","):
        kind, change = CASES[name]
        usual = {"start": "random", "learning_rate": 0.002}
        model = kind(
            dim=16, batch_size=1_000_001, epochs=steps, stop_after=steps, shard=count > 1,
            validate_every=steps // 2, device="cpu", **{**usual, **change},
        )  # fmt: skip
        validator = Validator(split.valid.queries, EvaluateConfig())
        model.fit(split.valid.past, validator)
        if rank == 0:
            measured = measure(model.score, split.valid, EvaluateConfig())
            folding = model.fold_in()
            assert folding is not None
            results[name] = {
                "losses": list(model.losses.values()),
                "curve": validator.curve,
                "metrics": {key: value.mean for key, value in measured.intervals.items()},
                "folding": np.abs(folding.products).sum(axis=1).tolist(),
            }
        else:
            assert not validator.curve, "only the first process evaluates"
            assert not len(model.customer_vectors), "the first process has them"
    if rank == 0:
        out.write_text(json.dumps(results))
    if count > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    _, path, names, steps, rank, count, store = sys.argv
    main(Path(path), names, int(steps), int(rank), int(count), store)
