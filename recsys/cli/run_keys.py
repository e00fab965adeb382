"""The keys that the commands about finished runs share."""

from collections.abc import Callable, Mapping
from dataclasses import replace

from recsys.cli.words import Key, truth
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.tracking.data_sets import DataSet
from recsys.tracking.report import Report, log_standalone
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


LOG = {
    "log": Key("true keeps page, picture and tables in MLflow as well", default="false"),
    "experiment": Key("MLflow experiment for them", default=TrackConfig().experiment),
    **STORE,
}


def require_log(given: Mapping[str, str]) -> None:
    """Raises `InputError` unless `log` is true or false, before anything is computed."""
    truth("log", given["log"])


def log_if_wanted(
    given: Mapping[str, str], make: Callable[[], Report], data: Dataset | None = None
) -> None:
    """Keeps a report in MLflow with `log=true`, and says where.

    Args:
        given: name -> value of a command line with the keys of `LOG`.
        make: returns what is kept.
        data: that it is about; None for no data set.

    Raises:
        InputError: the store cannot be opened, or does not accept it.
    """
    if truth("log", given["log"]):
        track = replace(store_of(given), experiment=given["experiment"])
        report = make() if data is None else about(data, make())
        say(f"Page, picture and tables are also in MLflow: run {log_standalone(report, track)}")


def about(data: Dataset, report: Report) -> Report:
    """The report with its data set, as tags and as an input of the run."""
    return replace(
        report,
        tags={"data": data.name, "fingerprint": data.fingerprint, **report.tags},
        data_sets=[DataSet(name=data.name, fingerprint=data.fingerprint, context="training")],
    )


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
