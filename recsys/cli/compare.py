"""Compares finished runs: which models beat a baseline, by how much and how certainly.

recsys compare
recsys compare data=NAME metric=recall@20 baseline=popularity out=FOLDER
recsys compare settings=data.events:20000,model.dim:64

Prints the leaderboard, and keeps a page and tables in MLflow. With out=FOLDER it also writes
comparison.html, leaderboard.csv, pairwise.csv and slices.csv there; with out=FILE.csv the
leaderboard alone.
"""

from collections.abc import Sequence
from pathlib import Path

from recsys.cli.run_keys import (
    EXPERIMENT,
    RUNS,
    SETTINGS,
    STORE,
    pairs_of,
    run_ids_of,
    store_of,
)
from recsys.cli.words import Key, key_values
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.comparison.compare import compare, require_baseline
from recsys.reports.comparison.leaderboard_text import printed
from recsys.reports.comparison.mixed_runs import with_settings
from recsys.reports.comparison.page import PAGE, comparison_files
from recsys.reports.comparison.ranking import on_data
from recsys.reports.comparison.tracked import tracked_comparison
from recsys.reports.rendering import as_csv
from recsys.tracking.read import name_skipped, runs_and_skipped
from recsys.tracking.report import log_report

KEYS = {
    **EXPERIMENT,
    "tags": Key("tags that runs must have", "KEY:VALUE,..."),
    **RUNS,
    **SETTINGS,
    "metric": Key("metric of the leaderboard", default="ndcg@10"),
    "baseline": Key("model to compare with", default="segment"),
    "out": Key("where to write the page and tables as well", "FOLDER|FILE.csv"),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Prints a leaderboard and keeps the comparison in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, or the runs cannot be compared.
    """
    given = key_values(words, KEYS, __doc__ or "")
    out = Path(given["out"]) if "out" in given else None
    if out is not None and out.suffix not in ("", ".csv"):
        raise InputError(f"out={out}: expected a folder, or a file that ends in .csv")
    track = store_of(given)
    candidates, skipped = runs_and_skipped(
        track,
        experiment=given["experiment"],
        run_ids=run_ids_of(given),
        tags=pairs_of("tags", given),
    )
    if "tags" in given and not candidates:
        raise InputError(f"tags={given['tags']}: no finished run has all of them")
    candidates = on_data(candidates, given.get("data"))
    candidates = with_settings(candidates, pairs_of("settings", given))
    # Without a run of the default baseline there is still a leaderboard.
    if any(word.startswith("baseline=") for word in words):
        require_baseline(candidates, given["baseline"])
    compared = compare(candidates, given["metric"], given["baseline"], skipped)
    name_skipped(compared.skipped)
    board = printed(compared.board, compared.metric, compared.runs[0], compared.baseline)
    say(*board.split("\n"))
    files = comparison_files(compared)
    if out is not None and out.suffix == ".csv":
        write_whole(out, as_csv(compared.board), "out")
        say(f"Leaderboard with all metrics: {out}")
    elif out is not None:
        for name, content in files.items():
            write_whole(out / name, content, "out")
        say(f"Page: {out / PAGE}; tables: CSV files beside it")
    run_id = log_report(tracked_comparison(compared, files), compared.runs)
    say(f"Page and tables are also in MLflow: comparison run {run_id}")
