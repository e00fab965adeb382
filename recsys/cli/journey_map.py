"""Draws the journeys of customers: stages, touchpoints, drop-offs, and the time between.

recsys journey_map data=files data.root=FOLDER page=map.html picture=map.png
recsys journey_map data=files data.root=FOLDER segment=language:de against=rest page=map.html
recsys journey_map data=files data.root=FOLDER segment="bought(0, 90) > 0" out=flows.parquet
recsys journey_map data=files data.root=FOLDER period=FROM/TO against_period=FROM/TO page=map.html

A strand is what a customer did for one purpose, see recsys purposes. A segment is COLUMN:VALUE for
a column of customers, or a condition as of recsys segments. Differences have intervals that hold
all together. Keys of data= are those of recsys train.
"""

from collections.abc import Sequence

import pandas as pd

from recsys.cli.composed_source import composed_source
from recsys.cli.customer_files import TABLES, known_before, write_page, write_table
from recsys.cli.journey_groups import groups_of
from recsys.cli.purpose_keys import PURPOSE_KEYS, column_of
from recsys.cli.run_keys import LOG, log_if_wanted, require_log
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import Key, key_values, named_file, number_within
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.journeys.purposes.model import PurposeModel
from recsys.ops.terminal import say
from recsys.ops.whole_file import write_whole
from recsys.reports.journey_map.page import PAGE, journey_page, journey_text
from recsys.reports.journey_map.picture import overview
from recsys.reports.journey_map.report import JourneyMap, figures, summary, title
from recsys.reports.journey_map.tables import flow_file, move_file
from recsys.reports.rendering import as_csv
from recsys.tracking.report import Report

_GROUPS = ("segment", "against", "period", "against_period")
KEYS = {
    **DATA_KEYS,
    "segment": Key("whose map: COLUMN:VALUE, or a condition", "SEGMENT"),
    "against": Key("segment to compare with; rest for all other customers", "SEGMENT"),
    "period": Key("when strands began", "FROM/TO"),
    "against_period": Key("period to compare with", "FROM/TO"),
    **PURPOSE_KEYS,
    "out": Key("file with a row a link between stages (.parquet or .csv)", "FILE"),
    "moves": Key("file with a row a pair of touchpoints (.parquet or .csv)", "FILE"),
    "differences": Key("file with a row a comparison (.parquet or .csv)", "FILE"),
    "page": Key("write a page", "FILE.html"),
    "picture": Key("write the picture", "FILE.png"),
    "seed": Key("of the graph's communities and of resamples", default="0"),
    **LOG,
}  # fmt: skip


def main(words: Sequence[str]) -> None:
    """Prints a journey map, writes its page, picture and tables, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the data are not usable, or a file cannot be written.
    """
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out, moves, differences = (
        named_file(given, key, TABLES) for key in ("out", "moves", "differences")
    )
    page, drawn = named_file(given, "page", (".html",)), named_file(given, "picture", (".png",))
    if differences is not None and not {"against", "against_period"} & set(given):
        raise InputError("differences: expected against= or against_period= too, got neither")
    open_from = number_within("open", given["open"], 0.0, 1.0)
    seed = int(number_within("seed", given["seed"], 0, 2**32 - 1))
    require_log(given)
    source = composed_source(data_words(words))
    report = _report(given, known_before(given, Dataset.from_source(source)), open_from, seed)
    say(*journey_text(report))
    tables = {"out": flow_file(report), "moves": move_file(report)}
    if report.differences is not None:
        tables["differences"] = report.differences
    write_table(out, lambda: tables["out"], "out", "Links")
    write_table(moves, lambda: tables["moves"], "moves", "Moves")
    write_table(differences, lambda: tables["differences"], "differences", "Differences")
    write_page(page, lambda: journey_page(report))
    if drawn is not None:
        write_whole(drawn, overview(report), "picture")
        say("", f"Picture: {drawn}")
    log_if_wanted(given, lambda: _kept(given, report, tables), report.data)


def _report(given: dict[str, str], data: Dataset, open_from: float, seed: int) -> JourneyMap:
    model = PurposeModel(column=column_of(given), seed=seed).fit(data)
    groups, notes = groups_of(given, data, model, open_from)
    return JourneyMap.of(data, groups, notes=notes, seed=seed)


def _kept(given: dict[str, str], report: JourneyMap, tables: dict[str, pd.DataFrame]) -> Report:
    return Report(
        kind="journey_map",
        name=f"journey_map {report.data.name}",
        note="\n\n".join([title(report), *summary(report)]),
        params={key: given[key] for key in (*_GROUPS, "column", "open", "seed") if key in given},
        metrics=figures(report),
        files={
            PAGE: journey_page(report).encode(),
            "journey_map.png": overview(report),
            **{f"{key}.csv": as_csv(table).encode() for key, table in tables.items()},
        },
    )
