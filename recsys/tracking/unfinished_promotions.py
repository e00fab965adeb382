"""Finishes or deletes what killed promotions left, so that no comparison counts twice."""

from recsys.tracking.client import store_errors
from recsys.tracking.read import TrackedRun
from recsys.tracking.registry import KIND, Version


def conclude(run: TrackedRun, name: str, digest: str, former: Version | None) -> bool:
    """Finishes or deletes killed promotions of an artifact; call it within `promotion_lock`.

    A promotion that had registered the champion is marked as finished. The result of others was
    shown to nobody: their runs and versions are deleted, so that the comparison counts once.

    Args:
        run: of the artifact.
        name: of the registered model.
        digest: SHA-256 of the artifact's manifest.
        former: the champion.

    Returns:
        whether a killed promotion had made the artifact the champion.
    """
    concluded = False
    with store_errors(f"model_name={name}"):
        for promotion_id in _unfinished(run, name, digest):
            versions = run.client.search_model_versions(f"run_id = '{promotion_id}'")
            numbers = {str(version.version) for version in versions}
            if former is not None and former.version in numbers:
                run.client.set_terminated(promotion_id, "FINISHED")
                concluded = True
                continue
            for version in versions:
                run.client.delete_model_version(version.name, version.version)
            run.client.delete_run(promotion_id)
    return concluded


def _unfinished(run: TrackedRun, name: str, digest: str) -> list[str]:
    """Run ids of promotions that were killed."""
    query = f"tags.kind = '{KIND}' and tags.artifact = '{digest}'"
    experiment = run.client.get_run(run.run_id).info.experiment_id
    return [
        str(promotion.info.run_id)
        for promotion in run.client.search_runs([experiment], query)
        if promotion.info.status == "RUNNING"
        and promotion.data.tags.get("registered_model") == name
    ]


def reading_tags(run: TrackedRun) -> dict[str, str]:
    """Tags of a run that fits the settings of another again, to read test for a promotion."""
    return {"read_for": KIND, "again": run.run_id}


def earlier_reading(run: TrackedRun) -> str | None:
    """The id of a finished run with `reading_tags` on the same data; None where there is none."""
    query = " and ".join(f"tags.{key} = '{value}'" for key, value in reading_tags(run).items())
    experiment = run.client.get_run(run.run_id).info.experiment_id
    for reading in run.client.search_runs([experiment], query):
        is_same = reading.data.tags.get("fingerprint") == run.fingerprint
        if reading.info.status == "FINISHED" and is_same:
            return str(reading.info.run_id)
    return None
