"""Completion in a shell: the command first, then what Hydra knows of its settings.

`eval "$(recsys -sc install=bash)"` installs it; Hydra offers fish and zsh as well. The shell then
calls `recsys -sc query=bash` with the line that is being typed in COMP_LINE.
"""

import os
from collections.abc import Sequence
from importlib import import_module

from recsys.cli.main import COMMANDS
from recsys.ops.terminal import say

_WITH_HYDRA = ("train", "tune", "benchmark")


def main(words: Sequence[str]) -> None:
    """Installs or removes the completion, or answers a query of the shell.

    Args:
        words: `-sc` and `install=SHELL`, `uninstall=SHELL` or `query=SHELL`.
    """
    if not any(word.startswith("query=") for word in words):
        import_module("recsys.cli.train").main(words)
        return
    program, _, rest = os.environ.get("COMP_LINE", "").lstrip().partition(" ")
    command, space, typed = rest.lstrip().partition(" ")
    name = command.replace("-", "_")
    if not space:
        say(*[known for known in COMMANDS if known.startswith(name)])
    elif name in _WITH_HYDRA:
        # Hydra takes the first word for the program and all others for settings.
        os.environ["COMP_LINE"] = f"{program} {typed}"
        import_module(f"recsys.cli.{name}").main(words)
    elif name in COMMANDS:
        last = "" if typed.endswith(" ") else typed.split(" ")[-1]
        keys = import_module(f"recsys.cli.{name}").KEYS
        say(*[f"{key}=" for key in keys if key.startswith(last)])
