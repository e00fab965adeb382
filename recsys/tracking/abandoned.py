"""What killed promotions have left: concluded or deleted, so that nothing is counted twice."""

from recsys.tracking.read import TrackedRun
from recsys.tracking.registry import KIND, Version
from recsys.tracking.store import taken


def conclude(run: TrackedRun, name: str, digest: str, former: Version | None) -> bool:
    """Settles what killed promotions of an artifact left; called within `one_at_a_time`.

    One that had made it the champion already is marked as finished. Of others nothing was told to
    anybody: their runs and versions are deleted, so that the same reading is not counted twice.

    Args:
        run: of the artifact.
        name: of the registered model.
        digest: SHA-256 of the artifact's manifest.
        former: the champion.

    Returns:
        whether a killed promotion had made it the champion.
    """
    concluded = False
    with taken(f"model_name={name}"):
        for left in _left(run, name, digest):
            versions = run.client.search_model_versions(f"run_id = '{left}'")
            if former is not None and former.version in {str(one.version) for one in versions}:
                run.client.set_terminated(left, "FINISHED")
                concluded = True
                continue
            for version in versions:
                run.client.delete_model_version(version.name, version.version)
            run.client.delete_run(left)
    return concluded


def _left(run: TrackedRun, name: str, digest: str) -> list[str]:
    """Ids of promotions that did not end."""
    wanted = f"tags.kind = '{KIND}' and tags.artifact = '{digest}'"
    experiment = run.client.get_run(run.run_id).info.experiment_id
    return [
        str(one.info.run_id)
        for one in run.client.search_runs([experiment], wanted)
        if one.info.status == "RUNNING" and one.data.tags.get("registered_model") == name
    ]


def reading_tags(run: TrackedRun) -> dict[str, str]:
    """Tags of a run that fitted the settings of another again, to read test for a promotion."""
    return {"read_for": KIND, "again": run.run_id}


def read_before(run: TrackedRun) -> str | None:
    """The id of a run with `reading_tags` on the same data, so that none is fitted twice."""
    wanted = " and ".join(f"tags.{key} = '{value}'" for key, value in reading_tags(run).items())
    experiment = run.client.get_run(run.run_id).info.experiment_id
    for one in run.client.search_runs([experiment], wanted):
        is_same = one.data.tags.get("fingerprint") == run.fingerprint
        if one.info.status == "FINISHED" and is_same:
            return str(one.info.run_id)
    return None
