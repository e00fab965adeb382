"""One run: load -> split -> fit -> evaluate -> record."""

from dataclasses import replace
from pathlib import Path

from recsys.data.audit import Audit
from recsys.data.check import check_and_count
from recsys.data.dataset import Dataset, build
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.queries import Queries, Split
from recsys.data.source import Source, load_tables
from recsys.data.splitter import Splitter
from recsys.evaluation.evaluate import measure, refuse_unknown
from recsys.evaluation.windows import WindowResult, cost_of_age, pooled, pooled_intervals
from recsys.experiments.config import Settings
from recsys.experiments.cost import Stopwatch, peak_memory_mb, reset_peak_memory
from recsys.experiments.processes import refuse_several
from recsys.experiments.rolling import (
    earlier_windows,
    fit_earlier,
    folder_of,
    name_of,
    result_of,
)
from recsys.experiments.validator import Validator
from recsys.models.base import (
    Checkpointable,
    Tells,
    TunesItself,
    UsesColumns,
    derived_of,
)
from recsys.models.device import device_of
from recsys.models.resumable import resuming
from recsys.tracking.record import RunRecord


def run(settings: Settings, checkpoints: Path | None = None) -> RunRecord:
    """Fits on train and reports valid; with `evaluate.test` refits on both and reads test.

    Args:
        settings: of the run.
        checkpoints: folder that fits are saved to and resumed from, for models that can.

    Raises:
        InputError: the data cannot be used, or a setting does not fit them.
    """
    reset_peak_memory()
    watch = Stopwatch()
    with watch.stage("load"):
        data, split, audit = prepare(settings.source, settings.splitter, settings.identity)
        refuse_unknown(split.valid.past, settings.evaluate)
    _refuse_several(settings)
    earlier: list[WindowResult] = []
    if split.earlier:
        kept = checkpoints and folder_of(checkpoints, settings, data.fingerprint, split)
        earlier = earlier_windows(settings, split, audit, kept, watch)
    model = resuming(settings.model, checkpoints)
    validator = Validator(split.valid.queries, settings.evaluate)
    with watch.stage("fit"):
        model.fit(split.valid.past, validator)
    with watch.stage("evaluate"):
        audit.fit("valid", derived_of(model))
        in_slices = not split.earlier
        valid = measure(model.score, split.valid, settings.evaluate, in_slices=in_slices)
    test = None
    if settings.evaluate.test:
        with watch.stage("load"):
            audit.window("test")
        with watch.stage("refit"):
            model.fit(split.test.past)
        with watch.stage("evaluate"):
            audit.fit("test", derived_of(model))
            test = measure(model.score, split.test, settings.evaluate)
    windows = [*earlier, result_of(split.valid, valid, {})] if earlier else []
    return RunRecord(
        model=settings.names["model"],
        data_name=data.name,
        fingerprint=data.fingerprint,
        split=split.description,
        seed=settings.seed,
        device=device_of(model).kind,
        device_reason=device_of(model).reason,
        config=settings.config,
        chosen=dict(model.chosen) if isinstance(model, TunesItself) else {},
        curve=validator.curve,
        losses=dict(model.losses) if isinstance(model, Checkpointable) else {},
        valid=pooled(windows) if windows else valid.per_query,
        valid_intervals=(
            pooled_intervals(windows, settings.evaluate) if windows else valid.intervals
        ),
        windows=windows,
        cost_of_age=cost_of_age(windows, settings.evaluate) if windows else {},
        test=test.per_query if test else None,
        test_intervals=test.intervals if test else None,
        slices=valid.slices,
        seconds=watch.seconds,
        cpu_seconds=watch.cpu_seconds,
        peak_memory_mb=peak_memory_mb(),
        customer_ids=data.customers.ids,
        data_facts=data_counts(data),
        notes=[*(model.notes if isinstance(model, Tells) else ()), *_notes(split), *id_notes(data)],
        features=dict(model.columns_used) if isinstance(model, UsesColumns) else {},
        certificate=audit.certificate,
    )


def fit_only(settings: Settings, checkpoints: Path) -> None:
    """The fits of `run` without the evaluation, for all but the first of several processes."""
    data, split, _ = prepare(settings.source, settings.splitter, settings.identity)
    _refuse_several(settings)
    if split.earlier:
        kept = folder_of(checkpoints, settings, data.fingerprint, split)
        fit_earlier(settings, split, kept)
    model = resuming(settings.model, checkpoints)
    model.fit(split.valid.past, Validator(split.valid.queries, settings.evaluate))
    if settings.evaluate.test:
        model.fit(split.test.past)


def load(
    source: Source, splitter: Splitter, identity: IdentityRules | None = None
) -> tuple[Dataset, Split]:
    """The data and its split, as from `prepare`."""
    data, split, _ = prepare(source, splitter, identity)
    return data, split


def prepare(
    source: Source, splitter: Splitter, identity: IdentityRules | None = None
) -> tuple[Dataset, Split, Audit]:
    """Loads, checks and splits the data; merges identities by the links before the first cut-off.

    Args:
        source: of the tables.
        splitter: into train, valid and test.
        identity: which links count; the default rules where None.

    Returns:
        data, split, and the audit that found no leak in the merge, in valid and in earlier windows.

    Raises:
        InputError: the tables cannot be used or split, or they leak.
    """
    checked, counts = check_and_count(load_tables(source))
    merged = merge_identities(checked, identity or IdentityRules(), splitter.first_cutoff(source))
    data = replace(build(source, merged), known_ids=counts)
    split = splitter.split(data, source)
    audit = Audit(checked, merged, data, split)
    # All before the first fit, so that a window that cannot be used costs no training.
    for window in split.earlier:
        audit.window(name_of(window), window)
    audit.window("valid")
    return data, split, audit


def query_notes(queries: Queries) -> list[str]:
    """Notes on the customers of the metrics: those that are left out, and those without events."""
    notes, count = [], len(queries)
    if queries.left_out:
        notes.append(
            f"{count:,} of {count + queries.left_out:,} customers are evaluated: the others took "
            "only products that had left their lists (data.filter_seen)"
        )
    new = int((queries.history == 0).sum())
    if new:
        notes.append(
            f"{new:,} of {count:,} evaluated customers had no event before: ranked by popularity, "
            "or by their features where the model uses them"
        )
    return notes


def id_notes(data: Dataset) -> list[str]:
    """Notes on tables with ids that have no event, or without ids that do."""
    return [line for counts in data.known_ids if (line := counts.line())]


def data_counts(data: Dataset) -> dict[str, int]:
    """Rows of a data set, by table, as MLflow and the manifest hold them."""
    return {
        "interactions": len(data.interactions),
        "customers": len(data.customers),
        "products": len(data.products),
        "touchpoints": len(data.touchpoints),
    }


def _notes(split: Split) -> list[str]:
    """Notes on the customers of the metrics; of several windows only that there are several."""
    if not split.earlier:
        return query_notes(split.valid.queries)
    return [
        f"valid has the queries of all {len(split.earlier) + 1} windows; a model was fitted "
        "before each of them; settings in use are of the last; slices are not measured"
    ]


def _refuse_several(settings: Settings) -> None:
    if not isinstance(settings.model, Checkpointable):
        refuse_several(settings.names["model"])
