"""The chosen run, refitted on everything, as an artifact for serving."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build, fingerprint
from recsys.data.identity import merge_identities
from recsys.experiments.calibration import calibrated
from recsys.experiments.config import Settings
from recsys.experiments.rerun import refuse_changed, settings_of_run
from recsys.experiments.run import facts
from recsys.exporting.contents import contents_of, vectors_of
from recsys.exporting.exportable import refuse_unexportable
from recsys.exporting.fidelity import fidelity
from recsys.serving.artifact.index import Kind, require_usable
from recsys.serving.artifact.precision import Precision
from recsys.serving.storage import require_free, write
from recsys.tracking.environment import git_commit, versions
from recsys.tracking.read import TrackedRun
from recsys.tracking.record import plain


@dataclass(frozen=True, kw_only=True)
class ExportConfig:
    """How an artifact is made.

    Attributes:
        dim: columns kept of a model without inner products; more is closer and larger.
        fidelity_customers: customers on whom exact and exported lists are compared.
        k: length of the lists compared.
        index: how products are searched in serving, see `recsys.serving.artifact.index`.
        precision: in what numbers vectors are kept, see `recsys.serving.artifact.precision`.
        calibrate: whether to fit the model on train once more, for probabilities beside scores.
        allow: packages beside recsys whose classes the run may name.
    """

    dim: int = 256
    fidelity_customers: int = 1000
    k: int = 10
    index: Kind = "exact"
    precision: Precision = "float32"
    calibrate: bool = False
    allow: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class Exported:
    """What was written.

    Attributes:
        customers, products: rows of the artifact.
        offers: of the firm; 0 where each product is its own offer.
        fidelity: mean overlap of exact and exported lists, 1 where nothing was lost.
        rounding: mean overlap of lists of float32 vectors and of those kept.
        calibration: see `recsys.experiments.calibration`; None where it was not asked for.
        product_columns: column of the products -> what became of it for products yet to come.
        no_fresh_events: why the artifact takes no events after the export; None where it does.
    """

    customers: int
    products: int
    offers: int
    fidelity: float
    rounding: float
    calibration: Mapping[str, Any] | None
    product_columns: Mapping[str, str]
    no_fresh_events: str | None


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
    settings = settings_of_run(run, config.allow)
    refuse_unexportable(settings.model)
    data = _everything(settings, run)
    model = settings.model.fit(data)
    vectors, fold_in = vectors_of(model, config.dim)
    contents = contents_of(model, vectors, fold_in, data, _facts(run, settings, data))
    measured = fidelity(
        model.score, contents, config.precision, config.fidelity_customers, config.k
    )
    more: dict[str, Any] = {"fidelity": measured}
    calibrator = None
    if config.calibrate:
        calibrator, more["calibration"] = calibrated(run, config.k, config.allow)
    contents = replace(contents, facts={**contents.facts, **more}, calibrator=calibrator)
    write(folder, contents, overwrite, config.index, config.precision)
    return Exported(
        customers=len(data.customers),
        products=len(data.products),
        offers=contents.counts["offers"],
        fidelity=measured[f"overlap@{config.k}"],
        rounding=measured[f"overlap@{config.k} with float32"],
        calibration=more.get("calibration"),
        product_columns=contents.facts.get("product_columns", {}),
        no_fresh_events=contents.facts["fresh_events"].get("because"),
    )


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
        "as_of": data.as_of_seconds if data.clock == "timestamp" else data.as_of,
        "clock": data.clock,
        "split": run.split,
        "metrics": {part: metrics[part] for part in ("valid", "test") if part in metrics},
        "git_commit": git_commit(),
        "versions": versions(),
        "mlflow_run_id": run.run_id,
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
    }
