"""The ladder from one list for all to one-to-one, as a page for people who decide about offers.

recsys ladder out=FOLDER [experiment=NAME] [data=NAME] [runs=ID,ID] [metric=ndcg@10]
              [slices=true] [allow=PACKAGE,...] [track.uri=URI]

Wants runs of popularity, of segment and of any other model on the same data. Writes ladder.html,
ladder.png and their tables, and keeps them in MLflow. The three best runs are fitted again, without
which there are no slices; slices=false leaves both out.
A run may name classes of recsys, and of the packages that you allow here.
"""

from collections.abc import Sequence

from recsys.cli.words import key_values, new_folder, truth
from recsys.errors import InputError
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.terminal import say
from recsys.reports.comparison.ranking import on_data
from recsys.reports.ladder.files import PAGE, PICTURE, ladder_files, require_room, write_ladder
from recsys.reports.ladder.ladder import ladder
from recsys.reports.ladder.words import summary
from recsys.tracking.read import runs
from recsys.tracking.report import log_report
from recsys.tracking.runs import TrackConfig
from recsys.tracking.store import default_uri

KEYS = ("out", "experiment", "data", "runs", "metric", "slices", "allow", "track.uri")


def main(words: Sequence[str]) -> None:
    """Reads, measures, writes, keeps."""
    given = key_values(words, KEYS, __doc__ or "")
    if "out" not in given:
        raise InputError("say out=FOLDER, where the page is to be written")
    out = new_folder("out", given["out"])
    require_room(out)
    with_slices = truth("slices", given.get("slices", "true"))
    allow = allowed_packages(given.get("allow", ""))
    track = TrackConfig(uri=given.get("track.uri") or default_uri())
    ids = given["runs"].split(",") if "runs" in given else None
    candidates = runs(track, experiment=given.get("experiment"), run_ids=ids)
    chosen = on_data(candidates, given.get("data"))
    made = ladder(chosen, given.get("metric", "ndcg@10"), with_slices, allow)
    files, said = ladder_files(made), summary(made)
    write_ladder(out, files)
    say(*said)
    say(f"Page: {out / PAGE}, picture: {out / PICTURE}, with their tables as CSV beside them")
    run_id = log_report("ladder", made.rungs.runs, made.rungs.metric, files, "\n\n".join(said))
    say(f"Kept in MLflow: ladder run {run_id}")
