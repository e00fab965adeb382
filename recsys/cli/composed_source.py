"""A source of `conf/data` for commands that do not run under Hydra."""

from collections.abc import Sequence
from pathlib import Path

from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from omegaconf import OmegaConf

from recsys.cli.launch import as_input_errors
from recsys.data.source import Source
from recsys.experiments.config import build_part
from recsys.experiments.target_classes import allowed_packages
from recsys.ops.conf_folder import conf_folder


def composed_source(words: Sequence[str]) -> Source:
    """The source that these words of `recsys train` name.

    Args:
        words: `data=`, `data.KEY=`, `allow=` and `--config-dir=`.

    Raises:
        InputError: a word is wrong, or a key of the source is not set.
    """
    folders = [word.partition("=")[2] for word in words if word.startswith("--config-dir=")]
    overrides = [word for word in words if not word.startswith("--config-dir=")]
    overrides += [f"hydra.searchpath=[file://{Path(folder).resolve()}]" for folder in folders]
    GlobalHydra.instance().clear()
    with as_input_errors():
        with initialize_config_dir(str(conf_folder().resolve()), version_base="1.3"):
            config = compose("config", overrides)
        plain = OmegaConf.to_container(config.data, resolve=True, throw_on_missing=True)
        allow = allowed_packages(OmegaConf.to_container(config.allow))
    source: Source = build_part(plain, "data", allow)  # type: ignore[arg-type]
    return source


def is_of_data(word: str) -> bool:
    """Whether a word of a command line is for `composed_source`."""
    return word.lstrip("+~").startswith(("data=", "data.", "allow=")) or word.startswith(
        "--config-dir="
    )
