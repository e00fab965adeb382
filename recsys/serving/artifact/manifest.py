"""manifest.json: what an artifact is, and the size and SHA-256 of every file in it.

The hashes detect damage, not origin: anybody who can write the files can write a manifest with new
hashes. To be sure of the origin, keep artifacts where nobody else can write, or sign them.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from recsys.errors import InputError
from recsys.ops.filter_seen import FilterSeen
from recsys.serving.artifact import mapped
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.facts import RESERVED_FACTS
from recsys.serving.artifact.mapped import Content

NAME = "manifest.json"
KIND = "recsys"
_BYTES = 2**24
"""Largest manifest that is read; exports write some thousand bytes."""
FORMAT_VERSION, WITHOUT_AGES, WITHOUT_DECISIONS = 5, 4, 3
"""Format 1 had no index, no offers besides products, only float32 vectors, and ids that are numbers
or text; format 2 had no features. Both can still be read. Format 4 has decisions, format 5 a mask
of seen products by action and age, which older versions would take for all products. What needs
neither is written in format 3, which they read."""


def write(
    folder: Path, contents: Contents, names: Sequence[str], index: Mapping[str, Any] | None = None
) -> None:
    """Writes the manifest of a folder with these files.

    Args:
        folder: of the artifact.
        contents: whose counts and facts are written.
        names: of the files.
        index: what `index.build` returned; None without an index.
    """
    body = {
        "artifact": KIND,
        "format_version": _version(contents),
        "counts": contents.counts,
        **contents.facts,
        **({} if index is None else {"index": dict(index)}),
        "files": {name: _entry(mapped.content(folder / name)) for name in names},
    }
    (folder / NAME).write_bytes(_rendered(body))


def _version(contents: Contents) -> int:
    if FilterSeen.of(contents.filter_seen).ages:
        return FORMAT_VERSION
    return WITHOUT_DECISIONS if contents.decisions is None else WITHOUT_AGES


def read(folder: Path) -> bytes:
    """The manifest's bytes.

    Raises:
        InputError: there is none, or it is too large.
    """
    try:
        content = mapped.content(folder / NAME)
    except OSError as error:
        raise InputError(
            f"{folder} is not an artifact: {NAME} cannot be read ({error.strerror}); "
            "give the folder that an export wrote"
        ) from None
    if len(content) > _BYTES:
        raise InputError(f"{folder / NAME} has {len(content):,} bytes; at most {_BYTES:,} are read")
    return bytes(content[:])


def parse(folder: Path, raw: bytes) -> dict[str, Any]:
    """The manifest's content, after its own hash is checked; `folder` is for messages.

    Raises:
        InputError: it is damaged, of another kind, or of a newer format.
    """
    damaged = InputError(f"{folder / NAME} is damaged; export the artifact again")
    try:
        body = json.loads(raw)
    except (ValueError, RecursionError):
        raise damaged from None
    if not isinstance(body, dict) or body.get("artifact") != KIND:
        raise InputError(f"{folder / NAME} is not the manifest of a recsys artifact")
    version = body.get("format_version")
    if not isinstance(version, int):
        raise damaged
    if version > FORMAT_VERSION:
        raise InputError(
            f"{folder} has format version {version}, this recsys reads up to {FORMAT_VERSION}: "
            "upgrade recsys"
        )
    # The manifest has the hashes of the files, and a hash of itself, to the last byte.
    try:
        rendered = _rendered({key: value for key, value in body.items() if key != "sha256"})
    except (ValueError, RecursionError):
        raise damaged from None
    if raw != rendered or not isinstance(body.get("files"), dict):
        raise damaged
    entries = body["files"].values()
    if not all(isinstance(entry, dict) and {"bytes", "sha256"} <= set(entry) for entry in entries):
        raise damaged
    return body


def checked_files(
    folder: Path, body: Mapping[str, Any], required: Sequence[str]
) -> dict[str, Content]:
    """The content of every file, after comparison with size and hash in the manifest.

    Raises:
        InputError: a required file has no entry, or a file is missing, cut, altered or outside the
            folder.
    """
    entries: Mapping[str, Mapping[str, Any]] = body["files"]
    contents: dict[str, Content] = {}
    for name in required:
        if name not in entries:
            raise InputError(f"{folder / NAME} does not list {name}; export the artifact again")
    for name, entry in entries.items():
        if Path(name).name != name or name == ".." or "\\" in name:
            raise InputError(f"{folder / NAME} lists '{name}', which lies outside the artifact")
        if not (folder / name).is_file():
            raise InputError(f"{folder}: {name} is missing; export the artifact again")
        contents[name] = mapped.content(folder / name)
        actual = _entry(contents[name])
        if actual["bytes"] != entry["bytes"]:
            raise InputError(
                f"{folder}: {name} has {actual['bytes']:,} bytes, its manifest says "
                f"{entry['bytes']:,}; it is cut or of another artifact"
            )
        if actual["sha256"] != entry["sha256"]:
            raise InputError(
                f"{folder}: {name} does not match the SHA-256 in its manifest; it is damaged or of "
                "another artifact"
            )
    return contents


def facts(body: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that the exporter gave."""
    return {key: value for key, value in body.items() if key not in RESERVED_FACTS}


def _entry(content: Content) -> dict[str, Any]:
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _rendered(body: Mapping[str, Any]) -> bytes:
    digest = hashlib.sha256(json.dumps(body).encode()).hexdigest()
    return (json.dumps({**body, "sha256": digest}, indent=2) + "\n").encode()
