"""Parts of a run's configuration for commands that do not run under Hydra."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.override_parser.overrides_parser import OverridesParser
from omegaconf import DictConfig, OmegaConf

from recsys.cli.hydra_errors import UNREADABLE, in_one_line
from recsys.cli.launch import as_input_errors
from recsys.data.source import Source
from recsys.errors import InputError
from recsys.experiments.config import build_part
from recsys.experiments.target_classes import allowed_packages
from recsys.models.base import Recommender
from recsys.ops.conf_folder import conf_folder

_FOLDER = "--config-dir="


def composed_source(words: Sequence[str]) -> Source:
    """The source that these words of `recsys train` name.

    Args:
        words: `data=`, `data.KEY=`, `allow=` and `--config-dir=`.

    Raises:
        InputError: a word is wrong, or a key of the source is not set.
    """
    source: Source = _built(words, "data")
    return source


def composed_model(words: Sequence[str]) -> Recommender:
    """The model that these words of `recsys train` name, not fitted.

    Args:
        words: `model=`, `model.KEY=`, `seed=`, `device=`, `allow=` and `--config-dir=`.

    Raises:
        InputError: a word is wrong, or a setting does not fit the model.
    """
    model: Recommender = _built(words, "model")
    return model


def composed_parts(words: Sequence[str], parts: Sequence[str]) -> dict[str, Any]:
    """Part -> its settings, plain, as these words of `recsys train` compose them.

    Args:
        words: settings, and `--config-dir=`.
        parts: as "data" and "model".

    Raises:
        InputError: a word is wrong, or a key of a part is not set.
    """
    with _composed(words) as config:
        return {part: _plain(config, part) for part in parts}


def config_folders(words: Sequence[str]) -> list[Path]:
    """The folders that `--config-dir=` names."""
    return [Path(word.partition("=")[2]) for word in words if word.startswith(_FOLDER)]


def changed_part(former: Mapping[str, Any], part: str, words: Sequence[str]) -> dict[str, Any]:
    """Settings of a part with some of them set anew.

    Args:
        former: plain settings.
        part: their key, as "data".
        words: as `data.root=FOLDER`, with the grammar of Hydra.

    Raises:
        InputError: a word cannot be read.
    """
    settings = OmegaConf.create(dict(former))
    with as_input_errors():
        for override in OverridesParser.create().parse_overrides(list(words)):
            key = override.key_or_group.removeprefix(f"{part}.")
            if override.is_delete():
                raise InputError(f"~{part}.{key}: expected {part}.{key}=VALUE")
            OmegaConf.update(settings, key, override.value(), force_add=True)
        plain: dict[str, Any] = OmegaConf.to_container(settings)  # type: ignore[assignment]
    return plain


def _built(words: Sequence[str], part: str) -> Any:
    with _composed(words) as config:
        plain = _plain(config, part)
        allow = allowed_packages(OmegaConf.to_container(config.allow))
    return build_part(plain, part, allow)


@contextmanager
def _composed(words: Sequence[str]) -> Iterator[DictConfig]:
    overrides = [word for word in words if not word.startswith(_FOLDER)]
    overrides += [
        f"hydra.searchpath=[file://{folder.resolve()}]" for folder in config_folders(words)
    ]
    GlobalHydra.instance().clear()
    with as_input_errors():
        with initialize_config_dir(str(conf_folder().resolve()), version_base="1.3"):
            try:
                config = compose("config", overrides)
            except InputError:
                raise
            except (OSError, *UNREADABLE) as error:
                raise InputError(in_one_line(error)) from None
        yield config


def _plain(config: DictConfig, part: str) -> Any:
    value = config[part]
    if not OmegaConf.is_config(value):
        return value
    return OmegaConf.to_container(value, resolve=True, throw_on_missing=True)
