"""The page about one customer: what is on it, what is left out, and that it is harmless."""

import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pandas as pd
import pytest
from hostile_names import HOSTILE, is_clean
from in_memory import dataset_of

from recsys.customers.segments.library import read_segments
from recsys.customers.signals.library import read_signals
from recsys.data.dataset import Dataset
from recsys.data.frames import Frames
from recsys.data.split import TimeSplit
from recsys.errors import InputError
from recsys.exporting.in_memory import in_memory
from recsys.exporting.library import export
from recsys.models.als import ALS
from recsys.policy.compiled.times import DAYPARTS
from recsys.reports.customer.card import CardSettings, CustomerCard, customer_card
from recsys.reports.customer.page import customer_page, customer_picture, customer_text
from recsys.reports.customer.person import Person
from recsys.reports.customer.tracked import figures, under_pseudonym
from recsys.reports.customer.words import read_words
from recsys.serving import load
from recsys.simulation.source import SimulatedMarket

SETTINGS = CardSettings(
    segments=read_segments("default"),
    signals=read_signals("default"),
    rank=lambda data: in_memory(ALS(dim=4, epochs=2).fit(data)),
)
ENGLISH, _ = read_words("en", None)
GERMAN, _ = read_words("de", None)
DAY = pd.Timestamp("2026-01-01", tz="UTC")
CUTOFF = pd.Timestamp("2025-10-01", tz="UTC")


def moment(when: pd.Timestamp) -> int:
    return int(when.value // 1_000)


@pytest.fixture(scope="module")
def market() -> Dataset:
    return Dataset.from_source(SimulatedMarket(events=6_000))


def busiest(data: Dataset) -> str:
    """The customer with most events of those who have a second id."""
    linked = data.customers.rows(data.side_tables["identities"]["id_a"])
    return str(data.customers.ids[linked[np.argmax(data.history_lengths[linked])]])


@pytest.fixture(scope="module")
def card(market: Dataset) -> CustomerCard:
    return customer_card(Person.of(market, busiest(market)), SETTINGS)


def text_of(card: CustomerCard, words=ENGLISH) -> str:
    return "\n".join(customer_text(card, words))


def events(rows: list[tuple[str, str | None, str, int]]) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["customer_id", "product_id", "action", "timestamp"])
    table["timestamp"] = DAY + pd.to_timedelta(table["timestamp"], unit="D")
    return table.assign(touchpoint="app")


def test_every_part_of_the_market_is_there(card: CustomerCard) -> None:
    assert card.left_out == {}
    said = text_of(card)
    for name in ("strands", "offers", "value", "segments", "moment", "signals", "consent",
                 "identities"):  # fmt: skip
        assert ENGLISH.phrases[name] in said
    page = customer_page(card, ENGLISH)
    assert "because the customer" in page
    assert "<script" not in page
    assert "http" not in page.replace("http-equiv", "").split("<main>")[1]
    assert customer_picture(card, ENGLISH).startswith(b"\x89PNG")


def test_strands_hold_every_event_that_has_one(card: CustomerCard) -> None:
    counted = card.timeline.events["strand"].value_counts()
    assert set(counted.index) - {0} == {strand.number for strand in card.timeline.strands}
    chances = [strand.goes_on for strand in card.timeline.strands]
    assert chances == sorted(chances, reverse=True)
    assert figures(card)["open_strands"] == sum(strand.is_open for strand in card.timeline.strands)


def test_offers_keep_to_consent(market: Dataset, card: CustomerCard) -> None:
    assert card.consents is not None
    assert card.offers is not None
    shut = {each.touchpoint for each in card.consents if not each.is_open}
    assert shut <= set(card.offers.closed)
    assert not shut & {offer.touchpoint for offer in card.offers.offers}
    refuser = next(
        row["customer_id"]
        for row in market.side_tables["customers"].to_dict("records")
        if not row["consent_email"]
    )
    theirs = customer_card(Person.of(market, refuser), SETTINGS)
    assert theirs.consents is not None
    email = next(each for each in theirs.consents if each.touchpoint == "email")
    assert (email.is_open, email.answer) == (False, "no")
    assert theirs.offers is not None
    assert "email" in theirs.offers.closed


def test_nothing_after_the_cut_off_is_shown() -> None:
    """Whatever happens later, to this customer and to all others, the page is the same."""
    tables = SimulatedMarket(events=6_000).load()
    late = tables.interactions["timestamp"] >= CUTOFF
    changed = tables.interactions.copy()
    changed.loc[late, "product_id"] = changed.loc[late, "product_id"].to_numpy()[::-1]
    changed.loc[late, "value"] = 9_999.0
    assert tables.identities is not None
    links = tables.identities.copy()
    links.loc[links["timestamp"] >= CUTOFF, "confidence"] = 0.0
    said = []
    for interactions, identities in ((tables.interactions, tables.identities), (changed, links)):
        source = Frames(
            tables=replace(tables, interactions=interactions, identities=identities),
            targets=("accept", "purchase"), filter_seen="auto", name="market",
        )  # fmt: skip
        data = Dataset.from_source(source)
        person = Person.of(data, "C0000100", moment(CUTOFF))
        said.append(text_of(customer_card(person, SETTINGS)))
        assert person.own.interactions.when is not None
        assert person.own.interactions.when.max() < moment(CUTOFF)
    assert said[0] == said[1]
    assert "2025-10-01 00:00 UTC" in said[0]


def test_a_policy_decides_where_the_artifact_has_one(market: Dataset, tmp_path: Path) -> None:
    split = TimeSplit(valid_from="2025-08-01", test_from="2025-10-01").split(market)
    model = ALS(dim=4, epochs=2).fit(market)
    artifact = load(export(model, market, tmp_path / "a", policy="market", split=split))
    person = Person.of(market, busiest(market))
    made = customer_card(person, replace(SETTINGS, rank=lambda data: artifact)).offers
    assert made is not None
    assert made.policy == "market"
    assert made.offers
    for offer in made.offers:
        decision = artifact.decide(person.id, offer.touchpoint, market.as_of_seconds)
        assert offer.value == decision.offers[0].expected_value > 0
        hour = decision.offers[0].send_at.astimezone(ZoneInfo(person.time_zone)).hour
        assert DAYPARTS.index(offer.daypart) == hour // 6
    values = [offer.value for offer in made.offers]
    assert values == sorted(values, reverse=True)
    elsewhere = replace(SETTINGS, rank=lambda data: in_memory(ALS(dim=4, epochs=2).fit(strangers)))
    strangers = dataset_of(events([("ann", "milk", "view", -90), ("bob", "tea", "view", -90)]))
    assert "does not know" in customer_card(person, elsewhere).left_out["offers"]


def test_an_id_that_was_merged_finds_its_customer(market: Dataset) -> None:
    links = market.side_tables["identities"]
    alias, owner = str(links["id_b"].iloc[0]), str(links["id_a"].iloc[0])
    person = Person.of(market, alias)
    assert person.id == owner
    assert alias in person.linked
    assert Person.of(market, owner).linked == person.linked
    before = moment(links["timestamp"].iloc[0])
    with pytest.raises(InputError, match="is not among"):
        Person.of(market, alias, before)


def test_an_unknown_customer_is_refused_with_the_nearest(market: Dataset) -> None:
    with pytest.raises(InputError, match=r"'C00000077' is not among .* the nearest are"):
        Person.of(market, "C00000077")


def test_german_is_a_whole_set_of_words(card: CustomerCard) -> None:
    assert GERMAN.phrases.keys() == ENGLISH.phrases.keys()
    same = {name for name, text in GERMAN.phrases.items() if text == ENGLISH.phrases[name]}
    assert same <= {"position", "reached"}
    page = customer_page(card, GERMAN)
    assert '<html lang="de">' in page
    assert "weil der Kunde" in page
    assert "because" not in page
    assert GERMAN.number(1_234.5, 1) == "1.234,5"
    assert ENGLISH.share(0.001) == "< 1\u00a0%"
    assert ENGLISH.share(1.0) == "100\u00a0%"


def test_words_of_a_folder_come_before_shipped_ones(tmp_path: Path) -> None:
    (tmp_path / "de.yaml").write_text('phrases: {title: "Kundin {customer}"}')
    (tmp_path / "tr.yaml").write_text('phrases: {title: "Müşteri {customer}"}\ndecimal: ","')
    german, is_known = read_words("de-AT", tmp_path)
    assert is_known
    assert german.say("title", customer="{title}") == "Kundin {title}"
    assert german.say("value") == "Wert"
    turkish, _ = read_words("tr", tmp_path)
    assert turkish.say("value") == "Value"
    assert read_words("xx", tmp_path)[1] is False


@pytest.mark.parametrize(
    ("text", "key", "says"),
    [
        ('phrases: {titel: "K"}', "templates.de.phrases.titel", "did you mean 'title'?"),
        ('phrases: {title: "{who}"}', "templates.de.phrases.title", "only the places {customer}"),
        ("names: {action: {view: x}}", "templates.de.names.action", "expected one of actions"),
        ("words: {}", "templates.de.words", "unknown key"),
    ],
)
def test_faults_of_words_are_named(tmp_path: Path, text: str, key: str, says: str) -> None:
    (tmp_path / "de.yaml").write_text(text)
    with pytest.raises(InputError) as refused:
        read_words("de", tmp_path)
    assert str(refused.value).startswith(f"{key}: ")
    assert says in str(refused.value)


def test_a_customer_without_events_has_a_page() -> None:
    customers = pd.DataFrame({"customer_id": ["ann", "eve"], "consent_app": [True, False]})
    rows = [("ann", "milk", "purchase", 0), ("ann", "tea", "view", 3), ("bob", "milk", "view", 4)]
    data = dataset_of(events(rows), {"customers": customers})
    card = customer_card(Person.of(data, "eve"), SETTINGS)
    said = text_of(card)
    assert "There is no event of this customer" in said
    assert "app: ✗ refused" in said
    assert {"strands", "value", "moment", "leaving"} <= set(card.left_out)
    assert "<img" not in customer_page(card, ENGLISH)
    assert customer_picture(card, ENGLISH)


def test_a_market_of_one_strand_has_a_page() -> None:
    rows = [(who, "milk", "view", day) for day in range(3) for who in ("ann", "bob")]
    card = customer_card(Person.of(dataset_of(events(rows)), "ann"), SETTINGS)
    assert [strand.visits for strand in card.timeline.strands] == [3]
    assert "milk" in customer_page(card, ENGLISH)


@pytest.mark.parametrize("side", [{}, {"products": {"product_id": ["milk"]}}])
def test_events_without_products_have_a_page(side: dict[str, dict[str, list[str]]]) -> None:
    rows = [(who, None, "contact", day) for day in range(4) for who in ("ann", "bob")]
    card = customer_card(Person.of(dataset_of(events(rows), side), "bob"), SETTINGS)
    assert ("offers" in card.left_out) == (not side)
    assert "purposes need events with a product" in card.left_out["strands"]
    assert card.timeline.strands == ()
    assert len(card.timeline.events) == 4
    assert "without a strand" in customer_text_of_picture(card)


def customer_text_of_picture(card: CustomerCard) -> str:
    from recsys.reports.customer.picture import timeline_figure

    axes = timeline_figure(card, ENGLISH).axes[0]
    return " ".join(label.get_text() for label in axes.get_yticklabels())


def test_data_with_an_order_and_no_time_have_a_page() -> None:
    rows = [(who, "milk", "view", day) for day in range(3) for who in ("ann", "bob")]
    table = events(rows).drop(columns="timestamp").assign(order=range(6))
    card = customer_card(Person.of(dataset_of(table), "ann"), SETTINGS)
    assert "needs a column timestamp, got order" in card.left_out["segments"]
    assert "position" in text_of(card)
    assert customer_picture(card, ENGLISH)


def test_a_part_that_was_asked_for_is_refused_and_not_left_out() -> None:
    data = dataset_of(events([("ann", None, "contact", 0), ("bob", None, "contact", 1)]))
    person = Person.of(data, "ann")
    with pytest.raises(InputError, match="purposes need events"):
        customer_card(person, replace(SETTINGS, wanted={"strands"}))


def hostile_card() -> CustomerCard:
    names = [*(name.strip() for name in HOSTILE), "<script>alert(1)</script>", "x" * 300]
    ids = [f"p{row}" for row in range(len(names))]
    products = pd.DataFrame({"product_id": ids, "name": names, "category": names[::-1]})
    rows = [
        (who, product, action, day)
        for who in ("<script>ann", "bob", "cy")
        for day, product in enumerate(ids)
        for action in ("view", "purchase")
    ]
    rows = [row for row in rows if row[0] == "<script>ann" or row[3] % 2]
    links = {"id_a": ["<script>ann"], "id_b": ["<b>phone"], "kind": ["<i>device"]}
    table = events(rows).assign(touchpoint="<img src=x>")
    side = {"products": products, "identities": links}
    return customer_card(Person.of(dataset_of(table, side), "<script>ann"), SETTINGS)


def test_hostile_names_are_text() -> None:
    card = hostile_card()
    page = customer_page(card, ENGLISH)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    for markup in ("<script", "<b>", "<i>", "<img src=x"):
        assert markup not in page
    assert is_clean(page)
    assert customer_picture(card, ENGLISH)


def test_a_pseudonym_hides_every_id(market: Dataset) -> None:
    links = market.side_tables["identities"]
    person = Person.of(market, str(links["id_b"].iloc[0]))
    hidden = under_pseudonym(customer_card(person, SETTINGS), "0123abcd")
    for made in (customer_page(hidden, ENGLISH), text_of(hidden)):
        assert "0123abcd" in made
        assert not [each for each in person.linked if each in made]


@pytest.mark.skipif(shutil.which("chromium") is None, reason="needs chromium, which prints")
@pytest.mark.parametrize("which", ["market", "hostile"])
def test_the_page_prints_on_one_sheet(which: str, card: CustomerCard, tmp_path: Path) -> None:
    page = customer_page(card if which == "market" else hostile_card(), GERMAN)
    (tmp_path / "page.html").write_text(page)
    command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
               f"--user-data-dir={tmp_path / 'profile'}", "--print-to-pdf=page.pdf",
               "page.html"]  # fmt: skip
    subprocess.run(command, cwd=tmp_path, check=True, capture_output=True, timeout=120)
    printed = (tmp_path / "page.pdf").read_bytes()
    assert printed.count(b"/MediaBox") == 1
