"""Watches a log of decisions: does what is served still do what it did?

recsys monitor decisions=FOLDER data=files data.root=FOLDER outcome_days=7 out=FOLDER
recsys monitor decisions=FILE control=popularity

A log of answers (see recsys.serving.answer_log) has no outcomes: data= gives the interactions that
answer it. A log with outcomes needs no data=; it then gives segments, and the inputs whose drift is
watched. Prints the result, keeps page, picture and tables in MLflow and, with out=FOLDER, writes
them there. Ends with code 0 if all is quiet, 4 on an alarm, 2 if input is refused. Keys of data=
are those of recsys train.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from recsys.cli.run_keys import STORE, store_of
from recsys.cli.words import Key, key_values, new_folder, whole_number
from recsys.data import columns
from recsys.data.check import check_table, check_tables
from recsys.data.moments import parse_moment
from recsys.data.tables import Tables
from recsys.data.unanswered import is_unanswered, with_outcomes
from recsys.errors import InputError
from recsys.ops.keyed_hash import key_of_environment, pseudonym
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.monitor.page import PAGE, PICTURE, metrics, report_files
from recsys.reports.monitor.report import MonitorReport, monitor_report
from recsys.reports.monitor.settings import MonitorSettings
from recsys.reports.monitor.words import summary, text
from recsys.reports.off_policy.decision_log import read_table
from recsys.tracking.report import log_standalone
from recsys.tracking.store import TrackConfig

_DEFAULTS = MonitorSettings()

KEYS = {
    "decisions": Key("the log: Parquet or CSV, or a folder of Parquet parts", "PATH"),
    "data": Key("tables that the log belongs to, a file of conf/data", "NAME"),
    "data.KEY": Key("its settings, as data.root=FOLDER", "VALUE"),
    "outcome_days": Key("days after a decision in which an event answers it", default="7"),
    "customers": Key("of the log: plain, or hashed by RECSYS_PSEUDONYM_KEY", default="plain"),
    "days": Key("length of a period", default=f"{_DEFAULTS.days:g}"),
    "periods": Key("most former periods to compare with", default=str(_DEFAULTS.periods)),
    "at": Key("where the newest period ends (default: after the last decision)", "DATE"),
    "looks": Key("how often a period is looked at; 7 for every day", default="1"),
    "alpha": Key("share of periods that may alarm in vain", default=f"{_DEFAULTS.alpha:g}"),
    "segment": Key("a column of the table customers", "COLUMN"),
    "control": Key("the policy of the control group", "NAME"),
    "artifact": Key("whose offers coverage is a share of", "FOLDER"),
    "out": Key("where to write the page, the picture and the tables as well", "FOLDER"),
    "experiment": Key("MLflow experiment for the page", default=TrackConfig().experiment),
    "allow": Key("packages besides recsys whose classes data= may name", "[PACKAGE,...]"),
    "--config-dir": Key("a folder of your own YAML files, laid out as conf", "DIR"),
    **STORE,
}
ALARM = 4
"""Exit code on an alarm."""


def main(words: Sequence[str]) -> None:
    """Prints the watch and keeps it; ends with code 4 on an alarm.

    Args:
        words: key=value.

    Raises:
        InputError: a word is wrong, a table cannot be used, or the log has nothing to watch.
    """
    of_data = [word for word in words if _is_of_data(word)]
    given = key_values([word for word in words if word not in of_data], KEYS, __doc__ or "")
    out = new_folder("out", given["out"]) if "out" in given else None
    settings = _settings(given)
    at = parse_moment(given["at"], "at") if "at" in given else None
    decisions, tables = _loaded(given, of_data)
    report = monitor_report(
        _name(given, of_data), decisions, settings, tables=tables, at=at,
        catalogue=_catalogue(given),
    )  # fmt: skip
    say(*text(report))
    files = report_files(report)
    if out is not None:
        for file, content in files.items():
            write_whole(out / file, content, "out")
        say("", f"Page: {out / PAGE}; picture: {out / PICTURE}; tables: CSV files beside them")
    run_id = _logged(given, report, files)
    say("", f"Page, picture and tables are also in MLflow: run {run_id}")
    if report.alarms:
        raise SystemExit(ALARM)


def _is_of_data(word: str) -> bool:
    return word.lstrip("+~").startswith(("data=", "data.", "allow=", "--config-dir="))


def _name(given: Mapping[str, str], of_data: Sequence[str]) -> str:
    if "decisions" in given:
        path = Path(given["decisions"])
        return path.parent.name if path.stem == "decisions" and path.parent.name else path.stem
    return next(word for word in of_data if word.startswith("data=")).partition("=")[2]


def _settings(given: Mapping[str, str]) -> MonitorSettings:
    return MonitorSettings(
        days=_number(given, "days"),
        periods=whole_number("periods", given["periods"]),
        alpha=_number(given, "alpha"),
        looks=whole_number("looks", given["looks"]),
        segment=given.get("segment"),
        control=given.get("control"),
    )


def _number(given: Mapping[str, str], key: str) -> float:
    try:
        return float(given[key])
    except ValueError:
        raise InputError(f"{key}: expected a number, got '{given[key]}'") from None


def _loaded(given: Mapping[str, str], of_data: Sequence[str]) -> tuple[pd.DataFrame, Tables | None]:
    """The checked log with outcomes, and the checked tables that it belongs to."""
    if given["customers"] not in ("plain", "hashed"):
        raise InputError(f"customers: expected plain or hashed, got '{given['customers']}'")
    window = _number(given, "outcome_days")
    if not 0 <= window < 36_500:
        raise InputError(f"outcome_days: expected a number >= 0, got {given['outcome_days']}")
    log = read_table("decisions", Path(given["decisions"])) if "decisions" in given else None
    if not any(word.startswith("data=") for word in of_data):
        return _alone(log), None
    from recsys.cli.composed_source import composed_source  # Hydra, which a file does not need

    tables = composed_source(of_data).load()
    if given["customers"] == "hashed":
        tables = _hashed(tables)
    if log is not None:
        tables = replace(tables, decisions=log)
    if tables.decisions is None:
        raise InputError("decisions: the data has no such table; set decisions=LOG")
    if is_unanswered(tables):
        tables = with_outcomes(tables, pd.Timedelta(days=window))
    else:
        tables = check_tables(tables)
    assert tables.decisions is not None
    return tables.decisions, tables


def _alone(log: pd.DataFrame | None) -> pd.DataFrame:
    if log is None:
        raise InputError("say decisions=LOG, or data=NAME for a source that has such a table")
    if columns.OUTCOME not in log:
        raise InputError(
            f"decisions: column '{columns.OUTCOME}' is missing; set data=NAME to the interactions "
            "that answer the log"
        )
    return check_table("decisions", log)


def _hashed(tables: Tables) -> Tables:
    """The tables with the pseudonyms that the log has."""
    key = key_of_environment("customers=hashed")
    changed = {}
    for name in ("interactions", "customers"):
        table = getattr(tables, name)
        if table is not None and columns.CUSTOMER in table:
            ids = table[columns.CUSTOMER]
            names = {each: pseudonym(key, each) for each in ids.dropna().unique()}
            changed[name] = table.assign(**{columns.CUSTOMER: ids.map(names)})
    return replace(tables, identities=None, **changed)


def _catalogue(given: Mapping[str, str]) -> int | None:
    if "artifact" not in given:
        return None
    from recsys.serving import load

    return len(load(given["artifact"]).contents.offer_ids)


def _logged(given: Mapping[str, str], report: MonitorReport, files: Mapping[str, bytes]) -> str:
    hidden = ("track.uri", "out")
    return log_standalone(
        "monitor",
        f"monitor {report.name} {report.seen.end:%Y-%m-%d}",
        TrackConfig(uri=store_of(given).uri, experiment=given["experiment"]),
        tags={"data": report.name, "alarm": str(bool(report.alarms)).lower()},
        params={key: value for key, value in given.items() if key not in hidden},
        metrics=metrics(report),
        files=files,
        note="\n\n".join(summary(report)),
    )
