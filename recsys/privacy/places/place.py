"""What a kind of place is: how it is recognised, what it holds of a person, how it forgets."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from recsys.privacy.person import Person


@dataclass(frozen=True, kw_only=True)
class Place:
    """A kind of file or folder.

    Attributes:
        name: for lines and receipts, in the plural.
        holds: what it holds of a person, and how it forgets them, in a sentence.
        is_one: whether a path is of this kind. A folder of this kind is not looked into any
            further.
        forget: takes a path, the person, and whether to write; returns how many rows, lines, values
            or files about the person there are (or were). Nothing is written where that is 0. Done
            twice, it finds nothing the second time.
        names_nobody: whether it holds persons without their ids, so that it goes as a whole, and
            only where the person was found elsewhere.
    """

    name: str
    holds: str
    is_one: Callable[[Path], bool]
    forget: Callable[[Path, Person, bool], int]
    names_nobody: bool = False
