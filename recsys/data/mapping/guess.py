"""Which table a file is, and which column of the library each of its columns is."""

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher

from recsys.data import columns
from recsys.data.faults.header import expected_columns, required_columns
from recsys.data.kinds import UNBOUNDED_TABLES, kind_of
from recsys.data.mapping.sniff import Look
from recsys.data.mapping.words import COLUMNS, CONSENTS, TABLES, TOUCHPOINTS, meaning, normalised
from recsys.data.schema import SCHEMAS

_ALIKE = 0.82
"""Names that are less alike are different names."""

_MOST_CONTEXT_VALUES = 64
_MOST_COLUMNS = 1_000
"""Names of a file with more columns are not compared with those of the library."""


def table_of(stem: str, names: Sequence[str]) -> str | None:
    """The table that a file holds; None if no table's required columns are in it.

    Args:
        stem: the name of the file, without its ending.
        names: of its columns.
    """
    best, most = None, 0.0
    for table in SCHEMAS if len(names) <= _MOST_COLUMNS else ():
        mapped = {ours for name in names if (ours := _likeness(table, name)[0])}
        if not set(required_columns(table)) <= mapped:
            continue
        score = len(mapped) / len(expected_columns(table)) + 3 * _called(stem, table)
        if score > most:
            best, most = table, score
    return best


def columns_of(table: str, looks: Mapping[str, Look]) -> dict[str, str]:
    """Column of the file -> column of the library, for those that are recognised.

    Args:
        table: its name.
        looks: column of the file -> what its cells look like.
    """
    scored = []
    for theirs, look in looks.items():
        ours, score = _likeness(table, theirs)
        if ours and _fits(table, ours, look):
            scored.append((score, theirs, ours))
    mapped: dict[str, str] = {}
    for _, theirs, ours in sorted(scored, key=lambda entry: -entry[0]):
        if ours not in mapped.values():
            mapped[theirs] = ours
    return mapped


def other_columns(
    table: str, looks: Mapping[str, Look], mapped: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """What becomes of the other columns: context of interactions, or left out.

    Args:
        table: its name.
        looks: column of the file -> what its cells look like.
        mapped: the columns that are recognised.

    Returns:
        column of the file -> name of the library, and columns that are not read.
    """
    context, ignored = {}, []
    for theirs, look in looks.items():
        if theirs in mapped or table in UNBOUNDED_TABLES:
            continue
        if table == "interactions" and 1 < look.distinct <= _MOST_CONTEXT_VALUES:
            context[theirs] = f"{columns.CONTEXT_PREFIX}{normalised(theirs) or 'column'}"
        else:
            ignored.append(theirs)
    return context, ignored


def _called(stem: str, table: str) -> float:
    plain = normalised(stem)
    return max(float(word in plain) * len(word) / max(len(plain), 1) for word in TABLES[table])


def _likeness(table: str, theirs: str) -> tuple[str, float]:
    """The column of the table that a name is most like, and how much; "" and 0 for none."""
    plain = normalised(theirs)
    if table == "customers" and (consent := _consent(plain)):
        return consent, 1.0
    best, most = "", 0.0
    for ours in expected_columns(table):
        for word in (normalised(ours), *COLUMNS.get(ours, ())):
            likeness = 1.0 if word == plain else SequenceMatcher(None, word, plain).ratio()
            if likeness > most:
                best, most = ours, likeness
    return (best, most) if most >= _ALIKE else ("", 0.0)


def _consent(plain: str) -> str | None:
    for word in CONSENTS:
        rest = plain.removeprefix(word)
        if rest and rest != plain:
            return f"{columns.CONSENT_PREFIX}{meaning(rest, TOUCHPOINTS) or rest}"
    return None


def _fits(table: str, ours: str, look: Look) -> bool:
    """Whether the cells can be what the name says; without cells everything can."""
    kind = kind_of(table, ours)
    if not look.cells:
        return True
    if kind == "moment":
        return look.is_date
    if kind == "flag":
        return look.is_flag
    if kind == "number":
        return look.is_number
    return not look.is_date
