"""Keeps passwords of the command line out of the files that Hydra writes.

Hydra writes the command line and the configuration of every run beside its results. A setting with
a password is therefore moved to an environment variable, and Hydra only sees the variable's name.
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
_HYDRA_FILES = ("config.yaml", "hydra.yaml", "overrides.yaml")


def hide_secrets(words: Sequence[str]) -> list[str]:
    """Moves the values of settings with a password to environment variables.

    Args:
        words: of the command line.

    Returns:
        The words, with a reference to a variable in place of each such value.

    Raises:
        InputError: a password is part of a list or a sweep.
    """
    return [_hide(word, number) if _has_secret(word) else word for number, word in enumerate(words)]


def mask_hydra_files() -> None:
    """Masks passwords in the files of this job: they may also come from a file of settings."""
    if not HydraConfig.initialized():
        return
    hydra = HydraConfig.get()
    folder = Path(hydra.runtime.output_dir) / (hydra.output_subdir or "")
    paths = [folder / name for name in _HYDRA_FILES if hydra.output_subdir is not None]
    paths.append(Path(str(hydra.sweep.dir)) / "multirun.yaml")
    for path in paths:
        if path.is_file():
            _mask(path)


def _has_secret(word: str) -> bool:
    key, equals, value = word.partition("=")
    return bool(equals) and not key.startswith("-") and has_secret(value.strip("'\""))


def _hide(word: str, number: int) -> str:
    key = word.partition("=")[0]
    try:
        value = OverridesParser.create().parse_override(word).value()
    except HydraException:
        # Hydra refuses it too, before it writes anything.
        return word
    text = value.text if isinstance(value, QuotedString) else value
    if not isinstance(text, str):
        raise InputError(
            f"{key}: a password cannot be part of a list or a sweep; set MLFLOW_TRACKING_URI, or "
            "give one value"
        )
    variable = _VARIABLE.format(number)
    os.environ[variable] = text
    return f"{key}=${{oc.env:{variable}}}"


def _mask(path: Path) -> None:
    values = yaml.safe_load(path.read_text(encoding="utf-8"))
    masked = masked_values(values)
    if masked != values:
        write_whole(path, yaml.safe_dump(masked, sort_keys=False, allow_unicode=True))
