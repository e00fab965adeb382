"""The keys that name a table of decisions: a file, or a source of `conf/data`."""

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from recsys.cli.words import Key
from recsys.data.check import check_table
from recsys.data.source import Source
from recsys.errors import InputError
from recsys.ops.conf_folder import conf_folder
from recsys.reports.off_policy.decision_log import read_decisions

DATA = {
    "decisions": Key("the table decisions: Parquet or CSV", "FILE"),
    "data": Key("or a source that has one: simulated, open_bandit, files", "NAME"),
    "data.root": Key("its folder", "FOLDER"),
    "data.outcome_days": Key("of files: days in which events answer a log", "NUMBER"),
    "data.campaign": Key("of open_bandit", "men|women"),
    "data.policy": Key("of open_bandit", "random|bts|both"),
    "data.events": Key("of simulated", "NUMBER"),
    "data.seed": Key("of simulated", "NUMBER"),
}


def decisions_of(given: Mapping[str, str]) -> tuple[str, pd.DataFrame]:
    """What the log is called, and its checked table of decisions.

    Args:
        given: name -> value of the keys of a command line.

    Raises:
        InputError: neither or both are given, or there is no such table.
    """
    if ("decisions" in given) == ("data" in given):
        raise InputError("say decisions=FILE, or data=NAME for a source that has such a table")
    if "decisions" in given:
        path = Path(given["decisions"])
        return path.stem, read_decisions(path)
    source = _source(given)
    table = source.load().decisions
    if table is None:
        raise InputError(f"data={given['data']}: it has no table decisions; set decisions=FILE")
    return str(source.name), check_table("decisions", table)


def _source(given: Mapping[str, str]) -> Source:
    folder = conf_folder() / "data"
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if given["data"] not in known:
        raise InputError(f"data: expected one of {', '.join(known)}, got '{given['data']}'")
    from recsys.cli.composed_source import composed_source  # Hydra, which a file does not need

    return composed_source([f"{key}={given[key]}" for key in DATA if key in given])
