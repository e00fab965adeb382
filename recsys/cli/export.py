"""Exports the best run by validation, refitted on all events, as an artifact for serving.

recsys export out=FOLDER [experiment=NAME] [data=NAME] [metric=ndcg@10] [run=ID]
              [dim=256] [index=exact|hnsw|ivfpq] [precision=float32|float16|int8]
              [calibrate=true] [overwrite=true] [allow=PACKAGE,...] [track.uri=URI]

A run may name classes of recsys, and of the packages that you allow here.
"""

from collections.abc import Sequence

from recsys.cli.words import key_values, new_folder, truth, whole_number
from recsys.errors import InputError
from recsys.experiments.export_run import ExportConfig, export
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.terminal import say
from recsys.reports.comparison.ranking import best_run
from recsys.serving.artifact.index import index_kind
from recsys.serving.artifact.precision import precision_of
from recsys.tracking.read import runs
from recsys.tracking.record import feature_line
from recsys.tracking.runs import TrackConfig
from recsys.tracking.store import default_uri

KEYS = (
    "out", "experiment", "data", "metric", "run", "dim", "index", "precision", "calibrate",
    "overwrite", "allow", "track.uri",
)  # fmt: skip


def main(words: Sequence[str]) -> None:
    """TunesItself, refits, writes."""
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the artifact is to be written")
    out = new_folder("out", given["out"])
    track = TrackConfig(uri=given.get("track.uri") or default_uri())
    ids = [given["run"]] if "run" in given else None
    candidates = runs(track, experiment=given.get("experiment"), run_ids=ids)
    chosen = best_run(candidates, given.get("metric", "ndcg@10"), given.get("data"))
    dim = whole_number("dim", given.get("dim", str(ExportConfig.dim)))
    kept_as = precision_of(given.get("precision", ExportConfig.precision))
    exported = export(
        chosen,
        out,
        ExportConfig(
            dim=dim,
            index=index_kind(given.get("index", "exact")),
            precision=kept_as,
            calibrate=truth("calibrate", given.get("calibrate", "false")),
            allow=allowed_packages(given.get("allow", "")),
        ),
        overwrite=truth("overwrite", given.get("overwrite", "false")),
    )
    say(f"{chosen.model} of run {chosen.run_id}, refitted on all events, valid and test included")
    say(f"  {exported.customers:,} customers x {exported.products:,} products in {given['out']}")
    if exported.offers:
        say(f"  {exported.offers:,} offers of the firm's")
    if kept_as != "float32":
        kept = f"{exported.rounding:.1%} of the top {ExportConfig.k} of float32"
        say(f"  kept as {kept_as}, whose lists have {kept}")
    if exported.calibration:
        rate, error = exported.calibration["rate"], exported.calibration["ece"]
        say(
            f"  of products listed {rate:.1%} came true on valid; probabilities are off by "
            f"{error:.2%} on customers they were not fitted on"
        )
    if exported.product_columns:
        say(f"  {feature_line('new products', exported.product_columns)}")
    say(f"  the exported lists keep {exported.fidelity:.1%} of the exact top {ExportConfig.k}")
