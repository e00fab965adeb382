"""What commands import and prepare at their first use, done once."""

import gc
import os
import sys
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

sys.path.insert(0, str(Path(__file__).parent))
os.environ["OMP_NUM_THREADS"] = "1"

import implicit.als  # noqa: F401
import matplotlib.backends.backend_agg  # noqa: F401
import mlflow.store.tracking.sqlalchemy_store  # noqa: F401
import optuna  # noqa: F401
import pandera.strategies.pandas_strategies  # noqa: F401
import pyarrow.parquet  # noqa: F401
import script_runner  # noqa: F401
import torch  # noqa: F401
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from mlflow.utils.requirements_utils import warn_dependency_requirement_mismatches
from sqlalchemy.orm import configure_mappers

import recsys

for module in walk_packages(recsys.__path__, "recsys."):
    if not module.name.startswith(("recsys.__main__", "recsys.testing")):
        import_module(module.name)
Plugins.instance()
OverridesParser.create().parse_overrides(["model=als", "data.events=1"])
configure_mappers()
warn_dependency_requirement_mismatches(["numpy"])  # reads what every package installed
# A collection in a fork would write to every page with an object, and so copy it.
gc.collect()
gc.freeze()
