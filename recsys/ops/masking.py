"""Texts without the passwords and tokens that addresses in them carry.

An address is read in its parts, not by a pattern of what a password looks like. Everything between
`//` and the last `@` is masked, and the value of every parameter with the name of a secret. Where
it is not clear what belongs to a password, more is masked rather than less.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

MASK = "***"

_NAMES = (
    r"(?:\w{1,64}[_-])?(?:password|passwd|passphrase|pwd|secret|token|api_?key|access_?key(?:_id)?|"
    r"secret_?key|account_?key|signature|credentials?)|pass|sslpassword|sig|auth|odbc_connect"
)
# From where a word begins, or a long word would be read once from each of its letters.
_SCHEME = r"(?<![\w+.\-])[\w+.\-]+://"
_ADDRESS = re.compile(_SCHEME)
# A name and a colon that no port follows: a password, which may hold blanks.
_WITH_BLANKS = re.compile(rf"({_SCHEME})[^\s/@:'\"]*:(?!\d+(?:[/\s]|$))[^\n]*@")
# A remedy that says postgresql://USER@HOST/DATABASE stays as it is.
_USER = re.compile(rf"({_SCHEME})(?=[^/\s])(?!USER@HOST)\S*@")
_QUERY = re.compile(rf"([?&;#](?:{_NAMES})=)(?:[^\n&'\"]*(?=&\w+=)|[^&;#\s'\"]*)", re.IGNORECASE)
_KEYWORD = re.compile(
    rf"(?<![\w?&;#])((?:{_NAMES})\s*=\s*)('(?:\\.|[^'\\])*'|\"[^\"]*\"|[^\s&;,'\"]+)",
    re.IGNORECASE,
)
_LONG_LINE, _END = 8_000, 3_000
"""Characters of the longest line that is kept in full, and of each end of a longer one."""
_SHORTEST = 3
"""Characters of the shortest part of a password that is masked wherever it appears."""


def masked(text: str, *addresses: str) -> str:
    """A text without secrets.

    Args:
        text: an address, a line with an address, or the message of a driver about one.
        addresses: addresses with passwords that the text may repeat, in full or in parts.
    """
    if _ADDRESS.match(text):
        addresses = (*addresses, text)
    for address in addresses:
        parts = text.split(address) if address else [text]
        for piece in _pieces(address):
            parts = [part.replace(piece, MASK) for part in parts]
        text = _patterns(_without_parameters(address)).join(parts)
    return _patterns(text)


def masked_line(line: str) -> str:
    """As `masked`, for a line of any length; of a long line only the two ends are kept.

    Parts of a secret that reaches from an end into the part that is left out are dropped too.
    """
    if len(line) <= _LONG_LINE:
        return masked(line)
    head, tail, before = line[:_END], line[-_END:], line[:-_END]
    scheme = head.rfind("://")
    if scheme >= 0 and "@" not in head[scheme:]:
        head = head[:scheme]
    if "://" in before:
        tail = tail.rpartition("@")[2]
    if "=" in before.rsplit(maxsplit=1)[-1]:
        tail = " ".join(tail.split()[1:])
    return f"{masked(head)}...{masked(tail)}"


def has_secret(text: str) -> bool:
    """Whether an address, or a text of the form `key=value key=value`, holds a secret."""
    return bool(_secrets(text))


def masked_values(value: Any) -> Any:
    """Plain mappings and lists with every text in them masked."""
    if isinstance(value, str):
        return masked(value)
    if isinstance(value, Mapping):
        return {key: masked_values(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [masked_values(item) for item in value]
    return value


def _patterns(text: str) -> str:
    for pattern, kept in ((_WITH_BLANKS, "@"), (_USER, "@"), (_QUERY, ""), (_KEYWORD, "")):
        text = pattern.sub(rf"\1{MASK}{kept}", text)
    return text


def _without_parameters(address: str) -> str:
    """The address with masked parameters; each ends at the next one and may contain blanks."""
    for name, value in _parameters(address):
        address = address.replace(f"{name}={value}", f"{name}={MASK}") if value else address
    return address


def _parameters(address: str) -> list[tuple[str, str]]:
    """Name and value of those parameters of an address that are secrets."""
    pairs = re.findall(r"[?&;#]([^=&;#?]+)=([^&;#]*)", address.partition("://")[2])
    return [(name, value) for name, value in pairs if re.fullmatch(_NAMES, name, re.IGNORECASE)]


def _secrets(address: str) -> list[str]:
    """Passwords and tokens of an address, or of a connection in keywords, as written there."""
    _, scheme, rest = address.partition("://")
    if not scheme:
        return [match.group(2).strip("'\"") for match in _KEYWORD.finditer(address)]
    secrets = [value for _, value in _parameters(address)]
    if "@" in rest and not rest.startswith("/"):
        secrets.append(rest.rpartition("@")[0].partition(":")[2])
    return [secret for secret in secrets if secret]


def _pieces(address: str) -> list[str]:
    """The parts of the secrets that a driver may repeat, the longest first."""
    pieces: set[str] = set()
    for secret in _secrets(address):
        for spelling in (secret, unquote_plus(secret)):
            pieces |= {spelling, *re.split(r"[/@:?#&\s]+", spelling)}
    return sorted((piece for piece in pieces if len(piece) >= _SHORTEST), key=len, reverse=True)
