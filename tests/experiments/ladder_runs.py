"""Runs of a small market, as MLflow would give them back, and a ladder of them."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import pandas as pd
import yaml
from hydra import compose, initialize_config_dir

from recsys.experiments.config import settings_from
from recsys.experiments.run import run
from recsys.reports.ladder.ladder import Ladder, ladder
from recsys.tracking.metrics_json import metrics_json, plain
from recsys.tracking.names import tracked_intervals
from recsys.tracking.read import TrackedRun
from recsys.tracking.record import RunRecord

CONF = Path(__file__).parents[2] / "conf"
MODELS = ("popularity", "segment", "own_history", "oracle", "item_knn")


@dataclass(frozen=True, kw_only=True, eq=False)
class KeptRun(TrackedRun):
    """A run whose artifacts are made from its record."""

    record: RunRecord = field(repr=False)

    def _artifact(self, name: str) -> str:
        if name == "config.yaml":
            return yaml.safe_dump(plain(self.record.config))
        return json.dumps(metrics_json(self.record, self.run_id))

    def per_query(self, part: str) -> pd.DataFrame:
        return self.record.per_query_tables()[part]


@cache
def market_run(model: str) -> KeptRun:
    """A run on a market of 1,000 customers."""
    words = [f"model={model}", "data.events=20000", "evaluate.ks=[10]", "evaluate.resamples=50"]
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", words)
    config.names = {"data": "simulated", "split": "time", "model": model, "experiment": None}
    return kept(run(settings_from(config)))


def kept(record: RunRecord, **changes: object) -> KeptRun:
    """A record as a run of the store."""
    metrics = tracked_intervals("valid", record.valid_intervals)
    about = {
        "run_id": f"{record.model:x<32}", "model": record.model, "data": record.data_name,
        "fingerprint": record.fingerprint, "split": record.split, "seed": 0, "settings": "s",
        "started": datetime(2026, 1, 1, tzinfo=UTC), "metrics": metrics, "params": {}, "tags": {},
        "client": None, "record": record,
    }  # fmt: skip
    return KeptRun(**(about | changes))


@cache
def market_ladder() -> Ladder:
    """The ladder of that market."""
    return ladder([market_run(model) for model in MODELS])
