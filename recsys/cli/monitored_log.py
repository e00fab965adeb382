"""The log that `recsys monitor` reads, with outcomes, and the tables that it belongs to."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from recsys.cli.words import number_within
from recsys.data import columns
from recsys.data.check import check_table, check_tables
from recsys.data.source import Source
from recsys.data.tables import Tables
from recsys.data.unanswered import is_unanswered, with_outcomes
from recsys.errors import InputError
from recsys.ops.keyed_hash import key_of_environment, pseudonym
from recsys.reports.off_policy.decision_log import read_table


def monitored_log(
    given: Mapping[str, str], of_data: Sequence[str]
) -> tuple[pd.DataFrame, Tables | None, Source | None]:
    """The checked log with outcomes, the checked tables that it belongs to, and their source.

    Args:
        given: name -> value of the keys of the command.
        of_data: its words about data; without any the log stands alone.

    Raises:
        InputError: a word is wrong, or a table cannot be used.
    """
    if given["customers"] not in ("plain", "hashed"):
        raise InputError(f"customers: expected plain or hashed, got '{given['customers']}'")
    window = number_within("outcome_days", given["outcome_days"], 0.0, 36_500.0)
    log = read_table("decisions", Path(given["decisions"])) if "decisions" in given else None
    if not any(word.startswith("data=") for word in of_data):
        return _alone(log), None, None
    from recsys.cli.composed_source import composed_source  # Hydra, which a file does not need

    source = composed_source(of_data)
    tables = source.load()
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
    return tables.decisions, tables, source


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
