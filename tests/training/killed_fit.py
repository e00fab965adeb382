"""One fit, as a script that is killed: python killed_fit.py FOLDER. Writes FOLDER/vectors.npz."""

import sys
from pathlib import Path

import numpy as np
import torch

from recsys.data.split import TimeSplit
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.run import load
from recsys.experiments.validator import Validator
from recsys.models.xsimgcl import XSimGCL
from recsys.simulation import SimulatedMarket

if __name__ == "__main__":
    folder = Path(sys.argv[1])
    torch.set_num_threads(1)
    _, split = load(SimulatedMarket(events=30_000), TimeSplit())
    model = XSimGCL(
        dim=32, epochs=200, patience=None, batch_size=64, checkpoint=str(folder / "checkpoint"),
        checkpoint_seconds=0.1, device="cpu",
    )  # fmt: skip
    sys.stdout.write("fitting\n")
    sys.stdout.flush()
    model.fit(split.valid.past, Validator(split.valid.queries, EvaluateConfig()))
    model.fit(split.test.past)
    result = model.embeddings()
    np.savez(folder / "vectors.npz", customers=result.customers, products=result.products)
