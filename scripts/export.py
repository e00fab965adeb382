"""Exports the best run of an experiment: python scripts/export.py experiment=recsys out=FOLDER."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from recsys.experiment.compare import best_run
from recsys.experiment.config import settings_from
from recsys.experiment.export import ExportConfig, export
from recsys.experiment.launch import launch
from recsys.track.read import runs
from recsys.track.runs import TrackConfig


def main(config: DictConfig) -> None:
    """Chooses, refits, writes."""
    track = TrackConfig(uri=config.track.uri, experiment=config.track.experiment)
    ids = None if config.run is None else [config.run]
    chosen = best_run(runs(track, run_ids=ids), config.metric, data=config.data)
    found = chosen.config
    found["model"].update(chosen.metrics_json["chosen"])
    exported = export(
        settings_from(OmegaConf.create(found)),
        chosen.metrics_json,
        chosen.run_id,
        Path(config.out),
        ExportConfig(dim=config.dim, fidelity_customers=config.fidelity_customers, k=config.k),
        config.overwrite,
    )
    print(
        f"{exported.model} of run {chosen.run_id}, refitted on all events, valid and test included"
    )
    print(
        f"  {exported.rows:,} customers in {exported.folder}; the exported lists keep "
        f"{exported.fidelity:.1%} of the exact top {config.k}"
    )


if __name__ == "__main__":
    launch(main, Path(__file__).parents[1] / "conf", "export")
