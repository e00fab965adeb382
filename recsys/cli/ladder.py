"""Shows the steps from one list for all to one-to-one offers, for people who decide about offers.

recsys ladder out=FOLDER
recsys ladder out=FOLDER data=NAME metric=recall@20 slices=false policy=NAME

Needs finished runs of popularity, of segment and of any other model on the same data. Writes
ladder.html, ladder.png and their tables, and keeps them in MLflow. For the slices the three best
runs are fitted again; slices=false leaves this out. With policy=NAME (market, or FILE.yaml) the
lists are also shown under its rules, and what each rule costs.
"""

from collections.abc import Sequence

from recsys.cli.run_keys import (
    ALLOW,
    EXPERIMENT,
    RUNS,
    SETTINGS,
    STORE,
    pairs_of,
    run_ids_of,
    store_of,
)
from recsys.cli.words import Key, key_values, new_folder, truth
from recsys.errors import InputError
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.terminal import say
from recsys.policy.rules.read import read_policy
from recsys.reports.comparison.mixed_runs import with_settings
from recsys.reports.comparison.ranking import on_data
from recsys.reports.ladder.files import PICTURE, ladder_files, require_room, write_ladder
from recsys.reports.ladder.ladder import ladder
from recsys.reports.ladder.page import PAGE
from recsys.reports.ladder.tracked import tracked_ladder
from recsys.reports.ladder.words import summary
from recsys.tracking.read import runs
from recsys.tracking.report import log_report

KEYS = {
    "out": Key("folder for the page, the picture and the tables", "FOLDER"),
    **EXPERIMENT,
    **RUNS,
    **SETTINGS,
    "metric": Key("metric that chooses the runs; its @k is the length of lists", default="ndcg@10"),
    "slices": Key("false leaves out who gains", default="true"),
    "policy": Key("a policy, or its FILE.yaml, whose rules are applied and costed", "NAME"),
    **ALLOW,
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Writes the page of a ladder and keeps it in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, a rung has no run, or the folder cannot be written.
    """
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the page is to be written")
    out = new_folder("out", given["out"])
    require_room(out)
    with_slices = truth("slices", given["slices"])
    allow = allowed_packages(given.get("allow", ""))
    policy = read_policy(given["policy"]) if "policy" in given else None
    track = store_of(given)
    candidates = runs(track, experiment=given["experiment"], run_ids=run_ids_of(given))
    chosen = on_data(candidates, given.get("data"))
    chosen = with_settings(chosen, pairs_of("settings", given))
    made = ladder(chosen, given["metric"], with_slices, allow, policy)
    files, sentences = ladder_files(made), summary(made)
    write_ladder(out, files)
    say(*sentences)
    say(f"Page: {out / PAGE}; picture: {out / PICTURE}; tables: CSV files beside them")
    report = tracked_ladder(made, files, sentences, given.get("policy"))
    run_id = log_report(report, made.rungs.runs)
    say(f"Page, picture and tables are also in MLflow: ladder run {run_id}")
