"""`recsys journey_map`: its page, picture and files, hostile names, small markets, and segments."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hostile_names import HOSTILE, is_clean

from recsys.cli.journey_groups import groups_of
from recsys.cli.journey_map import main
from recsys.customers.segments.condition import customers_in
from recsys.data.dataset import Dataset
from recsys.errors import InputError
from recsys.journeys.purposes.model import PurposeModel
from recsys.reports.journey_map.layout import Ribbon, layout
from recsys.reports.journey_map.page import journey_page, journey_text
from recsys.reports.journey_map.picture import overview
from recsys.reports.journey_map.report import JourneyMap

START = pd.Timestamp("2025-01-01", tz="UTC")
NAMES = ["customer_id", "product_id", "touchpoint", "action", "timestamp"]


def shop(categories: list[str], touchpoints: list[str], people: int = 40) -> Dataset:
    """Customers who look twice; the even ones then buy. Language de and fr in turn."""
    rows = []
    for person in range(people):
        for row, _ in enumerate(categories):
            where = touchpoints[(person + row) % len(touchpoints)]
            for step, action in enumerate(("view", "cart", "purchase")[: 3 - person % 2]):
                at = START + pd.Timedelta(days=person + 4 * step + row)
                rows.append((f"c{person}", f"p{row}", where, action, at))
    products = pd.DataFrame(
        {"product_id": [f"p{row}" for row in range(len(categories))], "category": categories}
    )
    customers = pd.DataFrame(
        {
            "customer_id": [f"c{person}" for person in range(people)],
            "language": [("de", "fr")[person % 2] for person in range(people)],
            "age": [20 + person for person in range(people)],
            "vip": [person < 5 for person in range(people)],
        }
    )
    return Dataset.from_frames(
        pd.DataFrame(rows, columns=NAMES), products=products, customers=customers
    )


def mapped(data: Dataset, **given: str) -> JourneyMap:
    model = PurposeModel().fit(data)
    groups, notes = groups_of(given, data, model, 0.1)
    return JourneyMap.of(data, groups, notes=notes, resamples=100)


def test_names_of_data_are_text_on_the_page_and_in_the_picture() -> None:
    names = ["<script>alert(1)</script>", *(name.strip() for name in HOSTILE)]
    report = mapped(shop(names, ["<script>x</script>", "silence", *names[1:5]]))
    page = journey_page(report)
    assert "<script" not in page
    assert "&lt;script&gt;alert(1)" in page
    assert is_clean(page)
    assert is_clean("\n".join(journey_text(report)))
    assert overview(report).startswith(b"\x89PNG")
    compared = mapped(shop(names, ["<script>x</script>", "open", *names[1:]]),
                      segment="language:de", against="rest")  # fmt: skip
    assert "<script" not in journey_page(compared)


def test_a_market_of_one_strand_has_a_page() -> None:
    rows = [
        ("c", "p", "app", "view", START),
        ("c", "p", "app", "view", START + pd.Timedelta(days=9)),
    ]
    products = pd.DataFrame({"product_id": ["p"], "category": ["loan"]})
    data = Dataset.from_frames(pd.DataFrame(rows, columns=NAMES), products=products)
    report = mapped(data)
    assert len(report.first.paths) == 1
    page = journey_page(report)
    assert "1 strands of 1 customers; 0% came to a purchase, " in page
    assert overview(report).startswith(b"\x89PNG")


def test_events_without_touchpoint_stand_at_an_unknown_one() -> None:
    rows = [("c", "p", "view", START), ("d", "p", "purchase", START + pd.Timedelta(days=9))]
    names = [name for name in NAMES if name != "touchpoint"]
    products = pd.DataFrame({"product_id": ["p"], "category": ["loan"]})
    data = Dataset.from_frames(pd.DataFrame(rows, columns=names), products=products)
    assert "unknown touchpoint" in journey_page(mapped(data))


def test_events_without_products_only_are_one_line() -> None:
    table = pd.DataFrame([("c", None, "app", "contact", START)], columns=NAMES)
    products = pd.DataFrame({"product_id": ["p"], "category": ["loan"]})
    with pytest.raises(InputError, match="purposes need events with a product"):
        mapped(Dataset.from_frames(table, products=products))


def test_segments_are_values_of_columns_or_conditions() -> None:
    data = shop(["loan"], ["app"])
    numbers = np.array([int(name[1:]) for name in data.customers.ids])
    for text, wanted in {
        "language:de": numbers % 2 == 0,
        "age:20": numbers == 0,
        "vip:true": numbers < 5,
        "customer.age < 30": numbers < 10,
        "bought(0, 400) > 0 AND customer.vip": (numbers < 5) & (numbers % 2 == 0),
    }.items():
        assert (customers_in("segment", text, data) == wanted).all(), text
    for text, said in {
        "langage:de": "did you mean 'language'",
        "colour:red": "the data have language, age, vip",
        "language:it": "expected a value of language, of which there are 'de', 'fr'",
        "language": "expected language:VALUE",
        "customer.shoe > 40": "shoe",
        "age <": "segment",
    }.items():
        with pytest.raises(InputError, match=said):
            customers_in("segment", text, data)


def test_a_difference_says_what_differs_surely() -> None:
    report = mapped(shop(["loan", "card"], ["app", "web"], 120),
                    segment="language:de", against="language:fr")  # fmt: skip
    page = journey_page(report)
    assert "Journey map of frames: language:de against language:fr" in page
    assert "▲" not in page
    table = report.differences
    assert table is not None
    bought = table[(table["what"] == "reaches") & (table["to_stage"] == "bought")].iloc[0]
    assert (bought["first"], bought["second"], bought["verdict"]) == (1.0, 0.0, "more")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"period": "2025-01-01/2025-02-01", "against_period": "2025-01-20/2025-03-01"},
         "against_period: expected a period that does not overlap 2025-01-01 to 2025-02-01"),
        ({"period": "2025-02-01/2025-01-01"}, "period: expected FROM/TO"),
        ({"period": "soon"}, "period: expected FROM/TO"),
        ({"period": "2027-01-01/2027-02-01"}, "period: expected a period with events from 2025-01"),
        ({"against_period": "2025-01-01/2025-02-01"}, "period: expected the period that"),
        ({"against": "rest"}, "segment: expected the segment that against="),
        ({"segment": "vip:true", "against": "vip:true"}, "against: expected another segment"),
        ({"segment": "customer.age > 99"}, "customer.age > 99: expected customers with events"),
    ],
)  # fmt: skip
def test_groups_that_cannot_be_are_one_line(given: dict[str, str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        mapped(shop(["loan"], ["app"]), **given)


def test_a_period_has_the_strands_that_began_in_it_as_seen_at_its_end() -> None:
    data = shop(["loan"], ["app"])
    report = mapped(data, period="2025-01-01/2025-01-11", against_period="2025-01-11/2025-02-20")
    first = report.first.paths
    # Who began on day 0, 2, ... buys 8 days later: by day 10 those of day 0 have.
    assert len(first) == 10
    assert first.is_bought.sum() == 1
    assert report.second is not None
    assert len(report.second.paths) == 30
    assert any("not equally long" in note for note in report.notes)


def test_without_timestamps_the_map_counts_positions_and_knows_no_period() -> None:
    rows = [(f"c{row % 9}", "p", "app", ("view", "purchase")[row // 30], row) for row in range(60)]
    names = [*NAMES[:-1], "order"]
    products = pd.DataFrame({"product_id": ["p"], "category": ["loan"]})
    data = Dataset.from_frames(pd.DataFrame(rows, columns=names), products=products)
    assert "positions" in journey_page(mapped(data))
    with pytest.raises(
        InputError, match="period: expected data with a column timestamp, got order"
    ):
        mapped(data, period="2025-01-01/2025-02-01")


def test_what_comes_to_a_node_leaves_it() -> None:
    ribbons = [
        Ribbon(("start", "", "know", "app"), 0.8, "c"),
        Ribbon(("start", "", "consider", "app"), 0.2, "c"),
        Ribbon(("know", "app", "bought", "app"), 0.3, "c"),
        Ribbon(("know", "app", "silence", ""), 0.5, "c"),
        Ribbon(("consider", "app", "open", ""), 0.2, "c"),
    ]
    placed = layout(ribbons, ["app"])
    sizes = {node: size for node, (_, size) in placed.nodes.items()}
    assert sizes == pytest.approx(
        {(0, "know", "app"): 0.8, (1, "skip", ""): 0.3, (1, "consider", "app"): 0.2,
         (1, "silence", ""): 0.5, (2, "bought", "app"): 0.3, (2, "open", ""): 0.2}
    )  # fmt: skip
    for node, (top, size) in placed.nodes.items():
        leaving = [band for band in placed.bands if band.column == node[0]]
        for band in leaving:
            inside = top - 1e-9 <= band.source <= top + size + 1e-9
            assert not inside or band.source + band.width <= top + size + 1e-9


def test_files_page_and_picture_of_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"out": "f.parquet", "moves": "m.csv", "differences": "d.csv", "page": "p.html",
             "picture": "p.png"}  # fmt: skip
    words = [f"{key}={tmp_path / name}" for key, name in names.items()]
    main(["data.events=4000", "segment=life_stage:family", "against=rest", *words])
    said = capsys.readouterr().out
    flows = pd.read_parquet(tmp_path / "f.parquet")
    assert set(flows["group"]) == {"life_stage:family", "all others"}
    assert {"all", *flows["purpose"][1:]} >= {"all", "Broadband"}
    assert pd.read_csv(tmp_path / "m.csv")["moves"].min() >= 1
    assert set(pd.read_csv(tmp_path / "d.csv")["what"]) == {
        "reaches", "goes to", "bought", "mean days",
    }  # fmt: skip
    page = (tmp_path / "p.html").read_text()
    assert "shares and times are compared" in page
    assert "shares and times are compared" in said
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "")
    assert (tmp_path / "p.png").read_bytes().startswith(b"\x89PNG")
