"""The runs that a retraining fits, nested below its own."""

import hashlib

from recsys.tracking.read import TrackedRun, runs
from recsys.tracking.record import RunRecord
from recsys.tracking.retrainings import KIND, Retraining
from recsys.tracking.runs import log_run
from recsys.tracking.store import TrackConfig


def fitted_run(retraining: Retraining, track: TrackConfig, member: str) -> TrackedRun | None:
    """The finished run of a member, which this call or a killed one has fitted; None without one.

    Args:
        retraining: with a token.
        track: where runs are.
        member: as "champion".
    """
    experiment = retraining.client.get_run(retraining.run_id).info.experiment_id
    query = f"tags.{KIND} = '{retraining.token}' and tags.member = '{member}'"
    for run in retraining.client.search_runs([experiment], query):
        if run.info.status == "FINISHED":
            return runs(track, run_ids=[run.info.run_id])[0]
    return None


def log_member(
    retraining: Retraining, record: RunRecord, track: TrackConfig, member: str
) -> TrackedRun:
    """Logs the run of a member below the retraining; what a killed call logged half is replaced.

    Args:
        retraining: that the member belongs to.
        record: of the run.
        track: where runs are.
        member: as "champion".
    """
    tags = {KIND: retraining.token, "member": member, "mlflow.parentRunId": retraining.run_id}
    attempt = hashlib.sha256(f"{retraining.token} {member}".encode()).hexdigest()[:16]
    store = TrackConfig(
        uri=track.uri, experiment=track.experiment, tags=tags, pseudonyms=track.pseudonyms
    )
    return runs(track, run_ids=[log_run(record, store, attempt)])[0]
