"""Purposes: strands by what events are for, on hand-made shops and on the market."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from in_memory import at
from sklearn.metrics import adjusted_rand_score

from benchmarks.purposes import continued
from recsys.cli.purposes import main
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.exporting.library import export
from recsys.journeys.purposes.communities import communities, journey_graph
from recsys.journeys.purposes.model import PurposeModel
from recsys.journeys.purposes.next_offers import next_offers
from recsys.journeys.purposes.rules import rule_strands
from recsys.journeys.purposes.stability import stability
from recsys.journeys.purposes.tables import event_table, strand_table
from recsys.models.als import ALS
from recsys.simulation.source import SimulatedMarket
from recsys.simulation.true_purposes import with_true_purposes

PRODUCTS = pd.DataFrame(
    {"product_id": ["loan a", "loan b", "card a", "card b"],
     "category": ["loan", "loan", "card", "card"], "name": ["<script>loan", "L", "C", "D"]}
)  # fmt: skip


@pytest.fixture(scope="module")
def market() -> tuple[Dataset, np.ndarray]:
    return with_true_purposes(SimulatedMarket(events=20_000, seed=1))


def shop(customers: int = 30, end: str = "2025-12-31") -> Dataset:
    """Customers who look at loans every ten days and at cards in between, then buy a card."""
    rows = []
    start = pd.Timestamp("2025-01-01", tz="UTC")
    for person in range(customers):
        for step in range(4):
            at = start + pd.Timedelta(days=person + 10 * step)
            rows += [(person, f"loan {'ab'[step % 2]}", "view", at),
                     (person, f"card {'ab'[step % 2]}", "purchase" if step == 3 else "view",
                      at + pd.Timedelta(days=3))]  # fmt: skip
    rows.append((customers, None, "contact", pd.Timestamp(end, tz="UTC")))
    names = ["customer_id", "product_id", "action", "timestamp"]
    return Dataset.from_frames(pd.DataFrame(rows, columns=names), products=PRODUCTS)


def index(truth: np.ndarray, strands: np.ndarray) -> float:
    return float(adjusted_rand_score(truth[truth >= 0], strands[truth >= 0]))


def test_interleaved_strands_are_told_apart() -> None:
    data = shop()
    model = PurposeModel().fit(data)
    strands = model.assign(data)
    table = strand_table(model, strands, data)
    assert table.groupby("customer_id").size().tolist() == [2] * 30
    assert table.groupby("purpose")["visits"].agg(set).to_dict() == {"card": {4}, "loan": {4}}
    assert set(zip(table["purpose"], table["stage"], strict=True)) == {
        ("loan", "know"), ("card", "bought"),
    }  # fmt: skip
    events = event_table(model, strands, data)
    assert len(events) == 240
    assert events["probability"].between(0.5, 1).all()


@pytest.mark.parametrize(("column", "least"), [("category", 0.86), (None, 0.82)])
def test_strands_of_the_market_are_found_again_better_than_by_rules(
    column: str | None, least: float, market: tuple[Dataset, np.ndarray]
) -> None:
    data, truth = market
    if column is None:
        bare = data.side_tables["products"][["product_id", "valid_from", "valid_to"]]
        data = replace(data, side_tables={**data.side_tables, "products": bare})
    model = PurposeModel(column=column).fit(data)
    found = index(truth, model.assign(data).of_event)
    assert found >= least
    category = PurposeModel().fit(market[0]).tree.purpose
    rules = rule_strands(market[0], truth >= 0, category)
    best = max(index(truth, cut) for cut in rules.values())
    assert best > 0.8
    assert column is None or found > best
    # What the market was made of: three in four visits go on, none after a purchase.
    assert model.renewal.returns == pytest.approx([0.75, 0.75, 0.75, 0.0], abs=0.08)


def test_probabilities_are_shares(market: tuple[Dataset, np.ndarray]) -> None:
    data, truth = market
    strands = PurposeModel().fit(data).assign(data)
    said, right, _ = continued(data, truth, strands)
    for low, high in ((0.5, 0.7), (0.7, 0.9), (0.9, 1.0)):
        cut = (said >= low) & (said <= high)
        assert right[cut].mean() == pytest.approx(said[cut].mean(), abs=0.08)


def test_truth_is_of_visits_alone(market: tuple[Dataset, np.ndarray]) -> None:
    data, truth = market
    own = data.interactions.has_action(("view", "click", "cart", "purchase"))
    assert not (truth >= 0)[~own].any()
    assert (truth >= 0)[data.interactions.products < 0].sum() == 0
    # A purpose is of one customer.
    owners = pd.Series(data.interactions.customers[truth >= 0]).groupby(truth[truth >= 0])
    assert (owners.nunique() == 1).all()
    assert data.interactions.weights is None


def test_neither_later_events_nor_the_order_of_rows_change_strands() -> None:
    data = shop()
    moment = at("2025-02-15")
    before = data.before(moment)
    model = PurposeModel().fit(before)
    expected = strand_table(model, model.assign(before), before)
    past = shop(customers=30, end="2026-06-30").before(moment)
    other = PurposeModel().fit(past)
    pd.testing.assert_frame_equal(expected, strand_table(other, other.assign(past), past))


def test_fresh_events_get_the_strand_that_they_have_among_all(
    market: tuple[Dataset, np.ndarray],
) -> None:
    data, _ = market
    model = PurposeModel().fit(data)
    everyone = model.assign(data)
    assert data.as_of is not None
    for customer in range(0, len(data.customers), 40):
        rows = np.flatnonzero(data.interactions.customers == customer)
        mine = model.assign_events(data.interactions.select(rows), data.as_of)
        expected = everyone.of_event[rows]
        assert ((mine.of_event >= 0) == (expected >= 0)).all()
        assert adjusted_rand_score(mine.of_event, expected) == pytest.approx(1.0)


def test_communities_do_not_depend_on_row_numbers(market: tuple[Dataset, np.ndarray]) -> None:
    data, truth = market
    vertex = np.arange(len(data.products))
    graph = journey_graph(data, truth >= 0, vertex, 100.0)
    rank = np.argsort(np.argsort(data.products.ids.astype(str)))
    found = communities(graph, rank)
    shuffled = np.random.default_rng(0).permutation(len(vertex))
    moved = communities(graph[shuffled][:, shuffled], rank[shuffled])
    np.testing.assert_array_equal(found[shuffled], moved)
    sizes = np.bincount(found[found >= 0])
    weight = np.bincount(found[found >= 0], np.asarray(graph.sum(axis=1)).ravel()[found >= 0])
    assert (np.diff(weight) <= 1e-3).all()
    assert len(sizes) > 15


def test_strands_are_stable(market: tuple[Dataset, np.ndarray]) -> None:
    data, _ = market
    found = stability(
        data, lambda seed, order: PurposeModel(column=None, seed=seed, shuffle=order),
        seeds=2, orders=2,
    )  # fmt: skip
    assert min(found.seeds, found.orders, found.halves) >= 0.8


def test_the_offer_for_a_strand_is_of_its_purpose() -> None:
    purpose_of = np.array([0, 0, 1, 1])
    scores = np.array([[1.0, 2.0, 9.0, 3.0], [4.0, 0.0, 1.0, 2.0]])
    products, best = next_offers(
        lambda customers: scores[customers], np.array([0, 0, 1, 1]), np.array([0, 1, 0, 2]),
        purpose_of, np.array([True, True, False, True]),
    )  # fmt: skip
    assert products.tolist() == [1, 3, 0, -1]
    np.testing.assert_array_equal(best, [2.0, 3.0, 4.0, np.nan])


def test_a_product_without_a_score_is_no_offer() -> None:
    products, best = next_offers(
        lambda customers: np.array([[1.0, -np.inf]])[customers], np.array([0, 0]), np.array([0, 1]),
        np.array([0, 1]), np.array([True, True]),
    )  # fmt: skip
    assert products.tolist() == [0, -1]
    np.testing.assert_array_equal(best, [1.0, np.nan])


def test_the_command_gives_open_strands_the_offer_of_an_artifact(tmp_path: Path) -> None:
    data = Dataset.from_source(SimulatedMarket(events=1_000))
    artifact = export(ALS(dim=8, epochs=2).fit(data), data, tmp_path / "artifact")
    out = tmp_path / "s.parquet"
    main(["data.events=1000", f"artifact={artifact}", f"out={out}"])
    table = pd.read_parquet(out)
    is_open = table["comes_back"] >= 0.1
    assert is_open.any()
    assert (table.loc[~is_open, "offer"] == "").all()
    products = data.side_tables["products"].set_index("product_id")["category"]
    assert (products[table.loc[is_open, "offer"]].to_numpy() == table.loc[is_open, "purpose"]).all()
    assert table.loc[is_open, "offer_score"].notna().all()


def test_one_strand_in_all_is_one_strand() -> None:
    rows = pd.DataFrame(
        {"customer_id": ["ann"] * 3, "product_id": ["p"] * 3, "action": ["view"] * 3,
         "timestamp": ["2026-01-01", "2026-01-05", "2026-01-09"]}
    )  # fmt: skip
    data = Dataset.from_frames(rows)
    model = PurposeModel(column=None).fit(data)
    assert (model.tree.names, model.tree.chosen) == (("p",), None)
    assert model.assign(data).of_event.tolist() == [0, 0, 0]


def test_positions_of_an_order_count_as_days() -> None:
    rows = pd.DataFrame(
        {"customer_id": np.arange(40) % 4, "product_id": np.arange(40) % 8,
         "action": "purchase", "order": np.arange(40) * 10}
    )  # fmt: skip
    data = Dataset.from_frames(rows)
    model = PurposeModel(column=None).fit(data)
    table = strand_table(model, model.assign(data), data)
    assert table["last_event"].max() == 390
    assert table["silence"].min() == 1


def test_published_test_rows_without_a_time_have_no_strand() -> None:
    rows = pd.DataFrame(
        {"customer_id": ["a"] * 3, "product_id": ["p", "p", "q"], "action": ["view"] * 3,
         "timestamp": ["2026-01-01", "2026-01-05", None], "part": ["train", "train", "test"]}
    )  # fmt: skip
    data = Dataset.from_frames(rows)
    model = PurposeModel(column=None).fit(data)
    strands = model.assign(data)
    assert strands.of_event.tolist() == [0, 0, -1]
    assert strands.silence[0] < 1


@pytest.mark.parametrize(
    ("rows", "column", "said"),
    [
        ([("a", None, "view", "2026-01-01")], None, r"interactions: purposes need events with"),
        ([("a", "p", "ignore", "2026-01-01")], None, r"the data have ignore, none of them so"),
        ([("a", "p", "view", None)], None, r"interactions: purposes need a column timestamp"),
        ([("a", "p", "view", "2026-01-01")], "category", r"column: expected a column of products"),
    ],
)  # fmt: skip
def test_what_cannot_have_purposes_is_refused_in_a_line(
    rows: list[tuple[str, str | None, str, str | None]], column: str | None, said: str
) -> None:
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "action", "timestamp"])
    if table["timestamp"].isna().all():
        table = table.drop(columns="timestamp")
    with pytest.raises(InputError, match=said) as refused:
        PurposeModel(column=column).fit(Dataset.from_frames(table))
    assert "\n" not in str(refused.value)


def test_the_command_writes_strands_events_and_a_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, events, page = tmp_path / "s.parquet", tmp_path / "e.csv", tmp_path / "p.html"
    main(["data.events=3000", "column=null", f"out={out}", f"events={events}", f"page={page}"])
    shown = capsys.readouterr().out
    assert "How strands go on" in shown
    table, rows = pd.read_parquet(out), pd.read_csv(events)
    key = ["customer_id", "strand"]
    assert not table.duplicated(key).any()
    assert rows.merge(table, on=key, how="left")["visits"].notna().all()
    assert "Partitions of the graph of products" in page.read_text()
    main(["data.events=3000", f"customer={table['customer_id'].iloc[0]}"])
    assert "next milestone" in capsys.readouterr().out


def test_the_page_escapes_names_of_products(tmp_path: Path) -> None:
    folder, page = tmp_path / "shop", tmp_path / "p.html"
    folder.mkdir()
    data = shop(8)
    events = data.interactions
    assert events.when is not None
    keep = events.products >= 0
    pd.DataFrame(
        {"customer_id": data.customers.ids[events.customers[keep]],
         "product_id": data.products.ids[events.products[keep]],
         "action": "view", "timestamp": pd.to_datetime(events.when[keep], unit="us", utc=True)}
    ).to_parquet(folder / "interactions.parquet")  # fmt: skip
    PRODUCTS.to_parquet(folder / "products.parquet")
    main(["data=files", f"data.root={folder}", "column=name", f"page={page}"])
    assert "&lt;script&gt;loan" in page.read_text()
    assert "<script>" not in page.read_text()


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["customer=nobody"], r"customer: expected one of the \d+ customers of simulated"),
        (["column=colour"], r"column: expected a column of products, got 'colour'"),
        (["open=2"], r"open: expected a number from 0 to 1, got '2'"),
        (["out=strands.txt"], r"expected a name that ends in \.parquet or \.csv"),
        (["artifact=nowhere"], r"nowhere"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_refused_in_a_line(words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        main(["data.events=1000", *words])


def test_a_customer_without_events_is_said_to_have_none(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    pd.DataFrame(
        {"customer_id": ["a", "a", "b"], "product_id": ["p", "q", None], "action": ["view"] * 3,
         "timestamp": pd.to_datetime(["2026-01-01", "2026-01-02", "2026-01-03"], utc=True)}
    ).to_parquet(folder / "interactions.parquet")  # fmt: skip
    with pytest.raises(InputError, match="customer: 'b' has no event with a product"):
        main(["data=files", f"data.root={folder}", "column=null", "customer=b"])
