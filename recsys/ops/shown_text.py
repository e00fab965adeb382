"""Text of the data as people read it: in a message, a terminal, a spreadsheet, a page, a picture.

Names of products, customers, categories, touchpoints, columns, runs and data sets come from others,
and programs that show them take some characters as commands: a terminal its escape sequences, a
spreadsheet a cell that begins with "=", Markdown and HTML their markup, matplotlib its "$". Each
`for_` function makes a text harmless in one of them and leaves plain text as it is. `shown` and
`shortened` limit the length of values and texts.

What machines read back (ids in tables of offers, JSON, stores) is never changed: these functions
are only for output that people read. HTML is escaped where it is made, in
`recsys.reports.rendering`.
"""

import re
import reprlib
import unicodedata
from datetime import date
from itertools import islice
from typing import Any

import numpy as np

LONGEST_VALUE = 80
"""Characters of a value that a message repeats."""

_WRITTEN_BITS = 256
"""Python refuses to write whole numbers of over 4,300 digits, and nobody reads half as many."""

_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Controls, formatting (bidirectional overrides among it), halves of surrogate pairs, line ends."""

_WRITTEN = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2")
"""The exceptions, which Persian, Indic and Arabic spelling needs: joiners and number signs."""

_NAMED = {"\n": r"\n", "\r": r"\r", "\t": r"\t"}

_NUMBER = re.compile(r"[+-]?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
# Full-width forms are formulas in East Asian spreadsheets. Where the list separator is ";", a
# spreadsheet starts a new cell behind it although it stands between quotes, and drops quotes there.
_FORMULA = re.compile(r"(^|;)([\s\"]*)(?=[=+\-@\uff1d\uff0b\uff0d\uff20])")

_SPECIAL = re.compile(r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])")
_BLOCK = re.compile(r"^(\s*)([#>=+-])")
_LISTED = re.compile(r"^(\s*\d+)([.)])")
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;"}
# Renderers make links of what looks like an address.
_ADDRESS = (
    (re.compile(r":(?=//)"), "&#58;"),
    (re.compile(r"(?<=www)\.", re.IGNORECASE), "&#46;"),
    (re.compile(r"@(?=[\w-]+\.)"), "&#64;"),
)


def for_terminal(text: str) -> str:
    r"""One line without invisible characters: those stand as escapes, line ends among them.

    >>> for_terminal("Loan\x1b[2K\u202e")
    'Loan\\x1b[2K\\u202e'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escaped(char) if _is_invisible(char) else char for char in text)


def shortened(text: str, length: int) -> str:
    """At most `length` characters: of a longer text the middle is left out.

    >>> shortened("0123456789", 7)
    '012…789'
    """
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


def shown(value: Any) -> str:
    """A value as an error message repeats it: one line, the middle left out where it is long.

    Texts are quoted, dates and times are written in ISO format, NumPy scalars as Python's numbers,
    and of nested values the outer levels are shown.

    >>> shown("C7"), shown(np.float64(2.5))
    ("'C7'", '2.5')
    >>> shown([1, 2, 3, 4, 5])
    '[1, 2, 3, 4, …]'
    >>> shown("7" * 10_000)[-24:]
    "777' (10,000 characters)"
    """
    plain = value.item() if isinstance(value, np.generic) else value
    if isinstance(plain, str):
        cut = shortened(plain, LONGEST_VALUE)
        return repr(cut) if cut == plain else f"{cut!r} ({len(plain):,} characters)"
    if isinstance(plain, date):
        return str(plain)
    return " ".join(_SHORT.repr(plain).split())


class _Short(reprlib.Repr):
    def repr_dict(self, x: dict[Any, Any], level: int) -> str:
        if level <= 0:
            return f"{{{self.fillvalue}}}"
        # In the given order, which reprlib would change.
        pairs = [
            f"{self.repr1(key, level - 1)}: {self.repr1(value, level - 1)}"
            for key, value in islice(x.items(), self.maxdict)
        ]
        more = [self.fillvalue] if len(x) > self.maxdict else []
        return f"{{{', '.join([*pairs, *more])}}}"

    def repr_int(self, x: int, level: int) -> str:
        if x.bit_length() <= _WRITTEN_BITS:
            return repr(x)
        return f"a whole number of about {int(x.bit_length() * 0.30103) + 1:,} digits"


_SHORT = _Short()
_SHORT.maxstring = _SHORT.maxother = LONGEST_VALUE
_SHORT.maxlevel, _SHORT.maxlist, _SHORT.maxdict, _SHORT.maxtuple = 3, 4, 4, 4
_SHORT.fillvalue = "…"


def for_csv(text: str) -> str:
    """A cell that a spreadsheet shows and does not compute; numbers stay numbers.

    >>> for_csv("=1+1"), for_csv("-0.5"), for_csv("Loan")
    ("'=1+1", '-0.5', 'Loan')
    """
    if _NUMBER.fullmatch(text):
        return text
    return _FORMULA.sub(r"\1\2'", for_terminal(text))


def for_markdown(text: str) -> str:
    r"""Text of a paragraph, a list or a table: no HTML, image, link or other markup is left.

    >>> for_markdown("![x](http://a.b) <b>call_center</b>")
    '!\\[x\\](http&#58;//a.b) &lt;b&gt;call_center&lt;/b&gt;'
    """
    escaped = _SPECIAL.sub(r"\\\g<0>", for_terminal(text))
    escaped = "".join(_ENTITIES.get(char, char) for char in escaped)
    for address, replacement in _ADDRESS:
        escaped = address.sub(replacement, escaped)
    return _LISTED.sub(r"\1\\\2", _BLOCK.sub(r"\1\\\2", escaped))


def fenced(text: str) -> str:
    """Lines as a block of code in Markdown, whose fence none of them can close."""
    lines = [for_terminal(line) for line in text.split("\n")]
    longest = max((len(run) for line in lines for run in re.findall("`+", line)), default=0)
    fence = "`" * max(3, longest + 1)
    return "\n".join([fence, *lines, fence])


def for_picture(text: str, length: int = 60) -> str:
    r"""A label of matplotlib: one line, no formula, no longer than a picture has room for.

    >>> for_picture("$x$ and _y")
    '\\$x\\$ and _y'
    """
    # A label that begins with "_" is left out of legends.
    label = shortened(for_terminal(text), length)
    return (f" {label}" if label.startswith("_") else label).replace("$", r"\$")


def _is_invisible(char: str) -> bool:
    return unicodedata.category(char) in _INVISIBLE and char not in _WRITTEN


def _escaped(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    code = ord(char)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
