"""What a case of the fuzzer is, and how it is judged."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import TypeAlias

SECONDS, WALL = 10.0, 300.0
"""Of processor time that a refusal may take, and of the clock on a busy machine."""


@dataclass(frozen=True, kw_only=True)
class Command:
    """A command on spoiled input.

    Attributes:
        words: the command and its words.
        about: what is spoiled, for who reads of a failure.
    """

    words: tuple[str, ...]
    about: str


Spoil: TypeAlias = Callable[[Path, Random], Command]
"""Spoils something in a folder, a copy of a world, and names the command that meets it."""


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What is wrong with how a case ended; all false where it ended as it should.

    Attributes:
        number: of the case.
        family: of its input.
        about: what was spoiled, and the words.
        said: the last lines.
        traceback, hang, outside, wrong_code: what is wrong.
        refused: whether the input was refused; some that are spoiled are still good.
    """

    number: int
    family: str
    about: str
    said: str
    traceback: bool = False
    hang: bool = False
    outside: bool = False
    wrong_code: bool = False
    refused: bool = False

    @property
    def is_bad(self) -> bool:
        """Whether anything is wrong."""
        return self.traceback or self.hang or self.outside or self.wrong_code

    def line(self) -> str:
        """The case in a line."""
        kinds = ("traceback", "hang", "outside", "wrong_code")
        faults = [kind for kind in kinds if getattr(self, kind)]
        last = " | ".join(self.said.strip().splitlines()[-3:])
        return f"{self.number} {self.family} [{', '.join(faults)}] {self.about}: {last[-600:]}"
