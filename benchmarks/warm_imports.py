"""What the commands import at their first use, imported once by `benchmarks.warm_commands`."""

import atexit
import gc
import os
from importlib import import_module

os.environ["OMP_NUM_THREADS"] = "1"

import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
import optuna  # noqa: F401
import torch  # noqa: F401
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from sqlalchemy.orm import configure_mappers

from recsys.cli.main import COMMANDS

FURTHER = ("models.lightgcn", "models.popularity", "policy.arbitration.exact")

for module in (*(f"cli.{command}" for command in COMMANDS), *FURTHER):
    import_module(f"recsys.{module}")
Plugins.instance()
OverridesParser.create().parse_overrides(["model=als", "data.events=1"])
configure_mappers()
# The server ends without taking DuckDB apart, which tells of all that is left over. Commands do not
# come here.
atexit.register(os._exit, 0)
# A collection in a fork would write to every page with an object, and so copy it.
gc.collect()
gc.freeze()
