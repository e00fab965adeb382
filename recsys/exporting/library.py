"""Exporting a model that was fitted in a notebook or a script, without a run."""

import copy
import inspect
import math
import os
import warnings
from collections.abc import Mapping
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.data.dataset import Dataset
from recsys.data.queries import Split
from recsys.errors import InputError
from recsys.evaluation.evaluate_model import Evaluation
from recsys.exporting.contents import contents_of, vectors_of
from recsys.exporting.exportable import refuse_unexportable
from recsys.exporting.fidelity import fidelity
from recsys.exporting.moments import moments_of, with_moments
from recsys.exporting.policy import CompiledPolicy, with_policy
from recsys.models.base import Recommender, TunesItself
from recsys.models.device import Device
from recsys.policy.rules.policy import Policy
from recsys.serving.storage import require_free, write
from recsys.tracking.environment import git_commit, versions

DIM = 256
"""Columns kept of a filter, which has no vectors of its own."""

_LISTS, _CUSTOMERS = 10, 1000


def export(
    model: Recommender,
    data: Dataset,
    folder: str | os.PathLike[str],
    overwrite: bool = False,
    evaluations: Mapping[str, Evaluation] | None = None,
    policy: Policy | str | Path | None = None,
    split: Split | None = None,
    moments: str | None = None,
) -> Path:
    """Writes a fitted model and its data as an artifact that serving loads.

    Warns if the model can be folded in and its artifact cannot take fresh events all the same.

    Args:
        model: fitted on `data`: usually on all events, after it was chosen on a split.
        data: the data set.
        folder: where to write the artifact; parent folders are created.
        overwrite: whether an existing artifact may be replaced.
        evaluations: name of a window, such as "valid", to what `evaluate` returned for the same
            model fitted on the past of that window; the metrics go into the manifest and the model
            card.
        policy: the policy that the artifact decides by: a shipped one such as "market", a .yaml
            file, or what `recsys.policy.rules.read.read_policy` returned; None for none.
        split: of `data`, for a policy. A copy of the model is fitted on its train part, and
            acceptance odds on the decisions that were logged in its valid window.
        moments: label of past sessions, from which the moment of one under way is told, as for
            `recsys.journeys.micro_moments.observe`; None for no moments.

    Returns:
        The folder.

    Raises:
        InputError: the model lacks a method that export needs, or was not fitted on `data`; the
            policy has a fault, or no split beside it; `moments` is no label; or the folder is
            taken. Nothing is written then.
    """
    refuse_unexportable(model)
    fitted_data(model, data)
    target = Path(folder)
    require_free(target.resolve(), overwrite)
    compiled = None if policy is None else CompiledPolicy.of(policy, data)
    told = None if moments is None else moments_of(data, moments)
    vectors, fold_in = vectors_of(model, DIM)
    facts = {**facts_of(model, data), "metrics": _metrics(evaluations or {})}
    contents = contents_of(model, vectors, fold_in, data, facts)
    fresh = contents.facts["fresh_events"]
    if fold_in is not None and not fresh["taken"]:
        name, because = type(model).__name__, fresh["because"]
        warnings.warn(f"the artifact of {name} takes no fresh events: {because}", stacklevel=2)
    if compiled is not None:
        contents = with_policy(contents, compiled, model, data, *_on_train(model, split), dim=DIM)
    contents = with_moments(contents, told)
    measured = fidelity(model.score, contents, "float32", _CUSTOMERS, _LISTS)
    contents = replace(contents, facts={**contents.facts, "fidelity": measured})
    write(target, contents, overwrite)
    return target


def _on_train(model: Recommender, split: Split | None) -> tuple[Recommender, Split]:
    """A copy of the model fitted on the train part, and the split."""
    if split is None:
        raise InputError(
            "split: expected the split whose valid window shows what customers accept, got none; "
            "say export(..., policy=..., split=TimeSplit(...).split(data))"
        )
    return copy.deepcopy(model).fit(split.valid.past), split


def fitted_data(model: Any, data: Dataset | None = None) -> Dataset:
    """The data that a model was fitted on.

    Args:
        model: any model. If it has no attribute `fitted_data`, `data` are returned unchecked.
        data: the data that it should be; None for any.

    Raises:
        InputError: the model is not fitted, or on other data.
    """
    name, fitted = type(model).__name__, getattr(model, "fitted_data", None)
    if fitted is None:
        if data is not None and not hasattr(model, "fitted_data"):
            return data
        raise InputError(f"{name} is not fitted; call fit(data) first")
    assert isinstance(fitted, Dataset)
    if data is not None and not _same(fitted, data):
        raise InputError(
            f"{name} was fitted on other data or on a part of these; call fit(data) with the data "
            "to be exported"
        )
    return fitted


def facts_of(model: Any, data: Dataset) -> Mapping[str, Any]:
    """What the manifest and the model card say of the model and its data."""
    return {
        "model": type(model).__name__,
        "settings": _settings(model),
        "data": {"name": data.name, "fingerprint": data.fingerprint},
        "trained_on": {
            "interactions": len(data.interactions),
            "customers": len(data.customers),
            "products": len(data.products),
            "touchpoints": len(data.touchpoints),
        },
        "fitted_on": "the data given to export",
        "as_of": data.as_of_seconds if data.clock == "timestamp" else data.as_of,
        "clock": data.clock,
        "git_commit": git_commit(),
        "versions": versions(),
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def _settings(model: Any) -> dict[str, Any]:
    """The arguments of the constructor that the model keeps or has chosen, as JSON keeps them."""
    chosen = model.chosen if isinstance(model, TunesItself) else {}
    kept = {
        name: chosen[name] if name in chosen else getattr(model, name)
        for name in inspect.signature(type(model)).parameters
        if name in chosen or hasattr(model, name)
    }
    return {name: _plain(value) for name, value in kept.items()}


def _metrics(evaluations: Mapping[str, Evaluation]) -> dict[str, Any]:
    return {
        part: {metric: _plain(asdict(interval)) for metric, interval in result.metrics.items()}
        for part, result in evaluations.items()
    }


def _plain(value: Any) -> Any:
    """A value as JSON keeps it; an object, such as an objective, by the name of its class."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Device):
        return value.kind
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value if isinstance(value, bool | int | float | str | None) else type(value).__name__


def _same(first: Dataset, second: Dataset) -> bool:
    return first is second or (
        first.fingerprint == second.fingerprint
        and len(first.interactions) == len(second.interactions)
        and first.as_of == second.as_of
    )
