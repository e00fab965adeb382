"""Watches a log of decisions: does what is served still do what it did?

recsys monitor decisions=FOLDER data=files data.root=FOLDER outcome_days=7 out=FOLDER
recsys monitor decisions=FILE control=popularity
recsys monitor decisions=LOG data=files data.root=FOLDER policy=mine.yaml retired=without.yaml

A log of answers (see recsys.serving.answer_log) has no outcomes: data= gives the interactions that
answer it. A log with outcomes needs no data=; it then gives segments, and the inputs whose drift is
watched. With policy= it shows whether signals that `recsys signals promote=` made rules still have
their lift; retired= gets the policy without those that have not. Prints the result, keeps page,
picture and tables in MLflow and, with out=FOLDER, writes them there. Ends with code 0 if all is
quiet, 4 on an alarm, 2 if input is refused. Keys of data= are those of recsys train.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from recsys.cli.monitored_log import monitored_log
from recsys.cli.monitored_signals import promoted_signals, retire, watched_signals
from recsys.cli.run_keys import STORE, store_of
from recsys.cli.source_words import data_words, own_words
from recsys.cli.words import Key, key_values, named_file, new_folder, whole_number
from recsys.data.moments import parse_moment
from recsys.errors import InputError
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.monitor.page import PAGE, PICTURE, metrics, report_files
from recsys.reports.monitor.report import MonitorReport, monitor_report
from recsys.reports.monitor.settings import MonitorSettings
from recsys.reports.monitor.words import summary, text
from recsys.tracking.report import Report, log_standalone
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
    "policy": Key("with rules about signals, whose lift is watched", "FILE"),
    "signals": Key("a shipped file of conf/signals, or FILE.yaml", default="default"),
    "retired": Key("file of the policy without signals whose lift is gone", "FILE.yaml"),
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
    of_data = data_words(words)
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out = new_folder("out", given["out"]) if "out" in given else None
    settings, retired = _settings(given), named_file(given, "retired", (".yaml", ".yml"))
    promoted = promoted_signals(given, of_data)
    at = parse_moment(given["at"], "at") if "at" in given else None
    decisions, tables, source = monitored_log(given, of_data)
    report = monitor_report(
        _name(given, of_data), decisions, settings, tables=tables, at=at,
        catalogue=_catalogue(given), promoted=watched_signals(given, promoted, source, tables),
    )  # fmt: skip
    say(*text(report))
    files = report_files(report)
    if out is not None:
        for file, content in files.items():
            write_whole(out / file, content, "out")
        say("", f"Page: {out / PAGE}; picture: {out / PICTURE}; tables: CSV files beside them")
    if retired is not None:
        retire(given, report, retired)
    run_id = _logged(given, report, files)
    say("", f"Page, picture and tables are also in MLflow: run {run_id}")
    if report.alarms:
        raise SystemExit(ALARM)


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


def _catalogue(given: Mapping[str, str]) -> int | None:
    if "artifact" not in given:
        return None
    from recsys.serving import load

    return len(load(given["artifact"]).contents.offer_ids)


def _logged(given: Mapping[str, str], report: MonitorReport, files: Mapping[str, bytes]) -> str:
    hidden = ("track.uri", "out")
    return log_standalone(
        Report(
            kind="monitor",
            name=f"monitor {report.name} {report.seen.end:%Y-%m-%d}",
            note="\n\n".join(summary(report)),
            params={key: value for key, value in given.items() if key not in hidden},
            metrics=metrics(report),
            tags={"data": report.name, "alarm": str(bool(report.alarms)).lower()},
            files=files,
        ),
        TrackConfig(uri=store_of(given).uri, experiment=given["experiment"]),
    )
