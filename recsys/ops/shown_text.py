"""Text of the data as people read it: in a terminal, a spreadsheet, a rendered page, a picture.

Names of products, customers, categories, touchpoints, columns, runs and data sets come from others,
and what shows them takes some characters for orders: a terminal its escape sequences, a spreadsheet
a cell that begins with "=", Markdown and HTML their markup, matplotlib its "$". Each function here
makes a text harmless for one of them and leaves plain text as it is.

What machines read back (ids in tables of offers, JSON, stores) is never changed: these functions
are for output to people alone. HTML is escaped where it is made, in
`recsys.reports.rendering`.
"""

import re
import unicodedata

_INVISIBLE = ("Cc", "Cf", "Cs", "Zl", "Zp")
"""Controls, formatting (bidirectional overrides among it), halves of surrogate pairs, line ends."""

_WRITTEN = frozenset("\u200c\u200d\u0600\u0601\u0602\u0603\u0604\u0605\u06dd\u070f\u08e2")
"""Of these, what Persian, Indic and Arabic spelling needs: joiners and number signs."""

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
    return "".join(_escaped(one) if _is_invisible(one) else one for one in text)


def shortened(text: str, length: int) -> str:
    """At most `length` characters: of a longer text the middle is left out.

    >>> shortened("0123456789", 7)
    '012…789'
    """
    if len(text) <= length:
        return text
    tail = (length - 1) // 2
    return f"{text[: length - 1 - tail]}…{text[len(text) - tail :]}"


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
    said = _SPECIAL.sub(r"\\\g<0>", for_terminal(text))
    said = "".join(_ENTITIES.get(one, one) for one in said)
    for address, replacement in _ADDRESS:
        said = address.sub(replacement, said)
    return _LISTED.sub(r"\1\\\2", _BLOCK.sub(r"\1\\\2", said))


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
    said = shortened(for_terminal(text), length)
    return (f" {said}" if said.startswith("_") else said).replace("$", r"\$")


def _is_invisible(one: str) -> bool:
    return unicodedata.category(one) in _INVISIBLE and one not in _WRITTEN


def _escaped(one: str) -> str:
    if one in _NAMED:
        return _NAMED[one]
    code = ord(one)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
