"""What the scripts import, once."""

import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
os.environ["OMP_NUM_THREADS"] = "1"

import hydra  # noqa: F401
import matplotlib.figure  # noqa: F401
import mlflow  # noqa: F401
import optuna  # noqa: F401
import pyarrow.parquet  # noqa: F401
import script_runner  # noqa: F401
import torch  # noqa: F401

import recsys.experiments.export_run
import recsys.experiments.promote
import recsys.experiments.tuning.tune
import recsys.serving.query.everyone  # noqa: F401
