"""Files of rules, segments and signals: shipped ones by name, a user's own by path."""

from pathlib import Path
from typing import Any

import yaml

from recsys.data.strict_yaml import parse_yaml
from recsys.errors import InputError
from recsys.ops.conf_folder import conf_folder
from recsys.ops.nearest_name import nearest
from recsys.ops.shown_text import shown

_SUFFIXES = (".yaml", ".yml")
_LARGEST = 1_000_000
"""Bytes of a file."""


def shipped_names(kind: str) -> list[str]:
    """Names of the files of a kind, a folder of `conf`, that come with the package."""
    return sorted(path.stem for path in (conf_folder() / kind).glob("*.yaml"))


def yaml_path(kind: str, name_or_path: str | Path, guide: str) -> Path:
    """The file that a name or a path means.

    Args:
        kind: a folder of `conf`, which also names the file in messages.
        name_or_path: a shipped file, such as "default", or a path that ends in .yaml.
        guide: the page about such files.

    Raises:
        InputError: neither; names the nearest shipped one.
    """
    text = str(name_or_path)
    path = Path(text)
    if path.suffix in _SUFFIXES:
        return path
    names = shipped_names(kind)
    if text not in names:
        raise InputError(
            f"{kind}: expected one of {', '.join(names)}, or a file that ends in .yaml, got "
            f"{shown(text)}; {nearest(text, names, f'see {guide}')}"
        )
    return conf_folder() / kind / f"{text}.yaml"


def read_yaml(kind: str, path: Path, guide: str) -> Any:
    """Plain data of a file, as `recsys.data.strict_yaml.parse_yaml`; arguments as `yaml_path`.

    Raises:
        InputError: it cannot be read, is too large, or is no YAML.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise InputError(f"{kind}: {path}: expected a file of at most 1 MB; is it a {kind}?")
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise InputError(f"{kind}: {path} cannot be read: {reason}") from None
    try:
        return parse_yaml(text)
    except yaml.MarkedYAMLError as error:
        line = f", line {error.problem_mark.line + 1}" if error.problem_mark else ""
        raise InputError(f"{kind}: {path}{line}: {error.problem}; fix the YAML") from None
    except yaml.YAMLError:
        raise InputError(f"{kind}: {path}: expected YAML text; see {guide}") from None
