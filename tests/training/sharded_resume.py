"""A sharded fit that is killed: python sharded_resume.py FOLDER KILLS RANK COUNT STORE.

KILLS has a number a process, as 0,3: N for a SIGKILL right after its N-th part of a checkpoint, 0
for none. The first process writes FOLDER/vectors.npz.
"""

import os
import signal
import sys
from pathlib import Path
from typing import Any

import numpy as np
from torch import distributed

from recsys.data.split import TimeSplit
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.run import load
from recsys.experiments.validator import Validator
from recsys.models.xsimgcl import XSimGCL
from recsys.simulation import SimulatedMarket
from recsys.training.loop.checkpoint import Checkpoint


def main(folder: Path, kill: int, rank: int, count: int, store: str) -> None:
    written, write = [0], Checkpoint._write

    def killed(self: Checkpoint, path: Path, contents: Any) -> None:
        write(self, path, contents)
        written[0] += path != self.path
        if written[0] == kill:
            os.kill(os.getpid(), signal.SIGKILL)

    Checkpoint._write = killed  # type: ignore[method-assign]
    distributed.init_process_group(
        "gloo", init_method=f"file://{store}", rank=rank, world_size=count
    )
    _, split = load(SimulatedMarket(events=3000), TimeSplit())
    model = XSimGCL(
        dim=8, epochs=4, batch_size=32, checkpoint=str(folder / "checkpoint"), shard=True,
        checkpoint_seconds=0.0, clip=0.05, device="cpu",
    )  # fmt: skip
    model.fit(split.valid.past, Validator(split.valid.queries, EvaluateConfig()))
    if rank == 0:
        result = model.embeddings()
        np.savez(folder / "vectors.npz", customers=result.customers, products=result.products)
    distributed.destroy_process_group()


if __name__ == "__main__":
    _, path, kills, rank, count, store = sys.argv
    kill = kills.split(",")[int(rank)]
    main(Path(path), int(kill), int(rank), int(count), store)
