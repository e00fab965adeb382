"""One fit, as a script: python several_processes.py OUT MODEL OBJECTIVE RANK COUNT STORE.

Writes the losses, the curve and the metrics of valid in the first process.
"""

import json
import sys
from pathlib import Path

from torch import distributed

from recsys.data.split import TimeSplit
from recsys.evaluation.config import EvaluateConfig
from recsys.evaluation.evaluate import measure
from recsys.experiments.run import load
from recsys.experiments.validator import Validator
from recsys.models.lightgcn import LightGCN
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.simulation import SimulatedMarket
from recsys.training import objectives

STEPS = 200
MODELS = {"LightGCN": LightGCN, "TouchpointGNN": TouchpointGNN}


def main(out: Path, name: str, objective: str, rank: int, count: int, store: str) -> None:
    if count > 1:
        distributed.init_process_group(
            "gloo", init_method=f"file://{store}", rank=rank, world_size=count
        )
    _, split = load(SimulatedMarket(events=6000), TimeSplit())
    model = MODELS[name](
        dim=16,
        # From singular vectors, products that the same customers have stay twins, and rounding
        # decides which of them ranks first.
        start="random",
        objective=getattr(objectives, objective)(),
        # One batch an epoch, so that the losses of epochs are those of steps; odd, so that the
        # shares of two processes differ.
        batch_size=1_000_001,
        epochs=STEPS,
        learning_rate=0.002,
        validate_every=STEPS // 4,
        stop_after=STEPS,
        device="cpu",
    )
    validator = Validator(split.valid.queries, EvaluateConfig())
    model.fit(split.valid.past, validator)
    if rank == 0:
        measured = measure(model.score, split.valid, EvaluateConfig())
        result = {
            "losses": list(model.losses.values()),
            "curve": validator.curve,
            "metrics": {name: interval.mean for name, interval in measured.intervals.items()},
        }
        out.write_text(json.dumps(result))
    else:
        assert not validator.curve, "only the first process evaluates"
    if count > 1:
        distributed.destroy_process_group()


if __name__ == "__main__":
    main(
        Path(sys.argv[1]), sys.argv[2], sys.argv[3], int(sys.argv[4]), int(sys.argv[5]), sys.argv[6]
    )
