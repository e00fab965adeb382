"""What is exported is what the model would have said, for 1,000 customers."""

from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from hydra import compose, initialize_config_dir
from in_memory import dataset_of
from omegaconf import OmegaConf

from recsys.data.check import check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.fingerprint import fingerprint
from recsys.data.identity import IdentityRules, merge_identities
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.evaluation.full_ranking import mask
from recsys.experiments.config import PARTS
from recsys.experiments.export_run import ExportConfig, export
from recsys.experiments.rerun import valid_of_run
from recsys.exporting.offers import offer_table
from recsys.models.als import ALS
from recsys.models.base import Recommender
from recsys.models.graph_filter import GraphFilter
from recsys.models.popularity import Popularity
from recsys.models.segment import Segment
from recsys.ops.topk import topk
from recsys.serving import load
from recsys.serving.artifact.precision import PRECISIONS
from recsys.simulation import SimulatedMarket
from recsys.tracking.read import TrackedRun

CONF = Path(__file__).parents[2] / "conf"
EVENTS, CUSTOMERS, K = 30_000, 1_000, 10


@pytest.fixture(scope="module")
def market() -> Dataset:
    """All events, as export fits them."""
    source = SimulatedMarket(events=EVENTS)
    tables = check_tables(source.load())
    return build(source, merge_identities(tables, IdentityRules()))


def finished_run(model: str, chosen: dict[str, Any], *overrides: str) -> TrackedRun:
    with initialize_config_dir(str(CONF), version_base="1.3"):
        config = compose("config", [f"model={model}", f"data.events={EVENTS}", *overrides])
    config.names = {"data": "simulated", "split": "time", "model": model, "experiment": None}
    source = SimulatedMarket(events=EVENTS)
    tables = check_tables(source.load())
    known = merge_identities(tables, IdentityRules(), TimeSplit().first_cutoff(source))
    interval = {"mean": 0.2, "low": 0.1, "high": 0.3, "customers": 5}
    run = SimpleNamespace(
        run_id="0123456789abcdef",
        model=model,
        data="simulated",
        split="time: valid from 2025-08-01, test from 2025-10-01",
        fingerprint=fingerprint(source, known),
        config=OmegaConf.to_container(
            OmegaConf.masked_copy(config, [*PARTS, "allow", "names"]), resolve=True
        ),
        metrics_json={"chosen": chosen, "valid": {"ndcg@10": interval}},
    )
    return cast(TrackedRun, run)


CASES: dict[str, tuple[Recommender, dict[str, Any], list[str]]] = {
    "als": (ALS(dim=16, epochs=5), {}, ["model.dim=16", "model.epochs=5"]),
    # At the rank of the catalogue nothing is lost in factors.
    "graph_filter": (
        GraphFilter(
            history_exponent=0.7, candidate_exponent=0.3, low_pass=0.2, self_weight=0.1, dim=32
        ),
        {"history_exponent": 0.7, "candidate_exponent": 0.3, "low_pass": 0.2, "self_weight": 0.1},
        ["model.dim=32"],
    ),
    "segment": (Segment(), {}, []),
    "popularity": (Popularity(), {}, []),
}


@pytest.mark.parametrize("name", CASES)
def test_offers_from_the_artifact_are_those_of_the_model(
    name: str, market: Dataset, tmp_path: Path
) -> None:
    model, chosen, overrides = CASES[name]
    run = finished_run(name, chosen, *overrides)
    exported = export(run, tmp_path / "artifact", ExportConfig(dim=1000), overwrite=False)
    artifact = load(tmp_path / "artifact")
    assert exported.fidelity > 0.999
    customers = np.random.default_rng(0).permutation(len(market.customers))[:CUSTOMERS]
    lists = artifact.recommend_many(market.customers.ids[customers], K, at="as_of")
    exact = model.fit(market).score(customers)
    assert market.as_of is not None
    mask(exact, market.eligible(market.as_of, market.as_of + 1), None)
    wanted = topk(exact, K)
    ids = np.asarray(artifact.contents.products.ids, dtype=object)[lists.columns]
    rows = market.products.rows(ids.ravel()).reshape(ids.shape)
    # Equal up to ties: at every place the score of what is offered is the score that belongs there.
    offered = np.take_along_axis(exact, rows, axis=1)
    scale = np.abs(wanted.scores).max()
    np.testing.assert_allclose(offered, wanted.scores, atol=2e-5 * scale)
    if name == "als":
        assert (rows == wanted.columns).mean() > 0.999


def test_seen_and_rejected_products_are_exported_as_seen(market: Dataset, tmp_path: Path) -> None:
    export(finished_run("popularity", {}), tmp_path / "a", ExportConfig(), overwrite=False)
    contents = load(tmp_path / "a").contents
    events = market.interactions
    used = events.products >= 0
    pairs = np.unique(events.customers[used].astype(np.int64) * 10_000 + events.products[used])
    assert contents.events.customers is not None
    assert len(contents.events.customers) == len(pairs)


def test_a_network_that_knows_touchpoints_takes_fresh_events(
    market: Dataset, tmp_path: Path
) -> None:
    actions = "model.actions={view: 1, click: 1, cart: 1, accept: 1, purchase: 2, reject: -0.5}"
    settings = ("model.epochs=2", "model.dim=8", "model.half_life=60", actions)
    export(finished_run("touchpoint_gnn", {}, *settings), tmp_path / "a", ExportConfig(), False)
    artifact = load(tmp_path / "a")
    contents = artifact.contents
    assert contents.touchpoints.vectors is not None
    assert contents.fold_in.rest is not None
    # Behind what folds in stand the two ones that biases are multiplied by.
    np.testing.assert_array_equal(contents.fold_in.rest, [1, 1])
    product = contents.products.ids[int(np.argmax(np.bincount(contents.events.products)))]
    answer = artifact.recommend_events([(product, "purchase")], k=K, at="as_of")
    assert len(answer.offers) == K
    assert {offer.touchpoint for offer in answer.offers} <= set(contents.touchpoints.names)
    assert {reason.action for offer in answer.offers for reason in offer.reasons} == {"purchase"}
    # One product alone points the same way, however much it counts.
    once, twice = (artifact.fold_in([(product, action)]) for action in ("view", "purchase"))
    np.testing.assert_allclose(once, twice, atol=1e-5)
    # An event that counts nothing leaves a customer where the own ones put them.
    own = int(np.argmax(np.bincount(contents.events.customers)))
    mine = contents.events.customers == own
    rows = contents.events.products[mine]
    summed = contents.events.weights[mine] @ contents.fold_in.factors[rows]
    folded = artifact.fold_in([(product, 0.0)], customer_id=contents.customers.ids[own])
    np.testing.assert_allclose(folded[:-2], summed / np.linalg.norm(summed), atol=1e-4)


def test_changed_data_are_refused(tmp_path: Path) -> None:
    run = finished_run("popularity", {})
    run.config["data"]["seed"] = 1
    with pytest.raises(InputError, match="not what run 01234567 was measured on"):
        export(run, tmp_path / "a", ExportConfig(), overwrite=False)
    assert not (tmp_path / "a").exists()


def test_a_smaller_form_says_what_it_lost(tmp_path: Path) -> None:
    run = finished_run("own_history", {})
    exported = export(run, tmp_path / "a", ExportConfig(dim=8), overwrite=False)
    assert 0 < exported.fidelity < 0.9
    written = load(tmp_path / "a").facts["fidelity"]
    assert written["overlap@10"] == pytest.approx(exported.fidelity)


def test_fewer_bytes_say_what_they_lost(tmp_path: Path) -> None:
    run = finished_run("als", {}, "model.dim=16", "model.epochs=5")
    kept = {}
    for precision in PRECISIONS:
        config = ExportConfig(precision=precision)
        kept[precision] = export(run, tmp_path / precision, config, overwrite=False).rounding
        fidelity = load(tmp_path / precision).facts["fidelity"]
        assert fidelity["precision"] == precision
        assert fidelity["overlap@10 with float32"] == kept[precision]
        assert fidelity["customers"] == CUSTOMERS
    assert kept["float32"] == 1
    assert 0.94 < kept["int8"] < kept["float16"]


def test_the_firm_s_offers_go_along(market: Dataset, tmp_path: Path) -> None:
    run = finished_run("als", {}, "model.dim=16", "model.epochs=2")
    exported = export(run, tmp_path / "a", ExportConfig(), overwrite=False)
    artifact, table = load(tmp_path / "a"), market.side_tables["offers"]
    assert exported.offers == table["offer_id"].nunique() == 480
    customer = artifact.contents.customers.ids[3]
    when = table["valid_from"].max()
    for offer in artifact.recommend_offers(customer, 5, at=when.to_pydatetime()).offers:
        line = table[table["offer_id"] == offer.offer_id].iloc[0]
        assert line["valid_from"] <= when < line["valid_to"]
        assert offer.products == [line["product_id"]]
        assert offer.variant == line["variant"]


def test_an_offer_of_several_lines_and_products() -> None:
    data = dataset_of(
        {
            "customer_id": ["ann", "ann", "bob"],
            "product_id": ["p", "q", "r"],
            "touchpoint": ["app", "web", "web"],
        },
        {
            "offers": {
                "offer_id": ["two", "two", "two", "new", "far", "two"],
                "product_id": ["p", "q", "q", "never sold", "r", "r"],
                "touchpoint": ["app", "app", "app", None, "moon", None],
            }
        },
    )
    table = offer_table(data)
    assert table is not None
    assert table.ids.tolist() == ["two", "new", "far", "two"]
    names = [sorted(data.products.ids[table.products[a:b]]) for a, b in pairwise(table.starts)]
    assert names == [["p", "q"], ["never sold"], ["r"], ["r"]]
    app, moon = data.touchpoints.rows(["app", "moon"])
    assert table.touchpoints.tolist() == [app, -1, moon, -1]
    assert table.variants is None
    assert table.valid(0).all()


def test_probabilities_are_of_everybody_known_before_valid(tmp_path: Path) -> None:
    run = finished_run("als", {}, "model.dim=16", "model.epochs=5")
    export(run, tmp_path / "a", ExportConfig(calibrate=True), overwrite=False)
    artifact = load(tmp_path / "a")
    about, window = artifact.facts["calibration"], valid_of_run(run)
    assert about["customers"] == (window.past.history_lengths > 0).sum()
    assert about["customers"] > len(window.queries)
    # Most customers take nothing in two months, and fewer still what is listed.
    assert 0 < about["rate"] < 0.05
    assert about["ece"] < about["rate"]
    chances = [
        offer.probability
        for customer in artifact.contents.customers.ids[:50]
        for offer in artifact.recommend(customer, 10, at="as_of", explain=0).offers
    ]
    assert all(chance is not None and 0 < chance < 1 for chance in chances)
    assert np.mean(chances) == pytest.approx(about["rate"], rel=1)


def test_a_policy_decides_by_odds_of_the_decisions_logged_in_valid(tmp_path: Path) -> None:
    run = finished_run("als", {}, "model.dim=8", "model.epochs=3")
    config = ExportConfig(policy="market", calibrate=True)
    exported = export(run, tmp_path / "a", config, overwrite=False)
    artifact = load(tmp_path / "a")
    facts = artifact.facts["acceptance"]
    assert exported.acceptance == facts
    assert facts["decisions"] > 500
    assert facts["ece"] < 0.15
    assert artifact.facts["calibration"]["rate"] > 0
    # What is expected of the best offers is what the odds say, and no rule is broken.
    decision = artifact.decide(artifact.contents.customers.ids[0], "web", at="2025-12-15T12:00")
    assert decision.policy == "market"
    assert all(offer.expected_value > 0 for offer in decision.offers)
    unknown = finished_run("als", {}, "model.dim=8")
    with pytest.raises(InputError, match="policy: expected one of"):
        export(unknown, tmp_path / "b", ExportConfig(policy="nowhere"), overwrite=False)
    assert not (tmp_path / "b").exists()
