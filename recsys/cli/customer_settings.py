"""What `recsys customer` makes a page of: libraries, artifact or model, and which parts must be."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from recsys.cli.composed_source import composed_model
from recsys.cli.policy_artifact import artifact_of
from recsys.cli.purpose_keys import column_of
from recsys.cli.source_words import is_of_model, model_words
from recsys.cli.words import Keys, number_within, whole_number
from recsys.customers.segments.library import read_segments
from recsys.customers.signals.library import read_signals
from recsys.data import columns
from recsys.data.check import check_table
from recsys.data.dataset import Dataset
from recsys.data.source import Source, load_tables
from recsys.errors import InputError
from recsys.exporting.in_memory import in_memory
from recsys.reports.customer.card import CardSettings
from recsys.reports.customer.identities import require_folder
from recsys.reports.customer.offers import Ranker

_PARTS = {
    "model": "offers", "artifact": "offers", "identities": "identities", "column": "strands",
    "segments": "segments", "signals": "signals", "days": "value", "leaving": "leaving",
    "label": "moment",
}  # fmt: skip
"""Key -> the part of the page that it asks for: a fault of the data for it is then refused."""


def require_sense(given: Mapping[str, str], composed: Sequence[str]) -> None:
    """Raises `InputError` where no customer is named, or keys contradict each other."""
    if "id" not in given:
        raise InputError("say id=ID, the customer whose page is made")
    of_model = [word for word in composed if is_of_model(word)]
    if "artifact" in given and of_model:
        raise InputError(f"{of_model[0]} has no effect on an artifact, which is fitted; drop it")
    if "policy" in given and "artifact" not in given:
        raise InputError("policy= is for an artifact that has one; say artifact=FOLDER too")


def card_settings(
    given: Mapping[str, str], composed: Sequence[str], source: Source, keys: Keys
) -> CardSettings:
    """Reads the libraries and the artifact, before the data are.

    Args:
        given: name -> value of the command line.
        composed: its words about data and model.
        source: of the data.
        keys: of the command, with their defaults.

    Raises:
        InputError: a file cannot be used, or a number is out of its range.
    """
    typed = {word.lstrip("+~").partition("=")[0].partition(".")[0] for word in composed}
    typed |= {key for key, value in given.items() if value != keys[key].default}
    folder = require_folder(Path(given["identities"])) if "identities" in given else None
    return CardSettings(
        segments=read_segments(given["segments"]),
        signals=read_signals(given["signals"]),
        column=column_of(given),
        value_days=int(number_within("days", given["days"], 1, 36_500)),
        leaving_days=whole_number("leaving", given["leaving"]),
        label=given["label"],
        k=whole_number("k", given["k"]),
        identities=folder,
        records=None if folder is None else _records(source),
        rank=_ranker(given, composed),
        wanted={part for key, part in _PARTS.items() if key in typed},
    )


def _records(source: Source) -> pd.DataFrame | None:
    """The table of records, where it says whose they are: a data set does not hold it."""
    records = load_tables(source).records
    if records is None or columns.CUSTOMER not in records:
        return None
    return check_table("records", records)


def _ranker(given: Mapping[str, str], composed: Sequence[str]) -> Callable[[Dataset], Ranker]:
    """What ranks offers, made of the data before the cut-off; an artifact is read at once."""
    if "artifact" in given:
        artifact = artifact_of(given)
        return lambda data: artifact
    model = composed_model(model_words(composed))
    return lambda data: in_memory(model.fit(data))
