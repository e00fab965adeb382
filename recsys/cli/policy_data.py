"""The keys that name a table of decisions: a file, or a source of `conf/data`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from recsys.cli.conf import conf_folder
from recsys.cli.words import Key
from recsys.data.check import check_table
from recsys.errors import InputError
from recsys.experiments.config import build_part
from recsys.ops.whole_numbers import parse_whole_number
from recsys.reports.off_policy.decision_log import read_decisions

DATA = {
    "decisions": Key("the table decisions: Parquet or CSV", "FILE"),
    "data": Key("or a source that has one: simulated, open_bandit, files", "NAME"),
    "data.root": Key("its folder", "FOLDER"),
    "data.campaign": Key("of open_bandit", "men|women"),
    "data.policy": Key("of open_bandit", "random|bts|both"),
    "data.events": Key("of simulated", "NUMBER"),
    "data.seed": Key("of simulated", "NUMBER"),
}
_REQUIRED = "???"


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


def _source(given: Mapping[str, str]) -> Any:
    folder = conf_folder() / "data"
    known = sorted(path.stem for path in folder.glob("*.yaml"))
    if given["data"] not in known:
        raise InputError(f"data: expected one of {', '.join(known)}, got '{given['data']}'")
    text = (folder / f"{given['data']}.yaml").read_text(encoding="utf-8")
    values = yaml.safe_load(text)
    for key in (key for key in DATA if key.startswith("data.") and key in given):
        name = key.removeprefix("data.")
        number = parse_whole_number(given[key]) if name in ("events", "seed") else None
        values[name] = given[key] if number is None else number
    missing = [name for name, value in values.items() if value == _REQUIRED]
    if missing:
        raise InputError(f"data.{missing[0]} is not set; set data.{missing[0]}=...")
    return build_part(values, "data")
