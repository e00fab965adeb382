"""Exports the best run by validation, refitted on all events, as an artifact for serving.

python scripts/export.py out=FOLDER [experiment=NAME] [data=NAME] [metric=ndcg@10] [run=ID]
                         [dim=256] [index=exact|hnsw|ivfpq] [overwrite=true] [track.uri=URI]
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from recsys.command_line import exit_on_input_error, key_values, truth, whole_number
from recsys.errors import InputError
from recsys.experiment.comparison.ranking import best_run
from recsys.experiment.export import ExportConfig, export
from recsys.serve.index import index_kind
from recsys.track.read import runs
from recsys.track.runs import TrackConfig

KEYS = ("out", "experiment", "data", "metric", "run", "dim", "index", "overwrite", "track.uri")


def main(words: Sequence[str]) -> None:
    """Chooses, refits, writes."""
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the artifact is to be written")
    track = TrackConfig(uri=given.get("track.uri", TrackConfig.uri))
    ids = [given["run"]] if "run" in given else None
    found = runs(track, experiment=given.get("experiment"), run_ids=ids)
    chosen = best_run(found, given.get("metric", "ndcg@10"), given.get("data"))
    dim = whole_number("dim", given.get("dim", str(ExportConfig.dim)))
    exported = export(
        chosen,
        Path(given["out"]),
        ExportConfig(dim=dim, index=index_kind(given.get("index", "exact"))),
        overwrite=truth("overwrite", given.get("overwrite", "false")),
    )
    print(f"{chosen.model} of run {chosen.run_id}, refitted on all events, valid and test included")
    print(f"  {exported.customers:,} customers x {exported.products:,} products in {given['out']}")
    print(f"  the exported lists keep {exported.fidelity:.1%} of the exact top {ExportConfig.k}")


if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])
