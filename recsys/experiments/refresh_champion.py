"""Refreshes the champion of the registry: the same model with new tables, as a new version."""

from pathlib import Path
from tempfile import TemporaryDirectory

from recsys.data.dataset import Dataset
from recsys.experiments.promote import as_of_text, register_artifact, run_of
from recsys.exporting.refresh.refresh import Refreshed, refresh
from recsys.serving import load
from recsys.tracking import registry
from recsys.tracking.champion_folder import champion_artifact
from recsys.tracking.pseudonyms import pseudonyms_of
from recsys.tracking.registry import Version
from recsys.tracking.report import log_values
from recsys.tracking.store import TrackConfig

KIND = "refresh_tables"
"""Tag `kind` of the run and of the version."""


def refresh_champion(
    track: TrackConfig,
    name: str,
    data: Dataset,
    *,
    policy: str | None = None,
    drop_missing: bool = False,
) -> tuple[Refreshed, Version]:
    """Takes new tables into the champion's artifact and makes the result the champion.

    Nothing is compared: the model is the same. A rollback leads to the version before, with its
    tables. No promotion runs meanwhile.

    Args:
        track: where the registry is.
        name: of the registered model.
        data: as for `recsys.exporting.refresh.refresh.refresh`.
        policy: as for that function.
        drop_missing: as for that function.

    Returns:
        what was changed, and the new version.

    Raises:
        InputError: there is no champion, as `refresh`, or the registry does not accept it.
    """
    with (
        registry.promotion_lock(track, name),
        champion_artifact(track, name) as (former, folder),
        TemporaryDirectory(prefix="recsys-refresh-") as drafts,
    ):
        run = run_of(former.run_id, track, f"champion {name} version {former.version}")
        pseudonyms_of(run.run_id, run.tags)  # before any work
        done = refresh(
            folder, data, Path(drafts) / folder.name, policy=policy, drop_missing=drop_missing
        )
        tags = {
            "kind": KIND, "artifact": done.digest, "champion": former.run_id, "test_read": "false",
        }  # fmt: skip
        window = {"data": data.name, "fingerprint": data.fingerprint, "split": run.split}
        about = {
            "kind": KIND,
            "why": "The same model with newer tables, without training.",
            "as_of": as_of_text(load(done.folder).contents),
        }
        with registry.promotion_run(run, name, tags, window) as run_id:
            figures = {kind.replace(" ", "_"): count for kind, count in done.changes.items()}
            log_values(run.client, run_id, {}, figures)
            version = register_artifact(done.folder, track, name, run, done.digest, run_id, about)
        return done, version
