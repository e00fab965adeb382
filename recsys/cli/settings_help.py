"""`recsys train --help`: the parts and keys of a configuration, with their defaults."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from omegaconf import DictConfig, OmegaConf

_NOT_SHOWN = ("hydra", "names", "_target_")
_FLAGS = """Flags, before the settings:
  -m, --multirun     one run for each combination of KEY=A,B
  --config-dir=DIR   a folder of your own YAML files, laid out as conf
  --cfg job          print the composed configuration and end
  -sc install=bash   print what makes the shell complete settings: eval "$(recsys -sc install=bash)"
  --hydra-help       the other flags, all Hydra's"""


def settings_help(conf: Path, name: str, words: Sequence[str], usage: str) -> str:
    """What can be set, and what it is where nothing is set.

    Args:
        conf: the folder of configurations.
        name: the top configuration in it.
        words: the command line; its settings choose parts, so that `model=lightgcn --help` lists
            the keys of that model.
        usage: what the command does.

    Returns:
        plain text of several lines.

    Raises:
        HydraException: a setting cannot be read, or names no part.
    """
    given = get_args_parser().parse_args(list(words))
    overrides = list(given.overrides)
    if given.config_dir is not None:
        folder = Path(given.config_dir).resolve()
        overrides.append(f"hydra.searchpath=[file://{folder}]")
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf.resolve()), version_base="1.3"):
        config = compose(name, overrides, return_hydra_config=True)
        parts = list(_parts(config))
    keys = [f"  {line}" for line in _keys(OmegaConf.to_container(config, resolve=False), "")]
    return "\n".join(
        [
            usage.strip(), "", _FLAGS, "",
            "Parts, each a file of conf/PART; choose with PART=NAME:", *parts, "",
            "Keys with their defaults, for these parts; set with KEY=VALUE:", *keys,
        ]
    )  # fmt: skip


def _parts(config: DictConfig) -> Iterator[str]:
    loader = GlobalHydra.instance().config_loader()
    for part, chosen in sorted(config.hydra.runtime.choices.items()):
        if part.startswith("hydra/"):
            continue
        group = part.partition("@")[0]
        options = [*loader.get_group_options(group, ObjectType.CONFIG)]
        others = ", ".join(option for option in options if option != chosen)
        value = "null" if chosen is None else chosen
        yield f"  {part}={value}" + (f"  (or {others})" if others else "")


def _keys(node: Any, above: str) -> Iterator[str]:
    for key, value in node.items():
        if key in _NOT_SHOWN:
            continue
        if isinstance(value, Mapping) and value:
            yield from _keys(value, f"{above}{key}.")
        else:
            yield f"{above}{key}={_shown(value)}"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(_shown(entry) for entry in value)}]"
    return str(value)
