"""The chosen run, refitted on everything, as an artifact for serving."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys.arrays import IntArray
from recsys.data import columns
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build, fingerprint
from recsys.data.identity import merge_identities
from recsys.data.interactions import seconds
from recsys.errors import InputError
from recsys.evaluate.topk import topk
from recsys.experiment.again import refuse_changed, settings_again
from recsys.experiment.config import Settings
from recsys.experiment.run import facts
from recsys.graph.bipartite import action_weights, interaction_matrix
from recsys.models.base import (
    EmbeddingRecommender,
    Embeddings,
    FilterRecommender,
    FoldIn,
    Recommender,
)
from recsys.models.factorise import factorise
from recsys.models.touchpoint_preference import overall_shares, with_touchpoints
from recsys.policy.consent import consent_mask
from recsys.serve.artifact import require_free, write
from recsys.serve.contents import Contents
from recsys.serve.index import Kind, require_usable
from recsys.track.environment import git_commit, versions
from recsys.track.read import TrackedRun
from recsys.track.record import plain

_JOURNEY = {"view": 0, "click": 1, "cart": 2, "accept": 3, "purchase": 4}
"""How far along each positive action is; the others are never a reason for an offer."""


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """How an artifact is made.

    Attributes:
        dim: columns kept of a model without inner products; more is closer and larger.
        fidelity_customers: customers on whom exact and exported lists are compared.
        k: length of the lists compared.
        index: how products are searched in serving, see `recsys.serve.index`.
    """

    dim: int = 256
    fidelity_customers: int = 1000
    k: int = 10
    index: Kind = "exact"


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        customers, products: rows of the artifact.
        fidelity: mean overlap of exact and exported lists, 1 where nothing was lost.
    """

    customers: int
    products: int
    fidelity: float


def export(run: TrackedRun, folder: Path, config: ExportConfig, overwrite: bool) -> Exported:
    """Refits a run's settings on all events, valid and test included, and writes the artifact.

    Args:
        run: whose configuration, with what its model chose on valid, is used.
        folder: where to.
        config: see `ExportConfig`.
        overwrite: replace an artifact that lies there.

    Raises:
        InputError: the data changed since the run, the model has no vector form, or the folder
            cannot be written.
    """
    # Before the fit: a folder that is taken should not cost anybody a training.
    require_free(folder, overwrite)
    require_usable(config.index)
    settings = settings_again(run)
    data = _everything(settings, run)
    model = settings.model.fit(data)
    vectors, fold_in = vectors_of(model, config.dim)
    fidelity = overlap(model, vectors, data, config)
    about = _facts(run, settings, data) | {
        "fidelity": {
            f"overlap@{config.k}": fidelity,
            "customers": min(config.fidelity_customers, len(data.customers)),
        }
    }
    contents = contents_of(model, vectors, fold_in, data, about)
    write(folder, contents, overwrite=overwrite, index_kind=config.index)
    return Exported(customers=len(data.customers), products=len(data.products), fidelity=fidelity)


def contents_of(
    model: Recommender,
    vectors: Embeddings,
    fold_in: FoldIn | None,
    data: Dataset,
    about: Mapping[str, Any],
) -> Contents:
    """What serving needs of a fitted model, its vectors and its data."""
    contents = _contents(data, with_touchpoints(vectors, data), fold_in, about)
    return replace(contents, **_rule(model, vectors, fold_in, data))


def _everything(settings: Settings, run: TrackedRun) -> Dataset:
    """All events, with all identity links known by now."""
    checked = check_tables(settings.source.load())
    known_then = merge_identities(
        checked, settings.identity, settings.splitter.first_cutoff(settings.source)
    )
    refuse_changed(run, fingerprint(settings.source, known_then))
    return build(settings.source, merge_identities(checked, settings.identity))


def _facts(run: TrackedRun, settings: Settings, data: Dataset) -> dict[str, Any]:
    metrics = run.metrics_json
    return {
        "model": run.model,
        "settings": plain(settings.config["model"]),
        "data": {"name": data.name, "fingerprint": run.fingerprint},
        "trained_on": facts(data),
        "fitted_on": "all events, valid and test included",
        "as_of": data.as_of,
        "clock": data.clock,
        "split": run.split,
        "metrics": {part: metrics[part] for part in ("valid", "test") if part in metrics},
        "git_commit": git_commit(),
        "versions": versions(),
        "mlflow_run_id": run.run_id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }


def overlap(model: Recommender, vectors: Embeddings, data: Dataset, config: ExportConfig) -> float:
    """Mean share of the exact top k that the exported vectors give too, over seeded customers."""
    count = min(config.fidelity_customers, len(data.customers))
    customers = np.random.default_rng(0).permutation(len(data.customers))[:count]
    shared = 0
    for rows in np.array_split(customers, max(1, count // 256)):
        exact = topk(model.score(rows), config.k).columns
        exported = topk(vectors.customers[rows] @ vectors.products.T, config.k).columns
        shared += sum(np.isin(a, b).sum() for a, b in zip(exact, exported, strict=True))
    return float(shared) / (count * min(config.k, len(data.products)))


def vectors_of(model: Recommender, dim: int) -> tuple[Embeddings, FoldIn | None]:
    """The vectors, of at most `dim` columns where a filter is factorised, and how to fold in."""
    if isinstance(model, EmbeddingRecommender):
        return model.embeddings(), model.fold_in()
    if isinstance(model, FilterRecommender):
        factors = factorise(model, dim)
        return factors.embeddings, factors.fold_in
    raise InputError(
        f"{type(model).__name__} has neither vectors nor a filter; it cannot be exported"
    )


def _contents(
    data: Dataset, vectors: Embeddings, fold_in: FoldIn | None, about: Mapping[str, Any]
) -> Contents:
    catalogue = _products(data)
    return Contents(
        customers=vectors.customers,
        products=vectors.products,
        touchpoints=vectors.touchpoints,
        customer_ids=data.customers.ids,
        product_ids=data.products.ids,
        touchpoint_names=[str(name) for name in data.touchpoints.ids],
        product_names=_texts(catalogue, "name"),
        product_categories=_texts(catalogue, columns.CATEGORY),
        product_valid_from=_moments(catalogue, columns.VALID_FROM, np.iinfo(np.int64).min),
        product_valid_to=_moments(catalogue, columns.VALID_TO, np.iinfo(np.int64).max),
        consent=consent_mask(data) if len(data.touchpoints) else None,
        masks_seen=data.masks_seen,
        **_events(data, fold_in),
        facts=about,
    )


def _products(data: Dataset) -> pd.DataFrame:
    table = data.side_tables.get("products")
    if table is None:
        return pd.DataFrame(index=pd.Index(data.products.ids))
    return table.set_index(columns.PRODUCT).reindex(data.products.ids)


def _texts(about: pd.DataFrame, column: str) -> list[str] | None:
    if column not in about:
        return None
    return [str(value) for value in about[column].astype(object).where(about[column].notna(), "")]


def _moments(about: pd.DataFrame, column: str, open_end: int) -> IntArray | None:
    if column not in about:
        return None
    moments: IntArray = np.where(about[column].notna(), seconds(about[column]), open_end)
    return moments


def _events(data: Dataset, fold_in: FoldIn | None) -> dict[str, Any]:
    """One event a customer-product pair, with the weight the model gave the pair.

    The pair is described by the event furthest along the journey (a purchase before a click), the
    latest of those. Pairs that the model did not learn from (a rejected offer) weigh 0: they count
    as seen.
    """
    events, width = data.interactions, len(data.products)
    used = np.flatnonzero(events.products >= 0)
    keys = events.customers[used].astype(np.int64) * width + events.products[used]
    strength = np.array([_JOURNEY.get(action, -1) for action in columns.ACTIONS])
    # Events are in order of time, so their position breaks ties towards the latest.
    order = np.lexsort((used, strength[events.actions[used]], keys))
    pairs, count = np.unique(keys, return_counts=True)
    latest = used[order][np.cumsum(count) - 1]
    found: dict[str, Any] = {
        "event_customers": events.customers[latest],
        "event_products": events.products[latest],
        "event_weights": np.zeros(len(pairs), np.float32),
        "event_actions": events.actions[latest],
        "event_action_names": list(columns.ACTIONS),
        "event_touchpoints": events.touchpoints[latest],
        "event_when": None if events.when is None else events.when[latest],
    }
    if fold_in is None:
        return found
    history = fold_in.history
    rows = np.repeat(np.arange(history.shape[0]), np.diff(history.indptr))
    places = np.searchsorted(pairs, rows * width + history.indices)
    found["event_weights"][places] = history.data
    return found | {"fold_in_products": fold_in.products, "fold_in_gram": fold_in.gram}


def _rule(
    model: Recommender, vectors: Embeddings, fold_in: FoldIn | None, data: Dataset
) -> dict[str, Any]:
    """How fresh events weigh; empty where the formula does not give the model's own weights."""
    if fold_in is None:
        return {}
    actions, half_life = getattr(model, "actions", None), getattr(model, "half_life", None)
    counted = interaction_matrix(data, actions=actions, half_life=half_life)
    degrees, history = counted.sum(axis=1, dtype=np.float64), fold_in.history
    if not np.array_equal(counted.indices, history.indices) or counted.shape != history.shape:
        return {}
    factor = np.where(degrees > 0, degrees, 1.0) ** -fold_in.exponent
    scale = 1.0 if fold_in.scale is None else fold_in.scale[counted.indices]
    weights = fold_in.offset + scale * counted.data * np.repeat(factor, np.diff(counted.indptr))
    if not np.allclose(weights, history.data, rtol=1e-4):
        return {}
    rest = vectors.customers[:, fold_in.products.shape[1] :]
    if vectors.touchpoints is not None or (rest != rest[:1]).any():
        return {}
    preference = np.log(overall_shares(data)) if len(data.touchpoints) else np.zeros(0)
    return {
        "fold_in_actions": action_weights(actions),
        "fold_in_rule": np.array([fold_in.offset, fold_in.exponent, fold_in.unit], np.float32),
        "fold_in_scale": fold_in.scale,
        "fold_in_rest": np.concatenate([rest[0], preference, np.zeros(len(preference))]).astype(
            np.float32
        ),
        "fold_in_degrees": degrees.astype(np.float32) if fold_in.exponent else None,
    }
