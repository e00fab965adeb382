"""The keys that the commands about finished runs share."""

from collections.abc import Mapping

from recsys.cli.words import Key
from recsys.errors import InputError
from recsys.tracking.store import TrackConfig, default_uri

EXPERIMENT = {
    "experiment": Key("MLflow experiment with the runs", default=TrackConfig().experiment),
    "data": Key("only runs on this data set", "NAME"),
}
RUNS = {"runs": Key("only these runs: ids, or their first characters", "ID,...")}
SETTINGS = {
    "settings": Key("only runs with these settings, as MLflow has them", "KEY:VALUE,..."),
}
ALLOW = {"allow": Key("packages besides recsys whose classes a run may name", "PACKAGE,...")}
STORE = {
    "track.uri": Key("MLflow store (default: MLFLOW_TRACKING_URI, or sqlite:///mlflow.db)", "URI")
}


def store_of(given: Mapping[str, str]) -> TrackConfig:
    """The MLflow store that `track.uri` names, or the default store.

    Args:
        given: name -> value of the keys of a command line.
    """
    return TrackConfig(uri=given.get("track.uri") or default_uri())


def run_ids_of(given: Mapping[str, str]) -> list[str] | None:
    """The ids of `runs=ID,ID`; None where the key is not given.

    Args:
        given: name -> value of the keys of a command line.
    """
    return given["runs"].split(",") if "runs" in given else None


def pairs_of(key: str, given: Mapping[str, str]) -> dict[str, str]:
    """`KEY:VALUE,KEY:VALUE` as a mapping; empty where the key is not given.

    Args:
        key: "tags" or "settings".
        given: name -> value of the keys of a command line.

    Raises:
        InputError: a pair has no value.
    """
    words = given[key].split(",") if key in given else []
    for word in words:
        if not all(word.partition(":")):
            raise InputError(f"{key}: expected KEY:VALUE, got '{word}'")
    return {name: value for name, _, value in (word.partition(":") for word in words)}
