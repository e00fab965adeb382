"""Seconds and metrics of one graph filter on a published split; a program of its own.

`python trade_stages.py FOLDER SETTINGS WINDOW`, with the settings of the model as JSON, prints one
line of JSON. It is run by path with a checkout of any version from 0.1.0 on first on PYTHONPATH.
"""

import json
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from recsys.data.sources.lightgcn import LightGCNFiles
from recsys.data.split import GivenSplit
from recsys.models.graph_filter import GraphFilter

try:
    from recsys.evaluation.config import EvaluateConfig
    from recsys.evaluation.evaluate import measure
    from recsys.experiments.run import prepare
except ImportError:
    # Version 0.1.0; type checkers see this version only.
    from recsys.evaluate.config import EvaluateConfig  # type: ignore[import-not-found,no-redef]
    from recsys.evaluate.window import measure  # type: ignore[import-not-found,no-redef]
    from recsys.experiment.run import prepare  # type: ignore[import-not-found,no-redef]

STAGES = ("load", "fit", "evaluate")


def measured(folder: str, settings: dict[str, Any], window: str) -> dict[str, float]:
    """Wall and CPU seconds of each stage, the peak memory in MiB, Recall@20 and NDCG@20.

    Load reads, checks, codes, splits and audits both windows; fit is that before the window;
    evaluation ranks all products for all its customers, with intervals.
    """
    figures: dict[str, float] = {}

    @contextmanager
    def stage(name: str) -> Iterator[None]:
        wall, cpu = time.perf_counter(), time.process_time()
        yield
        figures[f"{name}_seconds"] = time.perf_counter() - wall
        figures[f"{name}_cpu_seconds"] = time.process_time() - cpu

    with stage("load"):
        _, split, audit = prepare(LightGCNFiles(root=folder), GivenSplit(), None)
        audit.window("test")
    read = getattr(split, window)
    with stage("fit"):
        model = GraphFilter(**settings).fit(read.past)
    with stage("evaluate"):
        intervals = measure(model.score, read, EvaluateConfig()).intervals
    for kind in ("seconds", "cpu_seconds"):
        figures[kind] = sum(figures[f"{name}_{kind}"] for name in STAGES)
    figures["peak_mb"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {**figures, **{name: intervals[name].mean for name in ("recall@20", "ndcg@20")}}


if __name__ == "__main__":
    folder, settings, window = sys.argv[1:]
    sys.stdout.write(json.dumps(measured(folder, json.loads(settings), window)) + "\n")
