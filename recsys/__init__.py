"""From events to the next best offer: one graph, many models, honest comparison, one artifact.

`dir(recsys)` is the table of contents. Each name is imported when it is first used, so that
`import recsys` costs nothing. PyTorch is loaded by what computes with it: the networks, and
`GraphFilter`, `SpectralFilter` and `TouchpointFilter` for sparse products; by `ALS` on a GPU only.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from recsys.data.dataset import Dataset
    from recsys.data.rolling import RollingSplit
    from recsys.data.split import GivenSplit, LeaveLastOut, TimeSplit
    from recsys.errors import InputError
    from recsys.evaluation.compare_models import compare
    from recsys.evaluation.evaluate_model import evaluate
    from recsys.evaluation.off_policy.compare import compare_policies
    from recsys.evaluation.off_policy.evaluate_policy import evaluate_policy
    from recsys.evaluation.off_policy.log import LoggedDecisions
    from recsys.exporting.library import export
    from recsys.exporting.refresh.refresh import refresh
    from recsys.models.als import ALS
    from recsys.models.auto import Auto
    from recsys.models.blend import Blend
    from recsys.models.ease import EASE
    from recsys.models.graph_filter import GraphFilter
    from recsys.models.item_knn import ItemKNN
    from recsys.models.lightgcn import LightGCN
    from recsys.models.own_history import OwnHistory
    from recsys.models.popularity import Popularity
    from recsys.models.rp3beta import RP3Beta
    from recsys.models.segment import Segment
    from recsys.models.simplex import SimpleX
    from recsys.models.slim import SLIM
    from recsys.models.spectral_filter import SpectralFilter
    from recsys.models.touchpoint_filter import TouchpointFilter
    from recsys.models.touchpoint_gnn import TouchpointGNN
    from recsys.models.ultragcn import UltraGCN
    from recsys.models.xsimgcl import XSimGCL
    from recsys.serving.storage import load as load_artifact
    from recsys.simulation.source import SimulatedMarket

__version__ = "0.2.0"

_SOURCES = {
    "ALS": "recsys.models.als",
    "Auto": "recsys.models.auto.auto",
    "Blend": "recsys.models.blend",
    "Dataset": "recsys.data.dataset",
    "EASE": "recsys.models.ease",
    "GivenSplit": "recsys.data.split",
    "GraphFilter": "recsys.models.graph_filter",
    "InputError": "recsys.errors",
    "ItemKNN": "recsys.models.item_knn",
    "LeaveLastOut": "recsys.data.split",
    "LightGCN": "recsys.models.lightgcn",
    "LoggedDecisions": "recsys.evaluation.off_policy.log",
    "OwnHistory": "recsys.models.own_history",
    "Popularity": "recsys.models.popularity",
    "RP3Beta": "recsys.models.rp3beta",
    "RollingSplit": "recsys.data.rolling",
    "SLIM": "recsys.models.slim",
    "Segment": "recsys.models.segment",
    "SimpleX": "recsys.models.simplex",
    "SimulatedMarket": "recsys.simulation.source",
    "SpectralFilter": "recsys.models.spectral_filter",
    "TimeSplit": "recsys.data.split",
    "TouchpointFilter": "recsys.models.touchpoint_filter",
    "TouchpointGNN": "recsys.models.touchpoint_gnn",
    "UltraGCN": "recsys.models.ultragcn",
    "XSimGCL": "recsys.models.xsimgcl",
    "compare": "recsys.evaluation.compare_models",
    "compare_policies": "recsys.evaluation.off_policy.compare",
    "evaluate": "recsys.evaluation.evaluate_model",
    "evaluate_policy": "recsys.evaluation.off_policy.evaluate_policy",
    "export": "recsys.exporting.library",
    "load_artifact": "recsys.serving.storage",
    "refresh": "recsys.exporting.refresh.refresh",
}
"""Public name -> the module that defines it."""

__all__ = [
    "ALS", "EASE", "SLIM", "Auto", "Blend", "Dataset", "GivenSplit", "GraphFilter", "InputError",
    "ItemKNN", "LeaveLastOut", "LightGCN", "LoggedDecisions", "OwnHistory", "Popularity", "RP3Beta",
    "RollingSplit", "Segment", "SimpleX", "SimulatedMarket", "SpectralFilter", "TimeSplit",
    "TouchpointFilter", "TouchpointGNN", "UltraGCN", "XSimGCL", "compare", "compare_policies",
    "evaluate", "evaluate_policy", "export", "load_artifact", "refresh",
]  # fmt: skip


def __getattr__(name: str) -> Any:
    """Imports a public name when it is first used."""
    if name not in _SOURCES:
        raise AttributeError(f"module 'recsys' has no attribute '{name}'")
    value = getattr(import_module(_SOURCES[name]), "load" if name == "load_artifact" else name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
