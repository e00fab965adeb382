from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from public_data import published

from recsys.data.categories import plain_table
from recsys.data.check import check_table, check_tables
from recsys.data.dataset import Dataset, build
from recsys.data.source import Source
from recsys.data.sources import lightgcn as lightgcn_source
from recsys.data.sources.complete_journey import CompleteJourney
from recsys.data.sources.files import Files
from recsys.data.sources.lightgcn import LightGCNFiles
from recsys.data.split import GivenSplit, TimeSplit
from recsys.errors import InputError

EVENTS = pd.DataFrame(
    {
        "customer_id": ["a", "b", "c"],
        "product_id": [1, 2, 3],
        "timestamp": ["2026-01-01", "2026-01-02", "2026-01-03"],
    }
)


# --- files ------------------------------------------------------------------------------


def write(frame: pd.DataFrame, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".csv":
        frame.to_csv(path, index=False)
    else:
        frame.to_parquet(path)


def checked(events: pd.DataFrame) -> pd.DataFrame:
    return plain_table(check_table("interactions", events))


@pytest.mark.parametrize("name", ["interactions.parquet", "interactions.csv"])
def test_one_file_a_table(tmp_path: Path, name: str) -> None:
    write(EVENTS, tmp_path / name)
    write(pd.DataFrame({"product_id": [1], "price": [2.5]}), tmp_path / "products.csv")
    tables = Files(root=str(tmp_path)).load()
    pd.testing.assert_frame_equal(*map(checked, (tables.interactions, EVENTS)))
    assert tables.products is not None
    assert tables.customers is None


def test_a_folder_of_parts_is_one_table(tmp_path: Path) -> None:
    write(EVENTS[:1], tmp_path / "interactions" / "part-0.parquet")
    write(EVENTS[1:], tmp_path / "interactions" / "part-1.parquet")
    events = Files(root=str(tmp_path)).load().interactions
    pd.testing.assert_frame_equal(*map(checked, (events, EVENTS)))


def test_parquet_and_csv_give_the_same_data_set(tmp_path: Path) -> None:
    products = pd.DataFrame({"product_id": [1, 2], "price": [2.5, None], "colour": ["red", None]})
    for kind in ("parquet", "csv"):
        write(EVENTS, tmp_path / kind / f"interactions.{kind}")
        write(products, tmp_path / kind / f"products.{kind}")
    prints = {
        dataset(Files(root=str(tmp_path / kind), name="mine")).fingerprint
        for kind in ("parquet", "csv")
    }
    assert len(prints) == 1


def test_columns_are_renamed(tmp_path: Path) -> None:
    write(EVENTS.rename(columns={"customer_id": "user"}), tmp_path / "interactions.csv")
    source = Files(root=str(tmp_path), rename={"interactions": {"user": "customer_id"}})
    assert list(source.load().interactions.columns) == list(EVENTS.columns)


def test_the_name_is_the_folders_or_yours(tmp_path: Path) -> None:
    assert Files(root=str(tmp_path / "..") + "/" + tmp_path.name).name == tmp_path.name
    assert Files(root=str(tmp_path), name="mine").name == "mine"


def test_cutoffs_are_times_or_positions(tmp_path: Path) -> None:
    timed = Files(root=str(tmp_path), valid_from="2026-01-02", test_from="2026-01-03").cutoffs
    assert timed is not None
    assert timed.valid_from == pd.Timestamp("2026-01-02", tz="UTC")
    placed = Files(root=str(tmp_path), valid_from=5, test_from=8).cutoffs
    assert placed is not None
    assert (placed.valid_from, placed.test_from) == (5, 8)
    assert Files(root=str(tmp_path)).cutoffs is None


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"valid_from": "2026-01-02"}, "valid_from and data.test_from go together"),
        (
            {"valid_from": "soon", "test_from": "later"},
            "data.valid_from: expected a time .* 'soon'",
        ),
        ({"rename": {"events": {}}}, "no table 'events'; tables are interactions, customers"),
        ({"targets": ["buy"]}, "no action 'buy'; actions are view, click"),
    ],
)
def test_wrong_settings_of_files(tmp_path: Path, settings: dict[str, Any], words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        Files(root=str(tmp_path), **settings)
    assert "\n" not in str(caught.value)


def test_a_rename_of_a_column_that_is_not_there(tmp_path: Path) -> None:
    write(EVENTS, tmp_path / "interactions.csv")
    source = Files(root=str(tmp_path), rename={"interactions": {"user": "customer_id"}})
    words = "column 'user', which interactions.csv does not have; it has customer_id, product_id"
    with pytest.raises(InputError, match=words):
        source.load()


def test_a_rename_onto_a_column_that_is_there_is_refused_by_the_check(tmp_path: Path) -> None:
    write(EVENTS.assign(user="z"), tmp_path / "interactions.csv")
    source = Files(root=str(tmp_path), rename={"interactions": {"user": "customer_id"}})
    with pytest.raises(InputError, match="column 'customer_id' appears 2 times"):
        check_tables(source.load())


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("interactions.parquet", b"PAR1 no"),
        ("interactions.parquet", b""),
        ("interactions.csv", b""),
        ("interactions.csv", b'customer_id\n"a'),
        ("interactions.csv", b"customer_id\n\xff\xfe\x00"),
        ("interactions/part-0.parquet", b"nothing"),
    ],
)
def test_an_unreadable_file_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_bytes(content)
    says = r"interactions: interactions.*(cannot be read|is empty|never closed)"
    with pytest.raises(InputError, match=says) as caught:
        Files(root=str(tmp_path)).load()
    assert "\n" not in str(caught.value)


def test_a_folder_without_interactions_says_what_it_holds(tmp_path: Path) -> None:
    source = Files(root=str(tmp_path))
    with pytest.raises(
        InputError, match=r"expected interactions.parquet.* the folder holds nothing"
    ):
        source.load()
    write(EVENTS, tmp_path / "events.csv")
    with pytest.raises(InputError, match=r"the folder holds events.csv"):
        source.load()


@pytest.mark.parametrize("source", [Files, LightGCNFiles, CompleteJourney])
def test_a_wrong_root_is_said(tmp_path: Path, source: Any) -> None:
    with pytest.raises(InputError, match=r"data.root=.*nowhere: expected a folder, and there is"):
        source(root=str(tmp_path / "nowhere"))
    with pytest.raises(InputError, match=r"data.root is not set; set data.root=FOLDER"):
        source(root=None)
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"expected a folder"):
        source(root=str(tmp_path / "file"))


@pytest.mark.parametrize("source", [LightGCNFiles, CompleteJourney])
def test_missing_files_are_named(tmp_path: Path, source: Any) -> None:
    (tmp_path / "other.txt").write_text("")
    with pytest.raises(InputError, match=r"expected t.* there; the folder holds other.txt"):
        source(root=str(tmp_path))


# --- train.txt and test.txt -------------------------------------------------------------


def lightgcn(folder: Path, train: str = "0 1 2\n3 4\n", test: str = "0 5\n") -> LightGCNFiles:
    (folder / "train.txt").write_text(train)
    (folder / "test.txt").write_text(test)
    return LightGCNFiles(root=str(folder))


def test_one_line_a_customer(tmp_path: Path) -> None:
    # A customer without products, an empty line, spaces at the end and DOS line ends all occur.
    source = lightgcn(tmp_path, "0 1 2 \n\n3 4\r\n5\n", "0 7\n3 8 9")
    events = source.load().interactions
    rows = list(zip(events["part"], events["customer_id"], events["product_id"], strict=True))
    assert rows == [
        ("train", 0, 1), ("train", 0, 2), ("train", 3, 4),
        ("test", 0, 7), ("test", 3, 8), ("test", 3, 9),
    ]  # fmt: skip
    assert source.name == tmp_path.name


WORDS = st.tuples(st.text("0123456789", max_size=18), st.sampled_from([" ", "  ", "\n", " \n\n "]))


@settings(max_examples=60, deadline=None)
@given(st.lists(WORDS, max_size=20).map(lambda words: "".join(map("".join, words))))
def test_plain_files_are_read_as_any_other(text: str) -> None:
    wanted_lengths, wanted = lightgcn_source._any("train.txt", text)
    plain = lightgcn_source._plain(text.encode())
    if plain is None:
        assert not len(wanted)
    else:
        assert plain[0].tolist() == wanted_lengths.tolist()
        assert plain[1].tolist() == wanted.tolist()


def test_the_largest_number_is_read(tmp_path: Path) -> None:
    source = lightgcn(tmp_path, f"0 {2**63 - 1}\n")
    assert source.load().interactions["product_id"].tolist() == [2**63 - 1, 5]


@pytest.mark.parametrize(
    ("train", "words"),
    [
        ("0 1\n0 x 2\n", "train.txt: line 2: expected whole numbers, got 'x'"),
        ("0 1.5\n", "train.txt: line 1: expected whole numbers, got '1.5'"),
        ("\n0 99999999999999999999\n", "line 2: expected whole numbers, got '9999999"),
        ("", "train.txt: expected a line per customer, got none"),
        ("\n \n", "train.txt: expected a line per customer, got none"),
    ],
)
def test_malformed_lines_are_named(tmp_path: Path, train: str, words: str) -> None:
    with pytest.raises(InputError, match=words) as caught:
        lightgcn(tmp_path, train).load()
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    source = lightgcn(tmp_path)
    (tmp_path / "test.txt").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match=r"test\.txt cannot be read as text"):
        source.load()


# --- the published sets -----------------------------------------------------------------


def dataset(source: Source) -> Dataset:
    return build(source, check_tables(source.load()))


@pytest.mark.realdata
def test_complete_journey_holds_what_was_published() -> None:
    source = CompleteJourney(root=published("complete_journey"))
    data = dataset(source)
    events = data.interactions
    bought, contacts, accepts = (
        events.select(events.has_action((action,))) for action in ("purchase", "contact", "accept")
    )
    assert (len(bought), len(contacts), len(accepts)) == (75_000, 6_589, 2_102)
    assert len(set(bought.customers)) == 2_377
    assert len(set(bought.products)) == len(data.products) == 20_902
    assert len(set(contacts.customers)) == 1_559
    assert len(set(accepts.customers)) == 410
    assert len(data.touchpoints) == 27 + 1
    assert len(data.side_tables["customers"]) == 801
    assert (contacts.products == -1).all()
    assert pd.Timestamp(bought.when.min(), unit="us") >= pd.Timestamp("2017-01-01")
    assert pd.Timestamp(bought.when.max(), unit="us") < pd.Timestamp("2018-01-02")
    # Every redemption belongs to a household that got the campaign.
    sent = set(zip(contacts.customers, contacts.touchpoints, strict=True))
    assert set(zip(accepts.customers, accepts.touchpoints, strict=True)) <= sent
    split = TimeSplit().split(data, source)
    for window in (split.valid, split.test):
        assert (window.past.interactions.when < window.past.as_of).all()
        assert window.queries.seen is None


@pytest.mark.realdata
def test_gowalla_holds_what_was_published() -> None:
    source = LightGCNFiles(root=published("gowalla"))
    data = dataset(source)
    assert (len(data.customers), len(data.products)) == (29_858, 40_981)
    assert data.interactions.given_test is not None
    assert (~data.interactions.given_test).sum() == 810_128
    assert data.interactions.given_test.sum() == 217_242
    split = GivenSplit().split(data, source)
    # No product of test was seen in train, so none leaves the answers.
    assert split.test.queries.relevant.nnz == 217_242
    assert len(split.test.past.interactions) == 810_128


def test_zero_padded_ids_stay_as_they_are_written(tmp_path: Path) -> None:
    (tmp_path / "interactions.csv").write_text("client,product_id\n007,1\n,2\n7,30\n")
    source = Files(root=str(tmp_path), rename={"interactions": {"client": "customer_id"}})
    table = source.load().interactions
    assert table["customer_id"].dropna().tolist() == ["007", "7"]
    assert table["product_id"].tolist() == [1, 2, 30]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"customer_id;product_id\na;p\n", "is separated by semicolons; save it with commas"),
        ("customer_id,product_id\nJosé,p\n".encode("latin-1"), "it is not UTF-8; save it as UTF-8"),
    ],
)
def test_csv_of_another_country(tmp_path: Path, content: bytes, words: str) -> None:
    (tmp_path / "interactions.csv").write_bytes(content)
    with pytest.raises(InputError, match=words):
        Files(root=str(tmp_path)).load()


@pytest.mark.realdata
def test_complete_journey_by_types_of_products() -> None:
    tables = CompleteJourney(root=published("complete_journey"), level="product_type").load()
    bought = tables.interactions[tables.interactions["action"] == "purchase"]
    assert len(bought) == 75_000 - 296
    assert bought["product_id"].nunique() == 1_707
    assert tables.products is not None
    assert len(tables.products) == 1_707
    assert set(tables.products["product_id"]) == set(bought["product_id"])
    with pytest.raises(
        InputError, match=r"data.level: expected product or product_type, got 'shop'"
    ):
        CompleteJourney(root=published("complete_journey"), level="shop")  # type: ignore[arg-type]
