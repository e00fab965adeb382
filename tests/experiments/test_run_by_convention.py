"""Runs whose metrics are those of other libraries, from the command line to stored results."""

from dataclasses import replace

import numpy as np
import pytest
from test_conf import composed
from test_run import settings

from recsys.data.queries import Queries
from recsys.errors import InputError
from recsys.evaluation.config import MeasureConfig
from recsys.evaluation.conventions.table import LIBRARIES
from recsys.evaluation.evaluate import measure
from recsys.evaluation.intervals import lift
from recsys.experiments.config import settings_from
from recsys.experiments.run import prepare, run
from recsys.experiments.validator import Validator
from recsys.models.popularity import Popularity
from recsys.tracking.metrics_json import metrics_json
from recsys.tracking.names import intervals_of, tracked_intervals
from recsys.tracking.record import RunRecord

KS = (5, 10)


@pytest.fixture(scope="module")
def ours() -> RunRecord:
    return run(settings(Popularity(), "popularity", ks=KS, metrics=("precision", "ndcg")))


def by(library: str, **changes: object) -> RunRecord:
    return run(
        settings(
            Popularity(), "popularity", ks=KS, metrics=("precision", "ndcg"), convention=library,
            **changes,
        )
    )  # fmt: skip


def test_metrics_have_the_library_in_front(ours: RunRecord) -> None:
    record = by("rectools")
    wanted = [f"rectools.{name}" for name in ours.valid_intervals]
    document = metrics_json(record, "id")
    assert list(document["valid"]) == wanted
    assert record.per_query_tables()["valid"].columns[2:].tolist() == wanted
    assert intervals_of("valid", tracked_intervals("valid", record.valid_intervals)) == (
        record.valid_intervals
    )
    # RecTools divides by the gain of k relevant products.
    assert record.valid_intervals["rectools.ndcg@10"].mean < ours.valid_intervals["ndcg@10"].mean


def test_the_command_line_takes_the_names_without_the_library() -> None:
    read = settings_from(composed("model=popularity", "evaluate.convention=lenskit"))
    assert read.evaluate.metric == "lenskit.ndcg@10"
    # Stored settings are read again, and results are looked up by this name.
    assert read.config["evaluate"]["metric"] == "lenskit.ndcg@10"
    assert read.config["evaluate"]["metrics"] == ["recall", "ndcg"]
    assert replace(read.evaluate, test=True).metrics == read.evaluate.metrics


@pytest.mark.parametrize("library", LIBRARIES)
def test_every_library_can_be_asked_for(library: str) -> None:
    words = [f"evaluate.convention={library}", "evaluate.metrics=[precision,ndcg]"]
    assert settings_from(composed("model=popularity", *words)).evaluate.choosable


def test_what_a_library_lacks_is_refused_before_the_data_are_read() -> None:
    for words, message in (
        (
            ["evaluate.convention=spark", "evaluate.metrics=[mrr,ndcg]"],
            "got mrr; set evaluate.metr",
        ),
        (["evaluate.convention=surprise"], "evaluate.convention: expected recbole, .* or null"),
        (["evaluate.without_test=one"], "evaluate.without_test: expected leave_out, zero or null"),
    ):
        with pytest.raises(InputError, match=message):
            settings_from(composed("model=popularity", *words))


def test_customers_without_test_products_count_zero(ours: RunRecord) -> None:
    record = by("torchmetrics")
    mean, own = record.valid_intervals["torchmetrics.ndcg@10"], ours.valid_intervals["ndcg@10"]
    everybody = len(record.valid.customers)
    assert len(set(record.valid.customers)) == everybody == mean.customers > own.customers
    assert mean.mean == pytest.approx(own.mean * own.customers / everybody)
    assert (record.valid.history[own.customers :] > 0).all()
    zero = run(
        settings(
            Popularity(), "popularity", ks=KS, metrics=("ndcg", "novelty", "auc", "r_precision"),
            without_test="zero",
        )
    )  # fmt: skip
    assert zero.valid_intervals["ndcg@10"].mean == pytest.approx(mean.mean)
    assert zero.valid_intervals["r_precision"].customers == everybody
    for name in ("novelty@10", "auc"):
        assert zero.valid_intervals[name].customers <= own.customers
    # Slices are of customers with something to find.
    assert zero.slices["history"]["hot"]["ndcg@10"].customers <= own.customers


def test_a_ratio_of_sums_has_the_interval_of_the_ratio() -> None:
    source = settings(Popularity(), "popularity", ks=KS)
    _, split, _ = prepare(source.source, source.splitter)
    window = split.valid
    model = Popularity().fit(window.past)
    config = MeasureConfig(ks=(10,), metrics=("precision",), convention="implicit")
    found = measure(model.score, window, config, in_slices=True)
    plain = measure(model.score, window, MeasureConfig(ks=(10,), metrics=("precision",)))
    hits = plain.per_query.values["precision@10"] * 10
    most = np.minimum(np.diff(window.queries.relevant.indptr), 10).astype(float)
    wanted = lift(hits, most, window.queries.customers)
    interval = found.intervals["implicit.precision@10"]
    assert interval.mean == pytest.approx(hits.sum() / most.sum())
    width = wanted.high - wanted.low
    assert abs(interval.low - wanted.low) < 0.05 * width
    assert abs(interval.high - wanted.high) < 0.05 * width
    hot = window.queries.history >= config.hot_from
    assert found.slices["history"]["hot"]["implicit.precision@10"].mean == pytest.approx(
        hits[hot].sum() / most[hot].sum()
    )


def test_models_are_chosen_on_customers_with_test_products() -> None:
    source = settings(
        Popularity(), "popularity", ks=KS, metrics=("ndcg",), convention="torchmetrics"
    )
    _, split, _ = prepare(source.source, source.splitter)
    queries: Queries = split.valid.queries
    model = Popularity().fit(split.valid.past)
    ours = settings(Popularity(), "popularity", ks=KS, metrics=("ndcg",))
    chosen = Validator(queries, source.evaluate)(model.score)
    assert chosen == pytest.approx(Validator(queries, ours.evaluate)(model.score))
