"""Compares the runs of an experiment: who beats segments, by how much, and how surely.

recsys compare [experiment=NAME] [data=NAME] [tags=KEY:VALUE,...] [runs=ID,ID]
               [metric=ndcg@10] [baseline=segment] [out=FOLDER or FILE.csv]
               [track.uri=URI]

Prints the leaderboard and keeps page and tables in MLflow. A folder takes comparison.html,
leaderboard.csv, pairwise.csv and slices.csv; a CSV file the leaderboard.
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.cli.words import key_values
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.comparison.compare import compare, require_baseline
from recsys.reports.comparison.files import PAGE, as_csv, comparison_files
from recsys.reports.comparison.leaderboard_text import printed
from recsys.reports.comparison.ranking import on_data
from recsys.reports.comparison.words import summary
from recsys.tracking.read import name_skipped, runs_and_skipped
from recsys.tracking.report import log_comparison
from recsys.tracking.runs import TrackConfig
from recsys.tracking.store import default_uri

KEYS = ("experiment", "data", "tags", "runs", "metric", "baseline", "out", "track.uri")


def main(words: Sequence[str]) -> None:
    """Reads, compares, prints, keeps."""
    given = key_values(words, KEYS, __doc__ or "")
    out = Path(given["out"]) if "out" in given else None
    if out is not None and out.suffix not in ("", ".csv"):
        raise InputError(f"out={out}: expected a folder, or a file that ends in .csv")
    track = TrackConfig(uri=given.get("track.uri") or default_uri())
    ids = given["runs"].split(",") if "runs" in given else None
    candidates, skipped = runs_and_skipped(
        track, experiment=given.get("experiment"), run_ids=ids, tags=tags(given)
    )
    if "tags" in given and not candidates:
        raise InputError(f"tags={given['tags']}: no finished run has all of them")
    candidates = on_data(candidates, given.get("data"))
    if "baseline" in given:
        require_baseline(candidates, given["baseline"])
    metric, baseline = given.get("metric", "ndcg@10"), given.get("baseline", "segment")
    compared = compare(candidates, metric, baseline, skipped)
    name_skipped(compared.skipped)
    board = printed(compared.board, compared.metric, compared.runs[0], compared.baseline)
    say(*board.split("\n"))
    files = comparison_files(compared)
    if out is not None and out.suffix == ".csv":
        write_whole(out, as_csv(compared.board), "out")
        say(f"All metrics: {out}")
    elif out is not None:
        for name, content in files.items():
            write_whole(out / name, content, "out")
        say(f"Page: {out / PAGE}, with its tables as CSV beside it")
    run_id = log_comparison(compared.runs, compared.metric, files, "\n\n".join(summary(compared)))
    say(f"Kept in MLflow with all pairs, slices and costs: comparison run {run_id}")


def tags(given: dict[str, str]) -> dict[str, str]:
    """`tags=KEY:VALUE,...` as a mapping."""
    words = given["tags"].split(",") if "tags" in given else []
    for word in words:
        if not all(word.partition(":")):
            raise InputError(f"tags: expected KEY:VALUE, got '{word}'")
    return {key: value for key, _, value in (word.partition(":") for word in words)}
