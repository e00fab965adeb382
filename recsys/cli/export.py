"""Writes the best run by validation, refitted on all events, as an artifact for serving.

recsys export out=FOLDER
recsys export out=FOLDER run=ID precision=float16 calibrate=true
recsys export out=FOLDER policy=market moments=outcome
"""

from collections.abc import Mapping, Sequence
from typing import Any

from recsys.cli.run_keys import ALLOW, EXPERIMENT, STORE, store_of
from recsys.cli.words import Key, key_values, new_folder, truth, whole_number
from recsys.errors import InputError
from recsys.experiments.export_run import ExportConfig, export
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.terminal import say
from recsys.reports.comparison.ranking import best_run
from recsys.serving.artifact.index import index_kind
from recsys.serving.artifact.precision import precision_of
from recsys.tracking.read import runs
from recsys.tracking.record import feature_line

KEYS = {
    "out": Key("folder for the artifact", "FOLDER"),
    **EXPERIMENT,
    "metric": Key("metric on valid that chooses the run", default="ndcg@10"),
    "run": Key("run to export, instead of the best", "ID"),
    "dim": Key("longest vectors; longer ones are factorised", default=str(ExportConfig.dim)),
    "index": Key("search index: exact, hnsw or ivfpq", default="exact"),
    "precision": Key("of the vectors: float32, float16 or int8", default=ExportConfig.precision),
    "calibrate": Key("true adds probabilities to the scores", default="false"),
    "policy": Key("policy to decide by: a shipped one such as market, or a .yaml file", "NAME"),
    "moments": Key(
        "tell the moment of a session, by past labels: context_NAME, or outcome", "NAME"
    ),
    "overwrite": Key("true replaces an artifact in that folder", default="false"),
    **ALLOW,
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Chooses a run, refits its model on all events and writes the artifact.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, no run can be exported, or the folder is not free.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the artifact is to be written")
    out = new_folder("out", given["out"])
    track = store_of(given)
    ids = [given["run"]] if "run" in given else None
    candidates = runs(track, experiment=given["experiment"], run_ids=ids)
    chosen = best_run(candidates, given["metric"], given.get("data"))
    dim = whole_number("dim", given["dim"])
    kept_as = precision_of(given["precision"])
    exported = export(
        chosen,
        out,
        ExportConfig(
            dim=dim,
            index=index_kind(given["index"]),
            precision=kept_as,
            calibrate=truth("calibrate", given["calibrate"]),
            policy=given.get("policy"),
            moments=given.get("moments"),
            allow=allowed_packages(given.get("allow", "")),
        ),
        overwrite=truth("overwrite", given["overwrite"]),
    )
    say(f"{chosen.model} of run {chosen.run_id}, refitted on all events, valid and test included")
    say(f"  {exported.customers:,} customers x {exported.products:,} products in {given['out']}")
    if exported.offers:
        say(f"  {exported.offers:,} offers")
    if kept_as != "float32":
        kept = f"{exported.rounding:.1%} of the top {ExportConfig.k} of float32"
        say(f"  stored as {kept_as}, whose lists have {kept}")
    if exported.calibration:
        rate, error = exported.calibration["rate"], exported.calibration["ece"]
        say(
            f"  probabilities: {rate:.1%} of the listed products were taken on valid; calibration "
            f"error {error:.2%} on customers that they were not fitted on"
        )
    if exported.acceptance:
        say(f"  {_acceptance_line(exported.acceptance)}")
    if exported.product_columns:
        say(f"  {feature_line('new products', exported.product_columns)}")
    if exported.no_fresh_events:
        say(f"  takes no fresh events: {exported.no_fresh_events}")
    say(
        f"  fidelity: exported lists hold {exported.fidelity:.1%} of the exact top {ExportConfig.k}"
    )


def _acceptance_line(facts: Mapping[str, Any]) -> str:
    """What the policy's acceptance odds were fitted on, and how good they are."""
    error = "not measured" if facts["ece"] is None else f"{facts['ece']:.2%}"
    held_out = f"calibration error {error} on customers that they were not fitted on"
    if facts["decisions"]:
        return (
            f"policy {facts['policy']}: acceptance odds of {facts['decisions']:,} decisions logged "
            f"in valid, {facts['rate']:.1%} accepted; {held_out}"
        )
    return (
        f"policy {facts['policy']}: {facts['logged']:,} decisions were logged in valid, too few to "
        f"fit acceptance odds; they are those of listed products to be taken, {facts['rate']:.1%}; "
        f"{held_out}"
    )
