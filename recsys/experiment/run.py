"""One run: load -> split -> fit -> evaluate -> record."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from recsys.arrays import FloatArray, IntArray
from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.queries import Queries, Split, Window
from recsys.data.source import Source
from recsys.data.split import Splitter
from recsys.evaluate.intervals import Interval, bootstrap
from recsys.evaluate.per_query import (
    SLICES,
    EvaluateConfig,
    PerQuery,
    evaluate,
    history_slices,
)
from recsys.experiment.config import Settings
from recsys.experiment.measure import Stopwatch, peak_memory_mb, reset_peak_memory
from recsys.models.base import Chooses, Recommender, Validate
from recsys.track.record import RunRecord

CHOICE_QUERIES = 5_000
"""Valid queries that a model's own choices are made on: enough to rank settings, quick enough."""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """Metrics of one window."""

    per_query: PerQuery
    intervals: dict[str, Interval]


def run(settings: Settings) -> RunRecord:
    """Fits on train and reports valid; with `evaluate.test` refits on both and reads test."""
    reset_peak_memory()
    watch = Stopwatch()
    with watch.stage("load"):
        data, split = load(settings.source, settings.splitter, settings.identity)
    model = settings.model
    with watch.stage("fit"):
        model.fit(split.valid.past, validator(split.valid.queries, settings.evaluate))
    with watch.stage("evaluate"):
        valid = measure(model, split.valid, settings.evaluate)
    test = None
    if settings.evaluate.test:
        with watch.stage("refit"):
            model.fit(split.test.past)
        with watch.stage("evaluate"):
            test = measure(model, split.test, settings.evaluate)
    return RunRecord(
        model=settings.names["model"],
        data_name=data.name,
        fingerprint=data.fingerprint,
        split=split.description,
        seed=settings.seed,
        device=_device(model)[0],
        device_reason=_device(model)[1],
        config=settings.config,
        chosen=dict(model.chosen) if isinstance(model, Chooses) else {},
        valid=valid.per_query,
        valid_intervals=valid.intervals,
        test=test.per_query if test else None,
        test_intervals=test.intervals if test else None,
        slices=slices(valid.per_query, settings.evaluate),
        seconds=watch.seconds,
        peak_memory_mb=peak_memory_mb(),
        customer_ids=data.customers.ids,
        data_facts=facts(data),
        notes=notes(split.valid.queries),
    )


def load(
    source: Source, splitter: Splitter, identity: IdentityRules | None = None
) -> tuple[Dataset, Split]:
    """The data, checked, identities merged as known at the first cut-off, and its split."""
    tables = check_tables(source.load())
    rules = identity or IdentityRules()
    tables = merge_identities(tables, rules, splitter.first_cutoff(source))
    data = build(source, tables)
    return data, splitter.split(data, source)


def validator(queries: Queries, config: EvaluateConfig) -> Validate:
    """Asks for the mean of `config.metric` over a fixed sample of the queries."""
    rows = np.random.default_rng(0).permutation(len(queries))[:CHOICE_QUERIES]
    sample = queries.select(np.sort(rows))
    name, _, k = config.metric.partition("@")

    def quality(score: Callable[[IntArray], FloatArray]) -> float:
        found = evaluate(score, sample, [int(k)], progress=False, metrics=[name])
        return float(found.values[config.metric].mean())

    return quality


def measure(model: Recommender, window: Window, config: EvaluateConfig) -> Measured:
    """Every metric of a fitted model on a window, with intervals over customers."""
    per_query = evaluate(model.score, window.queries, config.ks, metrics=config.metrics)
    intervals = bootstrap(
        per_query.values, per_query.customers, resamples=config.resamples, level=config.level
    )
    return Measured(per_query=per_query, intervals=intervals)


def slices(per_query: PerQuery, config: EvaluateConfig) -> dict[str, dict[str, Interval]]:
    """Metrics with intervals of cold, warm and hot customers, where there are any."""
    place = history_slices(per_query.history, config.warm_from, config.hot_from)
    found = {}
    for code, name in enumerate(SLICES):
        rows = place == code
        if rows.any():
            values = {metric: value[rows] for metric, value in per_query.values.items()}
            found[name] = bootstrap(
                values,
                per_query.customers[rows],
                resamples=config.resamples,
                level=config.level,
            )
    return found


def notes(queries: Queries) -> list[str]:
    """What a reader of the valid metrics has to know."""
    if not queries.left_out:
        return []
    asked = len(queries)
    return [
        f"{asked:,} of {asked + queries.left_out:,} customers asked: the others took only products "
        "they had seen in any way before (data.masks_seen)"
    ]


def facts(data: Dataset) -> dict[str, int]:
    """Counts that describe a data set in MLflow and in the manifest."""
    return {
        "interactions": len(data.interactions),
        "customers": len(data.customers),
        "products": len(data.products),
        "touchpoints": len(data.touchpoints),
    }


def _device(model: Recommender) -> tuple[str, str]:
    device = getattr(model, "device", None)
    if device is None:
        return "cpu", "the model has no GPU form"
    return device.kind, device.reason
