"""The errors of Hydra and OmegaConf in one line that says what to type instead."""

import re
import sys
from collections.abc import Iterable
from difflib import get_close_matches
from typing import NoReturn

import yaml
from hydra._internal.utils import get_args_parser
from hydra.errors import MissingConfigException, OverrideParseException
from omegaconf import DictConfig
from omegaconf.errors import (
    ConfigAttributeError,
    ConfigKeyError,
    ConfigTypeError,
    MissingMandatoryValue,
    OmegaConfBaseException,
)

from recsys.errors import InputError
from recsys.experiments.former_names import refuse_renamed

_INTERNAL = ("hydra", "names")
"""Top-level keys that users do not set."""

UNREADABLE = (ValueError, yaml.YAMLError, RecursionError)
"""What Hydra raises beside its own errors while it reads files of the configuration."""

_DIGITS = "for integer string conversion"
"""Part of the error of Python about a whole number that is too long to read."""


def refuse_unknown_flags() -> None:
    """Checks the flags of the command line; Hydra itself would print a page of usage.

    Raises:
        InputError: a flag is unknown, or there are settings on both sides of a flag.
    """
    parser = get_args_parser()
    parser.error = _refuse  # type: ignore[method-assign]
    parser.parse_args()


def in_one_line(error: BaseException) -> str:
    """What is wrong with a configuration, and the remedy.

    Args:
        error: an exception of Hydra or OmegaConf, or one of `UNREADABLE`.
    """
    if isinstance(error, RecursionError):
        return "a file of the configuration is nested too deeply; write fewer levels"
    if isinstance(error, OSError) and not isinstance(error, MissingConfigException):
        what = f"{error.filename}: {error.strerror}" if error.strerror else _first(error)
        return f"a file of the configuration: expected a mapping in YAML, got: {what}"
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        problem = error.problem or error.context or "it is no YAML"
        return f"{mark.name}, line {mark.line + 1}: expected YAML, got a fault: {problem}"
    cause = error if isinstance(error, OmegaConfBaseException) else error.__cause__
    if isinstance(error, OverrideParseException):
        return (
            f"'{error.override}' cannot be read: expected KEY=VALUE, lists as [a,b] and mappings "
            "as {a: 1}, in quotes where the shell would change such characters"
        )
    if isinstance(error, MissingConfigException) and error.options:
        part, _, name = (error.missing_cfg_file or "").rpartition("/")
        near, listed = _near(name, error.options), ", ".join(error.options)
        return f"{part}={name}: there is no such file in conf/{part}; {near}there are {listed}"
    if isinstance(cause, MissingMandatoryValue):
        return f"{cause.full_key} is not set; set {cause.full_key}=VALUE"
    if isinstance(cause, ConfigKeyError | ConfigAttributeError) and cause.full_key:
        return _unknown_key(cause)
    if isinstance(cause, ConfigTypeError):
        return f"{cause.full_key}: expected the kind of value that conf/ has there; {_first(cause)}"
    if _DIGITS in str(error):
        return (
            f"{_with_long_number(sys.argv[1:])}: expected a whole number below 2**63, got more "
            "than 4,300 digits"
        )
    if str(error).startswith("Config group override"):
        return "a part of the configuration cannot be null; name a file of conf/ for it"
    key = f"{cause.full_key}: " if isinstance(cause, OmegaConfBaseException) else ""
    return f"{key}{_first(error)}{_advice(str(error))}"


def _with_long_number(words: Iterable[str]) -> str:
    keys = [word.partition("=")[0] for word in words if re.search("[0-9]{4301}", word)]
    return keys[0][:60] if keys else "a file of the configuration"


def _unknown_key(cause: OmegaConfBaseException) -> str:
    key, parent = str(cause.full_key), cause.parent_node
    refuse_renamed(key)
    above, _, name = key.rpartition(".")
    siblings = [str(sibling) for sibling in parent] if isinstance(parent, DictConfig) else []
    known = [name for name in siblings if not name.startswith("_") and name not in _INTERNAL]
    if not known:
        return f"{key}: there is no such key yet; put + before it: +{key}=VALUE"
    listed = f"{above or 'the configuration'} has {', '.join(known)}"
    return f"{key}: there is no such key; {_near(name, known, above)}{listed}"


def _near(name: str, known: Iterable[str], above: str = "") -> str:
    near = get_close_matches(name, list(known), n=1)
    return f"did you mean {f'{above}.' if above else ''}{near[0]}? " if near else ""


def _first(error: BaseException) -> str:
    return str(error).splitlines()[0].strip().rstrip(".")


def _advice(text: str) -> str:
    if text.startswith("Ambiguous value"):
        return "; say -m for one run each, or [a,b] for a list"
    if "more than once in the final defaults list" in text:
        return "; remove the +"
    return ""


def _refuse(message: str) -> NoReturn:
    unknown = re.sub(r"^unrecognized arguments: ", "", message)
    if unknown == message:
        raise InputError(f"{message}; --help lists the flags")
    if unknown.startswith("-"):
        raise InputError(f"unknown flag {unknown}; settings are KEY=VALUE, --help lists the flags")
    raise InputError(f"{unknown}: settings on both sides of a flag; put -m and others in front")
