"""`Words`: the phrases of the page in one language, read from a YAML file."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from recsys.data.yaml_file import read_yaml, shipped_names, yaml_path
from recsys.data.yaml_keys import Keys
from recsys.errors import InputError
from recsys.ops.nearest_name import nearest
from recsys.ops.shown_text import shown

FOLDER = "customer_page"
"""Of `conf`, with a file for each language that is shipped."""
ENGLISH, AUTO = "en", "auto"
_GUIDE = "docs/customer_page.md"
_KEY = "templates"
_PERCENT = "\u00a0%"
"""With a blank at which no line ends."""
_PLACE = re.compile(r"\{(\w*)\}")
_CODE = re.compile(r"[a-zA-Z]{2,8}([-_][a-zA-Z0-9]{1,8})*")


@dataclass(frozen=True, kw_only=True)
class Words:
    """The words of one language.

    Attributes:
        language: its code, as "de".
        phrases: name -> text with {places}.
        names: kind -> name of the data -> what it is called.
        date: format of a date, as of `strftime`.
        decimal: between a number and its fraction.
        thousands: between groups of digits.
    """

    language: str
    phrases: Mapping[str, str]
    names: Mapping[str, Mapping[str, str]]
    date: str
    decimal: str
    thousands: str

    def say(self, phrase: str, **values: object) -> str:
        """A phrase with its places filled. Values are text: nothing in them is a place."""
        return _PLACE.sub(lambda place: str(values[place[1]]), self.phrases[phrase])

    def name(self, kind: str, name: str) -> str:
        """What something of the data is called, which is its own name where that is not listed."""
        return self.names.get(kind, {}).get(name, name)

    def number(self, value: float, digits: int = 0) -> str:
        """A number with so many digits after the decimal."""
        marks = {",": self.thousands, ".": self.decimal}
        return "".join(marks.get(char, char) for char in f"{value:,.{digits}f}")

    def share(self, value: float) -> str:
        """A probability as a whole percentage; what is no 0 and no 100 % does not become so."""
        if 0 < value < 0.01:
            return f"< 1{_PERCENT}"
        return f"> 99{_PERCENT}" if 0.99 < value < 1 else f"{100 * value:.0f}{_PERCENT}"

    def day(self, moment: datetime | int) -> str:
        """The date of a UTC moment; a position in words."""
        if isinstance(moment, datetime):
            return moment.strftime(self.date)
        return self.say("position", position=self.number(moment))

    def days(self, number: float) -> str:
        """A number of days, rounded."""
        whole = self.number(number)
        return self.say("day") if whole == "1" else self.say("days", number=whole)

    def listed(self, texts: Sequence[str], most: int) -> str:
        """Texts with commas; of more than `most` the rest is counted."""
        rest = len(texts) - most
        if rest <= 0:
            return ", ".join(texts)
        return f"{', '.join(texts[:most])} {self.say('and')} {self.say('more', number=rest)}"


def read_words(language: str, folder: Path | None) -> tuple[Words, bool]:
    """The words of a language: of a folder, else shipped, else English.

    A file of the folder may hold some phrases only; the others are those of the shipped language.

    Args:
        language: code such as "de" or "de-AT", of which the first part counts too.
        folder: with files such as de.yaml; None for none.

    Returns:
        the words, and whether they are of the language.

    Raises:
        InputError: it is no folder, or a file has a fault; one line names its key.
    """
    if folder is not None and not folder.is_dir():
        raise InputError(f"{_KEY}={folder}: expected a folder with files such as de.yaml")
    codes = [language, re.split("[-_]", language)[0]] if _CODE.fullmatch(language) else []
    for code in codes:
        for name in (code, code.lower()):
            own = None if folder is None else folder / f"{name}.yaml"
            if own is not None and own.is_file():
                base = _shipped(name if name in shipped_names(FOLDER) else ENGLISH)
                return _read(own, name, base), True
            if name in shipped_names(FOLDER):
                return _shipped(name), True
    return _shipped(ENGLISH), False


def languages_of(folder: Path | None) -> list[str]:
    """Codes of all languages that there are words of."""
    own = [] if folder is None else [path.stem for path in folder.glob("*.yaml")]
    return sorted({*shipped_names(FOLDER), *own})


def _shipped(language: str) -> Words:
    english = _read(yaml_path(FOLDER, ENGLISH, _GUIDE), ENGLISH, None)
    if language == ENGLISH:
        return english
    return _read(yaml_path(FOLDER, language, _GUIDE), language, english)


def _read(path: Path, language: str, base: Words | None) -> Words:
    keys = Keys(f"{_KEY}.{language}", read_yaml(_KEY, path, _GUIDE), _GUIDE)
    phrases = keys.take("phrases", {})
    names = keys.take("names", {})
    words = Words(
        language=language,
        phrases={**({} if base is None else base.phrases), **_phrases(keys, phrases, base)},
        names=_merged(_names(keys, names, base), base),
        date=keys.text("date", None if base is None else base.date),
        decimal=keys.text("decimal", None if base is None else base.decimal),
        thousands=keys.text("thousands", None if base is None else base.thousands),
    )
    keys.close()
    return words


def _phrases(keys: Keys, given: Any, base: Words | None) -> dict[str, str]:
    inner = Keys(f"{keys.path}.phrases", given, keys.guide)
    made = {}
    for name in given:
        text = inner.text(name)
        known = _PLACE.findall(text) if base is None else _places_of(inner, name, base)
        for place in _PLACE.findall(text):
            if place not in known:
                there = ", ".join(f"{{{each}}}" for each in known) or "none"
                raise inner.fault(name, f"only the places {there}", f"{{{place}}}")
        made[name] = given[name]  # with the blanks around it, which join phrases
    return made


def _places_of(keys: Keys, name: str, base: Words) -> list[str]:
    if name not in base.phrases:
        raise InputError(
            f"{keys.path}.{name}: expected a phrase of the page, got an unknown one; "
            + nearest(name, base.phrases, f"conf/{FOLDER}/en.yaml lists them")
        )
    return _PLACE.findall(base.phrases[name])


def _names(keys: Keys, given: Any, base: Words | None) -> dict[str, dict[str, str]]:
    inner = Keys(f"{keys.path}.names", given, keys.guide)
    made = {}
    for kind in given:
        if base is not None and kind not in base.names:
            raise InputError(
                f"{inner.path}.{kind}: expected one of {', '.join(base.names)}, got {shown(kind)}"
            )
        texts = inner.take(kind, {})
        each = Keys(f"{inner.path}.{kind}", texts, keys.guide)
        made[kind] = {name: each.text(name) for name in texts}
    return made


def _merged(own: Mapping[str, Mapping[str, str]], base: Words | None) -> dict[str, dict[str, str]]:
    former = {} if base is None else base.names
    return {kind: {**former.get(kind, {}), **own.get(kind, {})} for kind in {**former, **own}}
