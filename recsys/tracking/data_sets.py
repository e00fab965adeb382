"""Data sets beside a run in MLflow: described and identified there, never stored.

MLflow's own `from_pandas` would hash and profile all tables; ours have a fingerprint already.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from recsys.ops.masking import masked_values
from recsys.tracking.metrics_json import plain
from recsys.tracking.read import TrackedRun

DIGEST_LENGTH = 16
_CONTEXT = "mlflow.data.context"
"""A name that MLflow's own pages read."""


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set that a run used.

    Attributes:
        name: as in `data=NAME`, or of a file.
        fingerprint: SHA-256 of its content, hexadecimal.
        context: what it was used for: "training", "valid", "test", "decisions".
        settings: that it is loaded with; `root` is its folder or file.
        facts: counts, as "interactions", "customers".
    """

    name: str
    fingerprint: str
    context: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Any] = field(default_factory=dict)

    def as_input(self) -> Any:
        """An `mlflow.entities.DatasetInput`."""
        from mlflow.entities import Dataset

        settings = masked_values(plain(self.settings))
        root = settings.get("root")
        described = Dataset(
            name=self.name,
            digest=self.fingerprint[:DIGEST_LENGTH],
            source_type="local" if root else "code",
            source=json.dumps({"uri": root} if root else {"tags": settings}),
            profile=json.dumps({"fingerprint": self.fingerprint, **plain(self.facts)}),
        )
        return _input(described, self.context)


def table_fingerprint(table: pd.DataFrame) -> str:
    """SHA-256 of the values of a table, hexadecimal; the order of its rows counts.

    Args:
        table: of plain values.
    """
    digest = hashlib.sha256("\0".join(map(str, table.columns)).encode())
    # Values are taken as they are: a list in a cell has no category.
    rows = pd.util.hash_pandas_object(table, index=False, categorize=False)
    digest.update(rows.to_numpy().tobytes())
    return digest.hexdigest()


def inputs_of(runs: Sequence[TrackedRun], context: str) -> list[Any]:
    """The data sets that runs were fitted on, as inputs of a report about them.

    Args:
        runs: of a store.
        context: what the report used them for: "valid" or "test".

    Returns:
        an `mlflow.entities.DatasetInput` for each data set.
    """
    logged = {
        (used.dataset.name, used.dataset.digest): used.dataset
        for run in runs
        for used in run.client.get_run(run.run_id).inputs.dataset_inputs
    }
    return [_input(data_set, context) for data_set in logged.values()]


def _input(data_set: Any, context: str) -> Any:
    from mlflow.entities import DatasetInput, InputTag

    return DatasetInput(data_set, [InputTag(_CONTEXT, context)])
