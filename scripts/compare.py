"""Prints the leaderboard of an experiment: who beats segments, by how much, and how surely.

python scripts/compare.py [experiment=NAME] [data=NAME] [metric=ndcg@10] [runs=ID,ID] [out=FILE.csv]
                          [track.uri=URI]
"""

import sys
from difflib import get_close_matches
from pathlib import Path

from recsys.errors import InputError, exit_on_input_error
from recsys.experiment.compare import leaderboard, on_data, write_csv
from recsys.experiment.leaderboard_text import printed
from recsys.track.read import runs
from recsys.track.runs import TrackConfig

KEYS = ("experiment", "data", "metric", "runs", "out", "track.uri")


def main(arguments: list[str]) -> None:
    """Reads, ranks, prints."""
    given = parse(arguments)
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


def parse(arguments: list[str]) -> dict[str, str]:
    """Key -> value of arguments of the form key=value."""
    given = {}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or not value:
            raise InputError(f"expected key=value, got {argument!r}; keys are {', '.join(KEYS)}")
        if key not in KEYS:
            near = get_close_matches(key, KEYS, 1)
            hint = f"did you mean {near[0]}?" if near else f"keys are {', '.join(KEYS)}"
            raise InputError(f"{key} is not known; {hint}")
        given[key] = value
    return given


if __name__ == "__main__":
    with exit_on_input_error():
        main(sys.argv[1:])
