"""Runs scripts in this process as a shell would see them: code, both streams, warnings.

A process for each, with all its imports, would take minutes.
"""

import runpy
import sys
import traceback
import warnings
from collections.abc import Callable
from functools import cache
from pathlib import Path

import pytest
from hydra import compose, initialize_config_dir
from hydra.core.global_hydra import GlobalHydra
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from recsys.cli.launch import as_input_errors
from recsys.ops.terminal import exit_on_input_error

SCRIPTS = Path(__file__).parents[1] / "scripts"
CONF = SCRIPTS.parent / "conf"

_FOR_DEVELOPERS = DeprecationWarning, PendingDeprecationWarning, ImportWarning, ResourceWarning
"""What Python does not print by itself."""


def run_script(name: str, *words: str, cwd: Path) -> int:
    """The exit code; what the script says goes to stdout and stderr."""
    path = SCRIPTS / f"{name}.py"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        patch.setattr(sys, "argv", [path.name, *words])
        # Scripts set this one for good.
        patch.setenv("HYDRA_FULL_ERROR", "1")
        code = _exit_code(lambda: runpy.run_path(str(path), run_name="__main__"))
    GlobalHydra.instance().clear()
    return code


def run_train_job(*words: str, cwd: Path) -> int:
    """As scripts/train.py, but composes equal words once: Hydra takes longer than all the rest."""
    train = runpy.run_path(str(SCRIPTS / "train.py"))["train"]

    def job() -> None:
        with exit_on_input_error(), as_input_errors():
            config = _composed(words)
            HydraConfig.instance().set_config(config)
            train(OmegaConf.masked_copy(config, [key for key in config if key != "hydra"]))

    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(cwd)
        code = _exit_code(job)
    HydraConfig.instance().cfg = None
    return code


@cache
def _composed(words: tuple[str, ...]) -> DictConfig:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        run = "hydra.runtime.output_dir=outputs/job"
        return compose("config", [*words, run], return_hydra_config=True)


def _exit_code(run: Callable[[], object]) -> int:
    with warnings.catch_warnings():
        warnings.resetwarnings()
        for quiet in _FOR_DEVELOPERS:
            warnings.simplefilter("ignore", quiet)
        warnings.showwarning = _print_warning
        try:
            run()
        except SystemExit as ended:
            return ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        except BaseException:
            traceback.print_exc()
            return 1
    return 0


def _print_warning(message: Warning | str, category: type[Warning], *_: object) -> None:
    sys.stderr.write(f"{category.__name__}: {message}\n")
