"""A person who is to be forgotten: their ids, and all spellings of these that files may hold."""

import os
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property

from recsys.errors import InputError
from recsys.ops.keyed_hash import SHORTEST, VARIABLE, digest, pseudonym
from recsys.ops.whole_numbers import parse_whole_number

ID_COLUMNS = frozenset(
    {
        "customer_id", "customer", "similar_id", "id_a", "id_b", "record_id", "record_a",
        "record_b", "record", "person_id", "person", "former_id",
    }
)  # fmt: skip
"""Names of columns, and of keys in JSON, whose values are ids of customers or of their records."""

_DISTINCTIVE = 6
_BEFORE_ID = r"(?:customer|customer_id|person|record)s?[\"']?\s{0,2}[=:]?\s{0,2}[\"']?"


@dataclass(frozen=True)
class Person:
    """Ids of one or several persons.

    Attributes:
        ids: as the tables have them, as text; a number is the text of its digits.
        keys: of keyed hashes under which the ids may be kept.
        columns: further names of columns with ids of customers, in lower case.
        salt: random, of this request; kept nowhere once it is done.
    """

    ids: frozenset[str]
    keys: tuple[bytes, ...] = ()
    columns: frozenset[str] = frozenset()
    salt: str = ""

    @cached_property
    def spellings(self) -> frozenset[str]:
        """The ids, and their pseudonyms under each key."""
        hashed = {pseudonym(key, each) for key in self.keys for each in self.ids}
        return self.ids | hashed

    @cached_property
    def distinctive(self) -> frozenset[str]:
        """Spellings that mean the person wherever they stand; others may be a product or a word."""
        return frozenset(text for text in self.spellings if is_distinctive(text))

    def is_of_person(self, value: object, column: str) -> bool:
        """Whether a cell means the person.

        Args:
            value: of the cell.
            column: its name; "" where it has none.
        """
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        text = str(value)
        if text not in self.spellings:
            return False
        return text in self.distinctive or self.has_ids(column)

    def has_ids(self, column: str) -> bool:
        """Whether a column of this name holds ids of customers."""
        return column.lower() in ID_COLUMNS | self.columns

    def stand_in(self, spelling: str) -> str:
        """What a row that has to stay has in place of an id: the same in all files of a request.

        Nobody can compute it again, because the salt is lost with the end of the request. A number
        stands in for a number, below zero.
        """
        hashed = digest(self.salt.encode(), spelling.encode("utf-8", "surrogatepass"))
        is_number = parse_whole_number(spelling) is not None
        return str(-1 - int(hashed[:13], 16)) if is_number else f"forgotten-{hashed}"

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """Finds the person in running text: distinctive spellings, others after "customer"."""
        parts = [rf"(?<![\w-]){_escaped(text)}(?![\w-])" for text in sorted(self.distinctive)]
        others = sorted(self.spellings - self.distinctive)
        if others:
            listed = "|".join(map(_escaped, others))
            parts.append(rf"(?<=[\s\"'(]){_BEFORE_ID}(?:{listed})(?![\w-])")
            parts.append(rf"^{_BEFORE_ID}(?:{listed})(?![\w-])")
        return re.compile("|".join(parts), re.IGNORECASE if others else 0)


def _escaped(text: str) -> str:
    """A pattern of the text, also as Markdown writes it, with a backslash before signs."""
    return "".join(sign if sign.isalnum() else rf"\\?{re.escape(sign)}" for sign in text)


def is_distinctive(text: str) -> bool:
    """Whether an id can hardly be anything else than an id of a customer.

    >>> [is_distinctive(text) for text in ("C0000949", "ann", "1234567", "ann@x.org")]
    [True, False, False, True]
    """
    if parse_whole_number(text) is not None:
        return False
    return "@" in text or (len(text) >= _DISTINCTIVE and any(c.isdigit() for c in text))


def checked_ids(text: str) -> frozenset[str]:
    """The ids in `ID,ID`, as text.

    Raises:
        InputError: one of them is empty.
    """
    ids = [each.strip() for each in text.split(",")]
    if not all(ids):
        raise InputError(f"customer={text}: expected ID or ID,ID, got an empty one")
    return frozenset(ids)


def keys_of_environment(variables: Iterable[str]) -> tuple[bytes, ...]:
    """The keys in `RECSYS_PSEUDONYM_KEY`, if it is set, and in other variables.

    Args:
        variables: names that have to be set.

    Raises:
        InputError: one is not set, or too short.
    """
    keys: list[bytes] = []
    names: Sequence[str] = [*variables]
    for name in (*names, VARIABLE):
        key = os.environ.get(name, "")
        if len(key) >= SHORTEST:
            keys.append(os.fsencode(key))
        elif name in names or key:
            raise InputError(
                f"expected a key of at least {SHORTEST} characters in the environment variable "
                f"{name}, got {'one of ' + str(len(key)) if key else 'none'}"
            )
    return tuple(dict.fromkeys(keys))
