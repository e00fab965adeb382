"""A small run made by hand; `python record_maker.py URI EXPERIMENT SEED` logs it."""

import sys
from dataclasses import replace

import numpy as np

from recsys.evaluation.intervals import bootstrap
from recsys.evaluation.per_query import PerQuery
from recsys.tracking.record import RunRecord
from recsys.tracking.runs import TrackConfig, log_run


def per_query(values: list[float]) -> PerQuery:
    metric = np.array(values)
    return PerQuery(
        customers=np.arange(len(metric)) + 1,
        history=np.arange(len(metric)),
        values={"recall@5": metric, "recall@20": metric, "ndcg@10": metric / 2},
        catalogue={"coverage@5": 0.25},
    )


def made_record(**changes) -> RunRecord:
    valid = per_query([0.0, 0.5, 1.0])
    intervals = bootstrap(valid.values, valid.customers, resamples=50)
    record = RunRecord(
        model="als",
        data_name="toy",
        fingerprint="f" * 64,
        split="time: valid from 3, test from 5",
        seed=0,
        device="cpu",
        device_reason="no GPU was found",
        config={
            "seed": 0,
            "model": {"_target_": "recsys.models.als.ALS", "dim": 64},
            "data": {"root": "tables"},
            "evaluate": {"metric": "ndcg@10", "level": 0.95, "warm_from": 1, "hot_from": 10},
            "track": {"uri": "sqlite:///mlflow.db"},
        },
        chosen={"alpha": np.float64(0.3)},
        valid=valid,
        valid_intervals=intervals,
        slices={"history": {"cold": intervals, "hot": intervals}, "touchpoint": {"app": intervals}},
        seconds={"load": 0.1, "fit": 2.0, "evaluate": 0.3},
        peak_memory_mb=123.0,
        customer_ids=np.array(["x", "anna", "ben", "carl"], dtype=object),
        data_facts={"interactions": 9, "customers": 4, "as_of": None},
    )
    return replace(record, **changes)


if __name__ == "__main__":
    uri, experiment, seed = sys.argv[1:]
    run_id = log_run(made_record(seed=int(seed)), TrackConfig(uri=uri, experiment=experiment))
    sys.stdout.write(f"{run_id}\n")
