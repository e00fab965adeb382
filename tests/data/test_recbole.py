"""RecBole's atomic files: typed headers, sequences, published splits, and what is refused."""

from pathlib import Path

import pandas as pd
import pytest

from recsys import Dataset, GivenSplit
from recsys.data.check import check_tables
from recsys.data.source import Source
from recsys.data.sources.recbole import RecBole
from recsys.errors import InputError
from recsys.testing import SourceContract

EVENTS = (
    "user_id:token\titem_id:token\trating:float\ttimestamp:float\n"
    "007\ttea\t5\t1000000000\n7\tNA\t3.5\t1000000000.25\nann\ttea\t1\t1000100000\n"
    "ann\tjam\t2\t1000200000\nbob\tjam\t4\t1000300000\n"
)


def files(folder: Path, **texts: str) -> str:
    """Files `shop.SUFFIX`; `train_inter` is `shop.train.inter`."""
    for name, text in texts.items():
        (folder / f"shop.{name.replace('_', '.')}").write_text(text, encoding="utf8")
    return str(folder)


class TestRecBole(SourceContract):
    @pytest.fixture(autouse=True)
    def in_folder(self, tmp_path: Path) -> None:
        self.folder = tmp_path

    def make(self) -> Source:
        return RecBole(root=files(self.folder, inter=EVENTS))


def test_ids_are_what_the_file_says_also_zeros_and_na(tmp_path: Path) -> None:
    source = RecBole(root=files(tmp_path, inter=EVENTS))
    events = check_tables(source.load()).interactions
    assert source.name == "shop"
    assert events["customer_id"].tolist() == ["007", "7", "ann", "ann", "bob"]
    assert events["product_id"].tolist() == ["tea", "NA", "tea", "jam", "jam"]
    assert events["value"].tolist() == [5, 3.5, 1, 2, 4]
    assert events["timestamp"].iloc[1] == pd.Timestamp("2001-09-09 01:46:40.25", tz="UTC")


def test_ids_that_are_all_whole_numbers_are_numbers_as_in_other_files(tmp_path: Path) -> None:
    text = "item_id:token\tuser_id:token\n10\t3\n9\t3\n"
    events = check_tables(RecBole(root=files(tmp_path, inter=text)).load()).interactions
    assert events["product_id"].tolist() == [10, 9]
    assert events["customer_id"].tolist() == [3, 3]


def test_features_follow_the_types_of_the_header(tmp_path: Path) -> None:
    users = (
        "user_id:token\tage:float\tbranch:token\ttaste:float_seq\n"
        "007\t30\t12\t0.5 1\n7\t\t13\t2\nann\t41.5\t12\t\nbob\t50\t13\t1 2\n"
    )
    items = (
        "item_id:token\ttitle:token_seq\tkinds:token_seq\n"
        'tea\tGreen tea\thot drink\nNA\t"Nothing ""at"" all"\todd\njam\t\t\n'
    )
    root = files(tmp_path, inter=EVENTS, user=users, item=items, kg="a\tb", link="?")
    tables = check_tables(RecBole(root=root).load())
    assert tables.customers is not None
    people = tables.customers
    assert people["age"].tolist()[2:] == [41.5, 50.0]
    assert people["age"].isna().tolist() == [False, True, False, False]
    assert people["branch"].tolist() == ["12", "13", "12", "13"]  # tokens are no numbers
    assert people["taste_0"].tolist()[:2] == [0.5, 2.0]
    assert people["taste_1"].isna().tolist() == [False, True, True, False]
    assert tables.products is not None
    goods = tables.products
    assert goods["kinds_drink"].tolist() == [True, False, False]
    assert [name for name in goods if str(name).startswith("title_")] == [
        'title_"at"', "title_Green", "title_Nothing", "title_all", "title_tea",
    ]  # fmt: skip


def test_sequences_of_many_words_stay_texts(tmp_path: Path) -> None:
    rows = "".join(f"i{number}\tword{number} of it\t1999\n" for number in range(80))
    items = "item_id:token\ttitle:token_seq\tyear:token\n" + rows + "tea\t\tV\n"
    tables = check_tables(RecBole(root=files(tmp_path, inter=EVENTS, item=items)).load())
    assert tables.products is not None
    assert tables.products["title"].tolist()[:2] == ["word0 of it", "word1 of it"]
    assert tables.products["year"].tolist()[:2] == ["1999", "1999"]


def test_a_user_without_features_is_fine_and_so_is_one_without_events(tmp_path: Path) -> None:
    users = "user_id:token\tage:float\n007\t30\neve\t40\n"
    data = Dataset.from_source(RecBole(root=files(tmp_path, inter=EVENTS, user=users)))
    assert set(data.customers.ids) == {"007", "7", "ann", "bob", "eve"}


def test_a_published_split_is_given(tmp_path: Path) -> None:
    header = "user_id:token\titem_id:token\n"
    root = files(
        tmp_path, train_inter=header + "a\tx\na\ty\nb\tx\n", valid_inter=header + "b\ty\n",
        test_inter=header + "a\tz\n",
    )  # fmt: skip
    source = RecBole(root=root)
    events = check_tables(source.load()).interactions
    assert events["part"].tolist() == ["train"] * 4 + ["test"]
    test = GivenSplit(valid_fraction=0.5).split(Dataset.from_source(source)).test
    assert test.queries.relevant.nnz == 1
    named = RecBole(root=root, benchmark_filename=["train", "test"]).load().interactions
    assert named["part"].tolist() == ["train"] * 3 + ["test"]
    files(tmp_path, inter=header + "q\tq\n")
    assert len(RecBole(root=root).load().interactions) == 1


def test_other_fields_are_renamed_and_the_rest_left_out(tmp_path: Path) -> None:
    text = (
        "buyer:token\titem_id:token\tbehaviour:token\tnote:token_seq\ttimestamp:float\n"
        "a\tx\tclick\tw w\t1\na\ty\tpurchase\t\t2\n"
    )
    rename = {"interactions": {"buyer": "customer_id", "behaviour": "action",
                               "timestamp": "order"}}  # fmt: skip
    source = RecBole(root=files(tmp_path, inter=text), rename=rename)
    events = check_tables(source.load()).interactions
    assert sorted(events.columns) == ["action", "customer_id", "order", "product_id"]
    assert events["order"].tolist() == [1, 2]
    assert source.cutoffs is None


def test_milliseconds_are_said(tmp_path: Path) -> None:
    text = EVENTS.replace("\t1000", "\t1000000")
    events = RecBole(root=files(tmp_path, inter=text), time_unit="ms").load().interactions
    assert events["timestamp"].iloc[0] == pd.Timestamp("2001-09-09 01:46:40", tz="UTC")


HEADER = EVENTS.partition("\n")[0] + "\n"


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        ({"inter": "user_id:token\titem_id\n"},
         "shop.inter: line 1, field 2: expected NAME:TYPE with a type of token, token_seq, float, "
         "float_seq, got 'item_id'"),
        ({"inter": "user_id:token,item_id:int\n"}, "got 'user_id:token,item_id:int'; separate fi"),
        ({"inter": "user_id:token\tuser_id:token\n"}, "column 'user_id' appears twice; keep one"),
        ({"inter": "user_id:float\titem_id:token\n"},
         "shop.inter: line 1, column 'user_id': expected type token, got float; write user_id:tok"),
        ({"inter": HEADER.replace("timestamp:float", "timestamp:token")},
         "line 1, column 'timestamp': expected type float, got token; write timestamp:float"),
        ({"inter": "uid:token\titem_id:token\n"},
         "shop.inter: expected column 'user_id', got uid, item_id; set data.rename.interactions="
         "{COLUMN: customer_id}"),
        ({"inter": EVENTS + "a\tx\n"}, "shop.inter: line 7: expected 4 fields, got 2; fix the li"),
        ({"inter": EVENTS + "a\tx\tgood\t1\n"},
         "shop.inter: line 7, column 'rating': expected a number, got 'good'; fix the value"),
        ({"inter": EVENTS + "a\t\t1\t1\n"},
         "shop.inter: line 7, column 'item_id': expected a value, got none; fill it in"),
        ({"inter": EVENTS + "a\tx\t1\t1e13\n"},
         "shop.inter: line 7, column 'timestamp': expected seconds since 1970, got '10000000000000'"
         "; set data.time_unit=ms"),
        ({"inter": EVENTS + '"a\tx\t1\t1\n'}, "line 7: expected 4 fields, got 1; fix the line, or"),
        ({"inter": ""}, "shop.inter is empty: expected a header; export it again"),
        ({"inter": EVENTS, "user": "user:token\n"},
         "shop.user: expected column 'user_id', got user; set data.rename.customers={COLUMN: cust"),
        ({"inter": EVENTS, "item": "item_id:token\tv:float_seq\ntea\t1 2\njam\t1 two\n"},
         "shop.item: line 3, column 'v': expected numbers with blanks between them, got '1 two'"),
        ({"inter": EVENTS, "item": "item_id:token\tprice:float\ntea\t1\njam\t-1,5\n"},
         "shop.item: line 3, column 'price': expected a number, got '-1,5'; fix the value"),
        ({"inter": EVENTS, "item": "item_id:token\ntea\ntea\n"},
         "products: row 1, column 'product_id': expected"),
        ({"train_inter": EVENTS, "test_inter": "user_id:token\titem_id:token\na\tx\n"},
         "shop.test.inter: expected the fields user_id, item_id, timestamp, rating, as in shop.tr"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_one_clear_line(
    tmp_path: Path, texts: dict[str, str], words: str
) -> None:
    with pytest.raises(InputError) as caught:
        check_tables(RecBole(root=files(tmp_path, **texts)).load())
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_which_files_are_meant(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"as NAME.inter, got none; the folder holds nothing"):
        RecBole(root=str(tmp_path))
    (tmp_path / "a.inter").write_text(EVENTS)
    (tmp_path / "b.inter").write_text(EVENTS)
    with pytest.raises(InputError, match=r"got a, b; set data.dataset=NAME"):
        RecBole(root=str(tmp_path))
    assert RecBole(root=str(tmp_path), dataset="b").name == "b"
    with pytest.raises(InputError, match=r"expected c.inter, or c.train.inter and c.test.inter; t"):
        RecBole(root=str(tmp_path), dataset="c")
    (tmp_path / f"{tmp_path.name}.inter").write_text(EVENTS)
    assert RecBole(root=str(tmp_path)).name == tmp_path.name
    with pytest.raises(InputError, match=r"data.time_unit: expected s or ms, got 'h'"):
        RecBole(root=str(tmp_path), time_unit="h")  # type: ignore[arg-type]
    with pytest.raises(InputError, match=r"expected b.part1.inter, b.part2.inter there; the folde"):
        RecBole(root=str(tmp_path), dataset="b", benchmark_filename=["part1", "part2"])
    with pytest.raises(InputError, match=r"expected the parts of train and test, or of train, val"):
        RecBole(root=str(tmp_path), dataset="b", benchmark_filename=["part1"])
    with pytest.raises(InputError, match=r"as \[train, test\], got train"):
        RecBole(root=str(tmp_path), dataset="b", benchmark_filename="train")


def test_a_check_sees_tokens_as_a_load_does(tmp_path: Path) -> None:
    rows = "".join(f"i{number}\t19{number}\n" for number in range(30))
    items = "item_id:token\tyear:token\n" + rows + "tea\tunknown\njam\tV\n"
    source = RecBole(root=files(tmp_path, inter=EVENTS, item=items))
    inspected = source.inspected()
    assert not inspected.faults
    read = inspected.collected.tables["products"].frame["year"]
    loaded = check_tables(source.load()).products
    assert loaded is not None
    assert read.tolist() == loaded["year"].tolist()
    assert read.iloc[0] == "190"
