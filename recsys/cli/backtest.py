"""Compares models over several windows, and shows what the age of training data costs.

recsys train -m model=popularity,segment,als split=rolling hydra.sweep.dir=FOLDER
recsys backtest
recsys backtest out=FOLDER data=NAME metric=recall@20 baseline=popularity

Needs finished runs with split=rolling, of which the first line makes three; killed, it goes on
after the last finished window when it is given again. Prints the leaderboard over windows, and
keeps page, picture and tables in MLflow; with out=FOLDER it writes them there as well.
"""

from collections.abc import Sequence

from recsys.cli.run_keys import (
    EXPERIMENT,
    RUNS,
    SETTINGS,
    STORE,
    pairs_of,
    run_ids_of,
    store_of,
)
from recsys.cli.words import Key, key_values, new_folder
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.backtest.figures import backtest
from recsys.reports.backtest.page import PAGE, PICTURE, backtest_files
from recsys.reports.backtest.runs import with_windows
from recsys.reports.backtest.tracked import tracked_backtest
from recsys.reports.backtest.words import printed, summary
from recsys.reports.comparison.compare import require_baseline
from recsys.reports.comparison.mixed_runs import with_settings
from recsys.reports.comparison.ranking import on_data
from recsys.tracking.read import name_skipped, runs_and_skipped
from recsys.tracking.report import log_report

KEYS = {
    **EXPERIMENT,
    **RUNS,
    **SETTINGS,
    "metric": Key("metric of the leaderboard", default="ndcg@10"),
    "baseline": Key("model to compare with", default="segment"),
    "out": Key("where to write page, picture and tables as well", "FOLDER"),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Prints a leaderboard over windows and keeps the page in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, no run has several windows, or the runs cannot be compared.
    """
    given = key_values(words, KEYS, __doc__ or "")
    out = new_folder("out", given["out"]) if "out" in given else None
    candidates, skipped = runs_and_skipped(
        store_of(given), experiment=given["experiment"], run_ids=run_ids_of(given)
    )
    candidates = with_settings(
        with_windows(on_data(candidates, given.get("data"))), pairs_of("settings", given)
    )
    # Without a run of the default baseline there is still a leaderboard.
    if any(word.startswith("baseline=") for word in words):
        require_baseline(candidates, given["baseline"])
    made = backtest(candidates, given["metric"], given["baseline"], skipped)
    name_skipped(made.comparison.skipped)
    files, sentences = backtest_files(made), summary(made)
    say(*printed(made).split("\n"), "", *sentences)
    if out is not None:
        for name, content in files.items():
            write_whole(out / name, content, "out")
        say(f"Page: {out / PAGE}; picture: {out / PICTURE}; tables: CSV files beside them")
    run_id = log_report(tracked_backtest(made, files, sentences), made.comparison.runs)
    say(f"Page, picture and tables are also in MLflow: backtest run {run_id}")
