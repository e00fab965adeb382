"""Prints the leaderboard of an experiment: who beats segments, by how much, and how surely.

python scripts/compare.py [experiment=NAME] [data=NAME] [metric=ndcg@10] [runs=ID,ID] [out=FILE.csv]
                          [track.uri=URI]
"""

import sys
from pathlib import Path

from recsys.command_line import exit_on_input_error, key_values
from recsys.experiment.compare import leaderboard, on_data, write_csv
from recsys.experiment.leaderboard_text import printed
from recsys.track.read import runs
from recsys.track.runs import TrackConfig

KEYS = ("experiment", "data", "metric", "runs", "out", "track.uri")


def main(arguments: list[str]) -> None:
    """Reads, ranks, prints."""
    given = key_values(arguments, KEYS, __doc__ or "")
    track = TrackConfig(uri=given.get("track.uri", TrackConfig.uri))
    ids = given["runs"].split(",") if "runs" in given else None
    found = runs(track, experiment=given.get("experiment"), run_ids=ids)
    found = on_data(found, given.get("data"))
    metric = given.get("metric", "ndcg@10")
    board = leaderboard(found, metric)
    print(printed(board, metric, found[0]))
    if "out" in given:
        write_csv(board, Path(given["out"]))
        print(f"All metrics: {given['out']}")


if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])
