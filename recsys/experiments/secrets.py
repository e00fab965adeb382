"""Passwords of a command line, kept out of what Hydra writes.

Hydra keeps the command line and the configuration of every run beside its results. A setting with
a password is therefore handed on in the environment, and what Hydra sees, and keeps, is the name
of that variable.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import yaml
from hydra.core.hydra_config import HydraConfig
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import QuotedString
from hydra.errors import HydraException

from recsys.errors import InputError
from recsys.ops.masking import has_secret, masked_values
from recsys.ops.whole_file import write_whole

_VARIABLE = "RECSYS_SETTING_{}"
_KEPT = ("config.yaml", "hydra.yaml", "overrides.yaml")


def hidden(words: Sequence[str]) -> list[str]:
    """The words of a command line, each secret in them replaced by that of a variable.

    Raises:
        InputError: a secret stands in a list or a sweep, where it cannot be replaced.
    """
    return [
        _hidden(word, number) if _is_setting(word) else word for number, word in enumerate(words)
    ]


def mask_what_is_kept() -> None:
    """Masks what Hydra has written of this job: a password may come from a file of settings."""
    if not HydraConfig.initialized():
        return
    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir) / (hydra.output_subdir or "")
    paths = [folder / name for name in _KEPT if hydra.output_subdir is not None]
    paths.append(Path(str(hydra.sweep.dir)) / "multirun.yaml")
    for path in paths:
        if path.is_file():
            _mask(path)


def _is_setting(word: str) -> bool:
    key, equals, value = word.partition("=")
    return bool(equals) and not key.startswith("-") and has_secret(value.strip("'\""))


def _hidden(word: str, number: int) -> str:
    key = word.partition("=")[0]
    try:
        value = OverridesParser.create().parse_override(word).value()
    except HydraException:
        # Refused by Hydra in a moment, before it writes anything.
        return word
    text = value.text if isinstance(value, QuotedString) else value
    if not isinstance(text, str):
        raise InputError(
            f"{key}: a password may not stand in a list or a sweep; set MLFLOW_TRACKING_URI, or "
            "say one value"
        )
    variable = _VARIABLE.format(number)
    os.environ[variable] = text
    return f"{key}=${{oc.env:{variable}}}"


def _mask(path: Path) -> None:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    without = masked_values(values)
    if without != values:
        write_whole(path, yaml.safe_dump(without, sort_keys=False, allow_unicode=True))
