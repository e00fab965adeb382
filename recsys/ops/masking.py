"""Texts without the passwords and tokens that addresses in them carry.

An address is read in its parts, not by a pattern of what a password looks like: whatever stands
between `//` and the last `@` goes, and the value of every parameter whose name says that it is a
secret. Where it is not clear what belongs to a password, more is masked rather than less.
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
"""Characters of a line that is read whole, and of each end of one that is not."""
_SHORTEST = 3
"""Of a part of a password that is looked for by itself in what a driver says."""


def masked(text: str, *addresses: str) -> str:
    """A text without secrets.

    Args:
        text: an address, a line that holds one, or what a driver said of one.
        addresses: whose passwords the text may repeat, whole or in pieces.
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
    """As `masked`, for a line of any length: of a long one only its ends are kept.

    What an end may hold of a secret that began or ended in the part that is left out goes too.
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
        return {key: masked_values(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [masked_values(one) for one in value]
    return value


def _patterns(text: str) -> str:
    for pattern, kept in ((_WITH_BLANKS, "@"), (_USER, "@"), (_QUERY, ""), (_KEYWORD, "")):
        text = pattern.sub(rf"\1{MASK}{kept}", text)
    return text


def _without_parameters(address: str) -> str:
    """A whole address, whose parameters end where it ends and may hold blanks."""
    for name, value in _parameters(address):
        address = address.replace(f"{name}={value}", f"{name}={MASK}") if value else address
    return address


def _parameters(address: str) -> list[tuple[str, str]]:
    """Name and value of those parameters of an address that are secrets."""
    found = re.findall(r"[?&;#]([^=&;#?]+)=([^&;#]*)", address.partition("://")[2])
    return [(name, value) for name, value in found if re.fullmatch(_NAMES, name, re.IGNORECASE)]


def _secrets(address: str) -> list[str]:
    """Passwords and tokens of an address or of a connection in keywords, as they stand there."""
    _, scheme, rest = address.partition("://")
    if not scheme:
        return [match.group(2).strip("'\"") for match in _KEYWORD.finditer(address)]
    found = [value for _, value in _parameters(address) if value]
    if "@" in rest and not rest.startswith("/"):
        found.append(rest.rpartition("@")[0].partition(":")[2])
    return [one for one in found if one]


def _pieces(address: str) -> list[str]:
    """What a driver may repeat of the secrets, the longest first."""
    found: set[str] = set()
    for secret in _secrets(address):
        for whole in (secret, unquote_plus(secret)):
            found |= {whole, *re.split(r"[/@:?#&\s]+", whole)}
    return sorted((one for one in found if len(one) >= _SHORTEST), key=len, reverse=True)
