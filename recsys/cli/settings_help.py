"""`recsys train --help`: the parts and keys of a configuration, with their defaults.

What a key sets is told by the comment behind it in its YAML file.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from hydra import compose, initialize_config_dir
from hydra._internal.utils import get_args_parser
from hydra.core.global_hydra import GlobalHydra
from hydra.core.object_type import ObjectType
from omegaconf import DictConfig, OmegaConf

from recsys.cli.words import two_columns

_NOT_SHOWN = ("hydra", "names", "_target_")
_FLAGS = {
    "-m, --multirun": "one run for each combination of KEY=A,B",
    "--config-dir=DIR": "a folder of your own YAML files, laid out as conf",
    "--cfg job": "print the composed configuration and end",
    "-sc install=bash": 'completion in the shell: eval "$(recsys -sc install=bash)"',
    "--hydra-help": "the other flags, all of them Hydra's",
}
_LINE = re.compile(r"^( *)([\w.]+):[^#]*(?:#\s*(.*))?$")
"""A key of a YAML file: indentation, name, comment."""

_ENVIRONMENT = re.compile(r'^\$\{oc\.env:(\w+),"?([^"}]*)"?\}$')


def settings_help(conf: Path, name: str, words: Sequence[str], usage: str) -> str:
    """What can be set, and the value of what is not set.

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
    overrides, folders = list(given.overrides), [conf]
    if given.config_dir is not None:
        folders.append(Path(given.config_dir).resolve())
        overrides.append(f"hydra.searchpath=[file://{folders[-1]}]")
    GlobalHydra.instance().clear()
    with initialize_config_dir(str(conf.resolve()), version_base="1.3"):
        config = compose(name, overrides, return_hydra_config=True)
        parts = list(_parts(config))
    about = _comments(folders, name, config.hydra.runtime.choices)
    flags = [line for flag, text in _FLAGS.items() for line in two_columns(flag, text)]
    return "\n".join(
        [
            usage.strip(), "", "Flags, before the settings:", *flags, "",
            "Parts, each a file of conf/PART; choose with PART=NAME:", *parts, "",
            "Keys with their defaults, for these parts; set with KEY=VALUE:",
            *_keys(OmegaConf.to_container(config, resolve=False), "", about),
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
        yield from two_columns(f"{part}={value}", f"or {others}" if others else "")


def _keys(node: Any, above: str, about: Mapping[str, str]) -> Iterator[str]:
    for name, value in node.items():
        if name in _NOT_SHOWN:
            continue
        key = f"{above}{name}"
        if isinstance(value, Mapping) and value:
            yield from _keys(value, f"{key}.", about)
        elif isinstance(value, str) and (environment := _ENVIRONMENT.match(value)):
            variable, default = environment.groups()
            text = "; ".join(filter(None, [f"or the variable {variable}", about.get(key)]))
            yield from two_columns(f"{key}={default}", text)
        else:
            yield from two_columns(f"{key}={_shown(value)}", about.get(key, ""))


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return f"[{','.join(_shown(entry) for entry in value)}]"
    return str(value)


def _comments(
    folders: Sequence[Path], name: str, choices: Mapping[str, str | None]
) -> dict[str, str]:
    """Key -> the comment behind it, in the files of the chosen parts."""
    files = [("", "config"), ("", name)]
    for part, chosen in choices.items():
        group, _, package = part.partition("@")
        files.append((f"{package or group}.".replace("/", "."), f"{group}/{chosen}"))
    about: dict[str, str] = {}
    for prefix, file in files:
        for path in (folder / f"{file}.yaml" for folder in folders):
            if path.is_file():
                about |= _comments_of(path, prefix)
    return about


def _comments_of(path: Path, prefix: str) -> dict[str, str]:
    about: dict[str, str] = {}
    above, last = {-1: prefix}, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.lstrip().startswith("#") and last in about:
            about[last] += f" {line.lstrip('# ')}"
        elif match := _LINE.match(line):
            indent, name, comment = len(match[1]), match[2], match[3]
            parent = above[max(depth for depth in above if depth < indent)]
            above = {depth: key for depth, key in above.items() if depth < indent}
            above[indent] = f"{parent}{name}."
            last = f"{parent}{name}"
            if comment:
                about[last] = comment
    return about
