"""The certificate of the audit goes into MLflow with its run."""

import json
from pathlib import Path

from mlflow import MlflowClient
from record_maker import made_record

from recsys.data.audit import Certificate, Check
from recsys.tracking.metrics_json import metrics_json
from recsys.tracking.runs import TrackConfig, log_run

CHECK = Check(
    kind="edges",
    window="valid",
    table="interactions",
    column="order",
    rows=3,
    latest=2,
    cutoff=3,
    how="counted",
)
PASSED = Certificate(status="passed", reason=None, checks=(CHECK,))


def test_the_certificate_is_an_artifact_and_its_status_a_tag(
    store: TrackConfig, tmp_path: Path
) -> None:
    run_id = log_run(made_record(certificate=PASSED), store)
    client = MlflowClient(store.uri)
    assert client.get_run(run_id).data.tags["audit"] == "passed"
    document = json.loads(
        Path(client.download_artifacts(run_id, "audit.json", tmp_path)).read_text()
    )
    assert document["status"] == "passed"
    (check,) = document["checks"]
    assert check == CHECK.__dict__


def test_metrics_and_summary_say_the_status() -> None:
    why = Certificate(status="not certifiable: no order", reason="there is none", checks=())
    record = made_record(certificate=why)
    assert metrics_json(record, "id")["audit"] == "not certifiable: no order"
    assert "  audit not certifiable: no order (there is none)" in record.summary().splitlines()


def test_a_record_that_no_run_made_has_no_certificate() -> None:
    assert "audit" not in metrics_json(made_record(), "id")
