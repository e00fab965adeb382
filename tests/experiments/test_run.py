"""A run: the same twice, test read only when asked, choices kept in the refit."""

import json
from pathlib import Path

import pytest

from recsys.data.identity import IdentityRules
from recsys.data.split import TimeSplit
from recsys.evaluation.config import EvaluateConfig
from recsys.experiments.config import Settings
from recsys.experiments.run import load, run
from recsys.experiments.validator import Validator
from recsys.models.als import ALS
from recsys.models.base import Recommender
from recsys.models.graph_filter import GraphFilter
from recsys.models.popularity import Popularity
from recsys.models.touchpoint_gnn import TouchpointGNN
from recsys.simulation import SimulatedMarket
from recsys.tracking.metrics_json import metrics_json
from recsys.tracking.runs import TrackConfig

EVENTS = 10_000


def settings(model: Recommender, name: str, **evaluate) -> Settings:
    return Settings(
        source=SimulatedMarket(events=EVENTS),
        splitter=TimeSplit(),
        model=model,
        identity=IdentityRules(),
        evaluate=EvaluateConfig(resamples=200, **evaluate),
        track=TrackConfig(),
        seed=0,
        device="cpu",
        names={"data": "simulated", "split": "time", "model": name},
        config={"seed": 0},
    )


def without_costs(record) -> str:
    document = metrics_json(record, "id")
    del document["seconds"], document["cpu_seconds"], document["peak_memory_mb"]
    return json.dumps(document, sort_keys=True)


def test_the_same_seed_gives_the_same_metrics() -> None:
    first, second = (run(settings(ALS(dim=8, seed=3), "als")) for _ in range(2))
    assert without_costs(first) == without_costs(second)


def test_metrics_have_the_agreed_shape() -> None:
    record = run(settings(Popularity(), "popularity", ks=(5, 10)))
    document = metrics_json(record, "id")
    assert document["model"] == "popularity"
    assert set(document["data"]) == {"name", "fingerprint"}
    assert set(document["valid"]) == {"recall@5", "recall@10", "ndcg@5", "ndcg@10"}
    assert set(document["valid"]["ndcg@10"]) == {"mean", "low", "high", "customers"}
    assert "test" not in document
    assert set(document["seconds"]) == {"load", "fit", "evaluate"}


def test_test_is_read_after_a_refit_that_keeps_the_choice() -> None:
    model = GraphFilter(dim=16)
    record = run(settings(model, "graph_filter", test=True))
    document = metrics_json(record, "id")
    assert set(document["seconds"]) == {"load", "fit", "refit", "evaluate"}
    assert document["test"]["ndcg@10"]["mean"] > 0
    assert record.chosen == dict(model.chosen)
    # The refit saw train and valid: everything before the test cut-off.
    _, split = load(SimulatedMarket(events=EVENTS), TimeSplit())
    assert model.history.sum() > GraphFilter(dim=16).fit(split.valid.past).history.sum()


def test_the_validator_asks_for_the_configured_metric() -> None:
    _, split = load(SimulatedMarket(events=EVENTS), TimeSplit())
    queries = split.valid.queries
    perfect = queries.relevant.toarray().astype("float32")
    row_of = {customer: row for row, customer in enumerate(queries.customers)}
    ask = Validator(queries, EvaluateConfig(metric="ndcg@10"))
    assert ask(lambda rows: perfect[[row_of[row] for row in rows]]) == pytest.approx(1.0)


def test_links_found_after_the_cut_off_are_not_used() -> None:
    source = SimulatedMarket(events=EVENTS)
    _, split = load(source, TimeSplit())
    links = source.load().identities
    cutoff = source.cutoffs.valid_from
    late = links[links["timestamp"] >= cutoff]["id_b"]
    known = set(split.valid.past.customers.ids)
    acting = set(source.load().interactions["customer_id"])
    assert set(late) & acting <= known


def test_an_experiment_file_is_not_needed_to_run_from_python(tmp_path: Path) -> None:
    data, split = load(SimulatedMarket(events=EVENTS), TimeSplit())
    model = Popularity().fit(split.valid.past)
    assert model.score(split.valid.queries.customers[:3]).shape == (3, len(data.products))


def test_a_run_says_what_it_knew_of_customers_and_products() -> None:
    record = run(settings(TouchpointGNN(dim=4, epochs=1), "touchpoint_gnn"))
    document, lines = metrics_json(record, "id"), record.summary().splitlines()
    assert document["features"]["products"]["price"] == "number"
    assert document["features"]["products"]["valid_from"] == "left out: says when it is valid"
    assert any(line.startswith("  features of customers: age (number), income") for line in lines)
    assert any("; left out: name (947 values" in line for line in lines)
    assert document["notes"] == list(record.notes)
    assert any("had no event before: ranked by popularity" in note for note in document["notes"])


def test_a_run_says_what_its_model_tells(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Popularity, "notes", ("counted twice",), raising=False)
    record = run(settings(Popularity(), "popularity"))
    assert record.notes[0] == "counted twice"
    assert "  counted twice" in record.summary().splitlines()


def test_a_run_of_events_alone_says_so() -> None:
    record = run(settings(Popularity(), "popularity"))
    assert metrics_json(record, "id")["features"] == {}
    assert "  features: none reported by popularity" in record.summary().splitlines()
