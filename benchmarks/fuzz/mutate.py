"""Ways to spoil bytes and values; all choices are of a generator, so that they come again."""

import json
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

HUGE = 10**400
VALUES: tuple[Any, ...] = (
    None, True, -1, 0, 1.5, float("nan"), float("inf"), HUGE, -(2**63), 2**64, "", " ", "NaN",
    "1e999", "\x00", "\u202e txet", "=1+1", "../../outside/canary", "/etc/passwd", "a" * 100_000,
    "\ud800", "${oc.env:HOME}", "{{7*7}}", "<script>", "'; DROP TABLE x; --", [], {}, [[]],
    {"a": {"b": []}}, "os.system", "9999-99-99", "0001-01-01", "2026-02-30", "1_000", "٣", "-0",
    "0x10",
)  # fmt: skip
"""What stands where something else is expected."""

DEEP = 20_000
ENCODINGS = ("utf-16", "utf-32", "latin-1", "utf-7", "cp037")


def bits(raw: bytes, random: Random) -> bytes:
    """Some bits flipped."""
    if not raw:
        return b"\x00"
    spoiled = bytearray(raw)
    for _ in range(random.choice((1, 2, 8, 64))):
        spoiled[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    return bytes(spoiled)


def cut(raw: bytes, random: Random) -> bytes:
    """A copy that broke off."""
    return raw[: random.randrange(max(1, len(raw)))]


def moved(raw: bytes, random: Random) -> bytes:
    """A part that stands somewhere else, or twice."""
    start, size = random.randrange(len(raw) + 1), random.randrange(1, 64)
    at = random.randrange(len(raw) + 1)
    return raw[:at] + raw[start : start + size] * random.choice((1, 2, 50)) + raw[at:]


def overwritten(raw: bytes, random: Random) -> bytes:
    """A number of four or eight bytes that is as large as it gets, as a length may be."""
    size = random.choice((4, 8))
    at = random.randrange(max(1, len(raw) - size))
    number = random.choice((b"\xff" * size, b"\x7f" + b"\xff" * (size - 1), b"\x00" * size))
    return raw[:at] + number + raw[at + size :]


def emptied(_: bytes, random: Random) -> bytes:
    """Nothing, or something else."""
    return random.choice((b"", b"\n", b"\x00" * 100, b"<html>404</html>", b"\xff\xfe", b"null"))


def encoded(raw: bytes, random: Random) -> bytes:
    """Another encoding."""
    return raw.decode("latin-1").encode(random.choice(ENCODINGS), "replace")


def nested(_: bytes, random: Random) -> bytes:
    """As deep as a parser that calls itself cannot go."""
    opening, closing = random.choice((("[", "]"), ('{"a":', "}"), ("{a: ", "}"), ("- ", "")))
    return (opening * DEEP + "1" + closing * DEEP).encode()


BYTES: Sequence[Callable[[bytes, Random], bytes]] = (
    bits, bits, cut, cut, moved, overwritten, emptied, encoded, nested,
)  # fmt: skip


def spoiled_bytes(raw: bytes, random: Random) -> bytes:
    """The bytes after one of these."""
    return random.choice(BYTES)(raw, random)


def spoiled_value(document: Any, random: Random) -> Any:
    """A document of plain values with one of them replaced, removed, doubled or renamed."""
    document = json.loads(json.dumps(document))
    places: list[tuple[Any, Any]] = []

    def collect(value: Any) -> None:
        keys = value if isinstance(value, dict) else range(len(value))
        for key in keys:
            places.append((value, key))
            if isinstance(value[key], dict | list):
                collect(value[key])

    collect(document)
    if not places:
        return random.choice(VALUES)
    parent, key = random.choice(places)
    kind = random.randrange(8)
    if kind == 0:
        del parent[key]
    elif kind == 1 and isinstance(parent, dict):
        parent[f"{key}{random.choice(('x', ' ', '../', ''))}_"] = parent.pop(key)
    elif kind == 2 and isinstance(parent, list):
        parent += [parent[key]] * random.choice((1, 10_000))
    elif kind == 3 and isinstance(parent[key], int | float):
        parent[key] = random.choice((-parent[key] - 1, parent[key] * 10**12, HUGE, 1e308))
    else:
        parent[key] = random.choice(VALUES)
    return document
