"""Finds the records of each person: by equal keys, and by comparing records that are alike.

recsys identities records=FILE rename=rec_id:record_id out=FOLDER page=identities.html
recsys identities data=files data.root=FOLDER before=2026-01-01 out=FOLDER
recsys identities out=FOLDER explain=PERSON
recsys identities out=FOLDER undo=RECORD,RECORD

Run again with the same out=FOLDER, persons keep their ids. The file identities.parquet there is a
table identities that data=files merges customers by. Keys of data= are those of recsys train.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.cli.customer_files import write_page
from recsys.cli.identity_tables import identity_tables
from recsys.cli.run_keys import STORE, pairs_of, store_of
from recsys.cli.source_words import DATA_KEYS, data_words, own_words
from recsys.cli.words import (
    Key,
    key_values,
    named_file,
    new_folder,
    number_within,
    truth,
    whole_number,
)
from recsys.customers.identity.evaluation import IdentityErrors, evaluate_identities
from recsys.customers.identity.refusals import undo
from recsys.customers.identity.resolve import resolve
from recsys.customers.identity.rules import LinkRules
from recsys.customers.identity.store import explain, read_former, write
from recsys.data import columns
from recsys.data.moments import parse_moment
from recsys.errors import InputError
from recsys.ops.result_tables import text_table
from recsys.ops.terminal import say
from recsys.reports.identities.page import PAGE, identities_page, identities_text
from recsys.reports.identities.report import IdentityReport, figures, summary, title
from recsys.tracking.data_sets import DataSet, table_fingerprint
from recsys.tracking.report import Report, log_standalone

_RULES = LinkRules()

KEYS = {
    "records": Key("the table of records: Parquet or CSV", "FILE"),
    "identities": Key("known links beside it: Parquet or CSV", "FILE"),
    "rename": Key("columns of both: yours, and the library's name", "YOURS:OURS,..."),
    **{name: Key(key.about, key.value or "NAME") for name, key in DATA_KEYS.items()},
    "before": Key("only records and links that were known before this moment", "DATE"),
    "compare": Key("true links records that are alike, not only those with a key", default="true"),
    "columns": Key("how columns are compared", "COLUMN:text|digits|exact|leave_out,..."),
    "min_weight": Key("bits from which records are linked", default=f"{_RULES.min_weight:g}"),
    "most_records": Key("records that may share a key", default=str(_RULES.most_records)),
    "largest": Key("records that a person may have", default=str(_RULES.largest)),
    "min_confidence": Key("of known links", default=f"{_RULES.min_confidence:g}"),
    "contradictions": Key(
        "false links households though names or birth dates differ", default="true"
    ),
    "seed": Key("of the sample that chance is estimated from", default="0"),
    "truth": Key("a column with the true person, which is not compared", "COLUMN"),
    "out": Key("where tables and ids are kept from run to run", "FOLDER"),
    "explain": Key("say why the records of this person in out= are one", "ID"),
    "undo": Key("take records in out= out of their person, for good", "RECORD,..."),
    "page": Key("write a page as well", "FILE.html"),
    "log": Key("true keeps page and figures in MLflow", default="false"),
    **STORE,
}


def main(words: Sequence[str]) -> None:
    """Prints persons and what joins them, writes tables and a page, and keeps them in MLflow.

    Args:
        words: key=value.

    Raises:
        InputError: a word or the records are not usable, or a file cannot be written.
    """
    of_data = data_words(words)
    given = key_values(own_words(words), KEYS, __doc__ or "")
    out = new_folder("out", given["out"]) if "out" in given else None
    if "explain" in given or "undo" in given:
        _about_a_person(given, out)
        return
    rules, kept = _rules(given), truth("log", given["log"])
    compare = truth("compare", given["compare"])
    page = named_file(given, "page", (".html",))
    before = parse_moment(given["before"], "before") if "before" in given else None
    seed = int(number_within("seed", given["seed"], 0, 2**31))
    name, records, identities = identity_tables(given, of_data)
    actual = records.pop(given["truth"]) if _has_truth(given, records) else None
    former = read_former(out)
    made = resolve(
        records,
        identities,
        rules=rules,
        compare=compare,
        comparisons=pairs_of("columns", given),
        former=former.persons,
        retired=set()
        if former is None or former.changes is None
        else set(former.changes.former_id),
        refused=former.refused,
        before=before,
        seed=seed,
    )
    errors = None if actual is None else _errors(made.cluster, actual, made.records, records)
    report = IdentityReport(data=name, resolution=made, errors=errors)
    say(*identities_text(report))
    if out is not None:
        write(made, out, former)
        say("", f"Persons, links and identities: {out}")
    write_page(page, lambda: identities_page(report))
    if kept:
        say("", f"MLflow: identities run {_log(report, given)}")


def _about_a_person(given: Mapping[str, str], out: Path | None) -> None:
    if out is None:
        raise InputError("explain and undo: set out=FOLDER, where persons are kept")
    if "undo" in given:
        number = undo(out, given["undo"].split(","))
        say(f"{number:,} pairs of records are now refused; run recsys identities again")
    else:
        links = explain(out, given["explain"])
        rows = [[*map(str, row[:3]), f"{row[3]:.1f}", row[4]] for row in links.to_numpy().tolist()]
        say(*text_table("Links", ["record", "record", "kind", "bits", "why"], rows).split("\n"))


def _rules(given: Mapping[str, str]) -> LinkRules:
    return LinkRules(
        most_records=whole_number("most_records", given["most_records"]),
        largest=whole_number("largest", given["largest"]),
        min_weight=number_within("min_weight", given["min_weight"], -100, 1000),
        min_confidence=number_within("min_confidence", given["min_confidence"], 0, 1),
        contradictions=truth("contradictions", given["contradictions"]),
    )


def _has_truth(given: Mapping[str, str], records: pd.DataFrame) -> bool:
    if "truth" in given and given["truth"] not in records:
        raise InputError(
            f"truth={given['truth']}: the records have no such column; they have "
            f"{', '.join(map(str, records))}"
        )
    return "truth" in given


def _errors(
    cluster: IntArray, actual: pd.Series, used: pd.DataFrame, records: pd.DataFrame
) -> IdentityErrors:
    of_used = records[columns.RECORD].isin(used[columns.RECORD]).to_numpy(bool)
    codes, _ = pd.factorize(actual[of_used])
    if (codes < 0).any():
        raise InputError("truth: expected a person for every record, got empty cells")
    consents = [name for name in used if str(name).startswith(columns.CONSENT_PREFIX)]
    refuses = None
    if consents:
        said = used[consents].apply(lambda column: column.str.lower().isin(("false", "0", "no")))
        refuses = said.to_numpy(bool).any(axis=1)
    return evaluate_identities(cluster, np.asarray(codes), refuses)


def _log(report: IdentityReport, given: Mapping[str, str]) -> str:
    names = ("min_weight", "most_records", "largest", "compare", "seed", "contradictions")
    fingerprint = table_fingerprint(report.resolution.records)
    return log_standalone(
        Report(
            kind="identities",
            name=f"identities {report.data}",
            note=f"{title(report)}\n\n{summary(report)}",
            params={name: given[name] for name in names},
            metrics=figures(report),
            tags={"data": report.data, "fingerprint": fingerprint},
            data_sets=[DataSet(name=report.data, fingerprint=fingerprint, context="training")],
            files={PAGE: identities_page(report).encode()},
        ),
        store_of(given),
    )
