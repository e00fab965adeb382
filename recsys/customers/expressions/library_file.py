"""What files of segments and files of signals have in common."""

import hashlib
import re
from collections.abc import Mapping
from pathlib import Path

from recsys.data import columns
from recsys.data.yaml_file import read_yaml, yaml_path
from recsys.data.yaml_keys import Keys
from recsys.errors import InputError
from recsys.ops.shown_text import shown

_NAME = re.compile(r"[a-z][a-z0-9_]{0,59}")
_TAKEN = (columns.CUSTOMER, columns.VALID_FROM, columns.LANGUAGE, columns.TIME_ZONE)


def opened(kind: str, name_or_path: str | Path, guide: str) -> tuple[Keys, str, str]:
    """The keys of a file, its name, and 12 digits of a SHA-256 over its content.

    Args:
        kind: a folder of `conf`, as "segments".
        name_or_path: a shipped file, or a path that ends in .yaml.
        guide: the page about such files.

    Raises:
        InputError: there is no such file, or it cannot be read.
    """
    path = yaml_path(kind, name_or_path, guide)
    content = read_yaml(kind, path, guide)
    digest = hashlib.sha256(repr(content).encode()).hexdigest()[:12]
    return Keys(kind, content, guide), path.stem, digest


def named(keys: Keys, key: str) -> tuple[Keys, tuple[str, ...]]:
    """A mapping from names to something, opened, and its names; none where it is not there.

    Raises:
        InputError: a name cannot be a column of customers.
    """
    given = keys.take(key, {})
    inner = Keys(f"{keys.path}.{key}", given, keys.guide)
    names = tuple(given)
    for name in names:
        require_name(f"{inner.path}", name)
    return inner, names


def require_name(path: str, name: str) -> None:
    """Raises `InputError` unless a name can be that of a column of customers."""
    starts = name.startswith(columns.CONSENT_PREFIX)
    if not _NAME.fullmatch(name) or name in _TAKEN or starts:
        raise InputError(
            f"{path}: expected names of small letters, digits and _ that no column of the library "
            f"has, got {shown(name)}; rename it"
        )


def expressions(keys: Keys, key: str) -> Mapping[str, str]:
    """Name -> SQL of a mapping of the file, in its order.

    Raises:
        InputError: a name is unusable, or its value is no text.
    """
    inner, names = named(keys, key)
    texts = {}
    for name in names:
        text = inner.expression(name)
        if text is None:
            raise inner.fault(name, 'an expression such as "bought(0, 30) > 0"', None)
        texts[name] = text
    return texts
