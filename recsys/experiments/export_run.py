"""Exports a run, refitted on all events, as an artifact for serving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.fingerprint import fingerprint
from recsys.data.identity import merge_identities
from recsys.data.source import load_tables
from recsys.errors import InputError
from recsys.experiments.calibration import fit_calibrator
from recsys.experiments.config import Settings
from recsys.experiments.rerun import refuse_changed, settings_of_run, split_of_run
from recsys.experiments.run import data_counts
from recsys.exporting.contents import contents_of, vectors_of
from recsys.exporting.exportable import refuse_unexportable
from recsys.exporting.fidelity import fidelity
from recsys.exporting.moments import moments_of, with_moments
from recsys.exporting.policy import CompiledPolicy, with_policy
from recsys.models.resumable import resuming
from recsys.ops.work_folder import work_folder
from recsys.serving.artifact.contents import Contents
from recsys.serving.artifact.index import Kind, require_usable
from recsys.serving.artifact.precision import Precision
from recsys.serving.storage import require_free, write
from recsys.tracking.environment import git_commit, versions
from recsys.tracking.metrics_json import plain
from recsys.tracking.read import TrackedRun


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """How an artifact is made.

    Attributes:
        dim: number of columns of the vectors of a model without inner products; more columns
            reproduce its scores more closely.
        fidelity_customers: number of customers on whom exact and exported lists are compared.
        k: length of the lists that are compared.
        index: how products are searched in serving, see `recsys.serving.artifact.index`.
        precision: number type of the vectors, see `recsys.serving.artifact.precision`.
        calibrate: whether to fit the model on train once more, for probabilities beside scores.
        policy: name of a shipped policy, or a .yaml file, that the artifact decides by; None for
            none. The model is fitted on train once more, for acceptance odds.
        moments: label of past sessions, from which the moment of one under way is told; None for
            none.
        allow: packages beside recsys whose classes may be built.
    """

    dim: int = 256
    fidelity_customers: int = 1000
    k: int = 10
    index: Kind = "exact"
    precision: Precision = "float32"
    calibrate: bool = False
    policy: str | None = None
    moments: str | None = None
    allow: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Exported:
    """A summary of the artifact.

    Attributes:
        customers, products: number of each.
        offers: number of offers of the firm; 0 where each product is its own offer.
        fidelity: mean overlap of exact and exported lists, 1 where they are equal.
        rounding: mean overlap of lists from float32 vectors and from vectors of `precision`.
        calibration: facts of `recsys.experiments.calibration`; None without `calibrate`.
        acceptance: facts of `recsys.exporting.acceptance_odds`; None without a policy.
        product_columns: column of the products -> how it is used for new products.
        no_fresh_events: why the artifact takes no events after the export; None where it does.
    """

    customers: int
    products: int
    offers: int
    fidelity: float
    rounding: float
    calibration: Mapping[str, Any] | None
    acceptance: Mapping[str, Any] | None
    product_columns: Mapping[str, str]
    no_fresh_events: str | None


def export(run: TrackedRun, folder: Path, config: ExportConfig, overwrite: bool) -> Exported:
    """Refits a run's settings on all events, valid and test included, and writes the artifact.

    Args:
        run: whose configuration is used, with the settings that its model chose on valid.
        folder: of the artifact.
        config: see `ExportConfig`.
        overwrite: whether to replace an artifact in the folder.

    Raises:
        InputError: the data changed since the run, the model has no vector form, or the folder
            cannot be written.
    """
    # Before the fit, so that a folder that cannot be used costs no training.
    require_free(folder, overwrite)
    require_usable(config.index)
    settings = settings_of_run(run, config.allow)
    try:
        refuse_unexportable(settings.model)
    except InputError as error:
        raise InputError(f"{error}; or choose another run by run=ID") from None
    data = _everything(settings, run)
    # A fit in steps that a kill interrupted goes on.
    with work_folder(folder, f"fits of {run.run_id} on {data.fingerprint}", "out") as fits:
        contents, overlaps = _contents(run, settings, data, config, fits)
        write(folder, contents, overwrite, config.index, config.precision)
    facts = contents.facts
    return Exported(
        customers=len(data.customers),
        products=len(data.products),
        offers=contents.counts["offers"],
        fidelity=overlaps[f"overlap@{config.k}"],
        rounding=overlaps[f"overlap@{config.k} with float32"],
        calibration=facts.get("calibration"),
        acceptance=facts.get("acceptance"),
        product_columns=facts.get("product_columns", {}),
        no_fresh_events=facts["fresh_events"].get("because"),
    )


def _contents(
    run: TrackedRun, settings: Settings, data: Dataset, config: ExportConfig, fits: Path
) -> tuple[Contents, Mapping[str, float]]:
    """What the artifact holds, and the overlaps of its lists with the exact ones."""
    compiled = None if config.policy is None else CompiledPolicy.of(config.policy, data)
    told = None if config.moments is None else moments_of(data, config.moments)
    model = resuming(settings.model, fits / "all_events").fit(data)
    vectors, fold_in = vectors_of(model, config.dim)
    contents = contents_of(model, vectors, fold_in, data, _facts(run, settings, data))
    overlaps = fidelity(
        model.score, contents, config.precision, config.fidelity_customers, config.k
    )
    facts: dict[str, Any] = {**contents.facts, "fidelity": overlaps}
    calibrator = None
    if config.calibrate or compiled is not None:
        split = split_of_run(run, config.allow)
        past_model = resuming(settings_of_run(run, config.allow).model, fits / "before_valid").fit(
            split.valid.past
        )
        if config.calibrate:
            calibrator, facts["calibration"] = fit_calibrator(
                past_model.score, split.valid, config.k
            )
    contents = with_moments(replace(contents, facts=facts, calibrator=calibrator), told)
    if compiled is not None:
        contents = with_policy(contents, compiled, model, data, past_model, split, dim=config.dim)
    return contents, overlaps


def _everything(settings: Settings, run: TrackedRun) -> Dataset:
    """All events, identities merged by all links."""
    checked = check_tables(load_tables(settings.source))
    as_in_run = merge_identities(
        checked, settings.identity, settings.splitter.first_cutoff(settings.source)
    )
    refuse_changed(run, fingerprint(settings.source, as_in_run))
    return build(settings.source, merge_identities(checked, settings.identity))


def _facts(run: TrackedRun, settings: Settings, data: Dataset) -> dict[str, Any]:
    metrics = run.metrics_json
    return {
        "model": run.model,
        "settings": plain(settings.config["model"]),
        "data": {"name": data.name, "fingerprint": run.fingerprint},
        "trained_on": data_counts(data),
        "fitted_on": "all events, valid and test included",
        "as_of": data.as_of_seconds if data.clock == "timestamp" else data.as_of,
        "clock": data.clock,
        "split": run.split,
        "metrics": {part: metrics[part] for part in ("valid", "test") if part in metrics},
        "git_commit": git_commit(),
        "versions": versions(),
        "mlflow_run_id": run.run_id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
