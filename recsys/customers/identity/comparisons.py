"""How the columns of records are compared: by name or content, unless stated otherwise."""

from collections.abc import Mapping
from typing import Final, Literal, get_args

import pandas as pd

from recsys.data import columns
from recsys.data.mapping.words import COLUMNS, meaning
from recsys.errors import InputError

Comparison = Literal["text", "digits", "exact", "leave_out"]
"""How a column is compared, see `comparisons_of`."""

_NOT_COMPARED: Final = (columns.RECORD, columns.SOURCE, columns.CUSTOMER, columns.TIMESTAMP)
_BY_NAME: Final[Mapping[str, Comparison]] = {
    columns.GIVEN_NAME: "text", columns.SURNAME: "text", columns.STREET: "text",
    columns.CITY: "text", columns.BIRTH_DATE: "digits", columns.PHONE: "digits",
    columns.POSTCODE: "digits", columns.STREET_NUMBER: "exact", columns.EMAIL: "digits",
}  # fmt: skip
_FEW: Final = 0.02
_SHORT: Final = 3
_MOSTLY: Final = 0.9
_SIGNS: Final = r"[\s./:+-]"

_NORMALISED: Final = {
    columns.EMAIL: "nullif(regexp_replace(lower(trim({0})), '\\+[^@]*@', '@'), '')",
    columns.PHONE: "nullif(right(ltrim(regexp_replace({0}, '[^0-9]', '', 'g'), '0'), 9), '')",
}
_OTHERS: Final = "nullif(lower(trim({0})), '')"


def comparisons_of(
    records: pd.DataFrame, stated: Mapping[str, str] | None = None
) -> dict[str, Comparison]:
    """Column -> how it is compared, of all columns that say something.

    - `text`: equal; Jaro-Winkler similarity from .92; from .8; other. By name: names, street, city,
      e-mail.
    - `digits`: equal; one edit apart (Damerau-Levenshtein); two; other. By name: birth date, phone,
      postcode. Others: nine in ten cells are digits, and longer than three in the median.
    - `exact`: equal or not. By name: street number, loyalty ids and handles. Others: short numbers,
      and columns of few values (at most 2 % of their cells are distinct).
    - `leave_out`: ids of records and customers, the source, times, `consent_*`, and columns with a
      single value.

    Whatever is none of these is `text`. Synonyms of names count, as `date_of_birth`.

    Args:
        records: [n] checked.
        stated: column -> comparison, instead of the default.

    Raises:
        InputError: `stated` names an unknown column or comparison.
    """
    stated = stated or {}
    for name, comparison in stated.items():
        if name not in records:
            raise InputError(
                f"compare: no column '{name}'; the records have {', '.join(map(str, records))}"
            )
        if comparison not in get_args(Comparison):
            raise InputError(
                f"compare.{name}: expected one of {', '.join(get_args(Comparison))}, got "
                f"'{comparison}'"
            )
    made: dict[str, Comparison] = {}
    for name in map(str, records):
        comparison = stated.get(name) or _default(name, records[name])
        if comparison != "leave_out":
            made[name] = comparison  # type: ignore[assignment]
    return made


def normalised(column: str, value: str) -> str:
    """SQL of a text as it is compared: e-mails without what follows a plus, nine digits of phones.

    Args:
        column: of the records.
        value: SQL of its text.
    """
    return _NORMALISED.get(column, _OTHERS).format(value)


def _default(name: str, cells: pd.Series) -> Comparison:
    if name in _NOT_COMPARED or name.startswith(columns.CONSENT_PREFIX):
        return "leave_out"
    filled = cells.dropna().astype("str")
    distinct = filled.nunique()
    if distinct < 2:
        return "leave_out"
    usual = meaning(name, {column: COLUMNS.get(column, ()) for column in _BY_NAME})
    if usual is not None:
        return _BY_NAME[usual]
    if name.startswith((columns.LOYALTY, columns.HANDLE_PREFIX)):
        return "exact"
    if distinct <= _FEW * len(filled):
        return "exact"
    plain = filled.str.replace(_SIGNS, "", regex=True)
    if plain.str.fullmatch("[0-9]+").mean() < _MOSTLY:
        return "text"
    return "digits" if plain.str.len().median() > _SHORT else "exact"
